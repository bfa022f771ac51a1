import { InputReader } from "../../inputs/input-reader";
import { formatAddress, parseAddress } from "../../model/address";
import { SdnError } from "../../model/error";
import { parseDnsName } from "../../model/name";
import type { Value, ValueMap } from "../../rpc/value";
import { Unknown, unknown } from "../../rpc/value";
import { readChoice } from "../firewall/choice";
import { present, referenceOf } from "../references";
import { type BalancerInput, checkBalancerForm, readBalancer } from "./balancer";
import { type ExposureInput, readExposures } from "./exposures";

export interface ServiceInputs {
  readonly network: string;
  readonly names: readonly string[] | Unknown | undefined;
  readonly vip: Value | undefined;
  readonly ipv6Vip: Value | undefined;
  readonly headless: boolean;
  readonly ports: Value;
  readonly backends: readonly BackendInput[] | Unknown;
  readonly exposures: readonly ExposureInput[] | Unknown;
  readonly balancer: BalancerInput;
  readonly ttl: Value;
}

export type BackendInput = { readonly at: string; readonly weight: Value } & (
  | { readonly kind: "endpoint" | "group"; readonly urn: string }
  | { readonly kind: "address"; readonly address: Value }
  | { readonly kind: "externalName"; readonly name: Value }
);

const choices = ["endpoint", "group", "address", "externalName"] as const;
const references = { endpoint: "sdn:index:Endpoint", group: "sdn:index:SecurityGroup" } as const;
const maximumPorts = 64;
const maximumBackends = 256;

export function readService(inputs: ValueMap): { readonly reader: InputReader; readonly parsed: ServiceInputs } {
  const reader = InputReader.of(inputs);
  const network = reader.problems.collect(() =>
    referenceOf(reader.value("network"), "network", "sdn:index:VirtualNetwork"),
  );
  const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
  const headless = reader.boolean("headless") ?? false;
  const parsed: ServiceInputs = {
    network: network ?? "",
    names: reader.orUnknown("names", reader.texts("names", parseDnsName)),
    vip: reader.orUnknown("vip", reader.parsed("vip", address)),
    ipv6Vip: reader.orUnknown("ipv6Vip", reader.parsed("ipv6Vip", address)),
    headless,
    ports: readPorts(reader),
    backends: readBackends(reader),
    exposures: readExposures(reader),
    balancer: readBalancer(reader),
    ttl: reader.orUnknown("ttl", reader.integer("ttl", 0, 86_400)) ?? 5,
  };
  reader.finish();
  checkForm(reader, parsed);
  checkBalancerForm(reader, parsed.balancer.driver, headless, parsed.ports);
  return { reader, parsed };
}

function refuse(reader: InputReader, property: string, cause: string, remedy: string, value?: string | number): void {
  const shown = value === undefined ? {} : { value };
  reader.problems.add(new SdnError({ code: "invalid-input", property, cause, remedy, ...shown }));
}

function readPorts(reader: InputReader): Value {
  const ports = reader.objects("ports");
  if (ports === undefined) return reader.orUnknown("ports", undefined) ?? [];
  const read = ports.map(readPort);
  if (read.length > maximumPorts) {
    refuse(reader, "ports", `at most ${maximumPorts} are possible`, "make several entries", read.length);
  }
  for (const [index, { protocol, port }] of read.entries()) {
    const first = read.findIndex((one) => one["protocol"] === protocol && one["port"] === port);
    if (typeof port !== "number" || first === index) continue;
    const cause = `ports[${first}] has it already`;
    refuse(reader, `ports[${index}].port`, cause, "give each port of a protocol once", port);
  }
  return read;
}

function readPort(reader: InputReader): ValueMap {
  const name = reader.orUnknown("name", reader.parsed("name", parsePortName));
  const protocol = reader.orUnknown("protocol", reader.choice("protocol", ["tcp", "udp"])) ?? "tcp";
  const given = reader.require("port", reader.integer("port", 1, 65_535), "a port from 1 to 65535");
  const port = reader.orUnknown("port", given) ?? unknown;
  const targetPort = reader.orUnknown("targetPort", reader.integer("targetPort", 1, 65_535)) ?? port;
  reader.finish();
  return present({ name, protocol, port, targetPort });
}

/** RFC 6335: what a service may be called in `_NAME._tcp`. */
function parsePortName(text: string, property: string): string {
  const name = text.toLowerCase();
  if (/^(?=.*[a-z])[a-z0-9](?:-?[a-z0-9]){0,14}$/.test(name)) return name;
  throw new SdnError({
    code: "invalid-input",
    property,
    value: text,
    cause: "is not a service name (RFC 6335)",
    remedy: "write 1 to 15 letters, digits or single hyphens between them, with a letter, such as http",
  });
}

function readBackends(reader: InputReader): readonly BackendInput[] | Unknown {
  const listed = reader.objects("backends");
  reader.require("backends", listed, "who answers; an empty list for nobody yet");
  if (listed === undefined) return reader.orUnknown("backends", undefined) ?? [];
  if (listed.length > maximumBackends) {
    refuse(reader, "backends", `at most ${maximumBackends} are possible`, "make several entries", listed.length);
  }
  return listed.flatMap((inner) => {
    const backend = readBackend(inner);
    inner.finish();
    return backend === undefined ? [] : [backend];
  });
}

function readBackend(reader: InputReader): BackendInput | undefined {
  const choice = readChoice(reader, choices);
  const weight = reader.orUnknown("weight", reader.integer("weight", 1, 255)) ?? 1;
  const drained = reader.boolean("drain") === true;
  const common = { at: reader.path, weight: drained ? 0 : weight };
  if (choice === undefined) return undefined;
  switch (choice) {
    case "endpoint":
    case "group": {
      const at = reader.at(choice);
      const urn = reader.problems.collect(() => referenceOf(reader.value(choice), at, references[choice]));
      return urn === undefined ? undefined : { kind: choice, urn, ...common };
    }
    case "address": {
      const text = reader.parsed("address", (one, property) => formatAddress(parseAddress(one, property)));
      return { kind: "address", address: reader.orUnknown("address", text) ?? unknown, ...common };
    }
    case "externalName": {
      const name = reader.orUnknown("externalName", reader.parsed("externalName", parseDnsName)) ?? unknown;
      return { kind: "externalName", name, ...common };
    }
  }
}

function checkForm(reader: InputReader, { headless, ports, backends, exposures, vip, ipv6Vip }: ServiceInputs): void {
  if (headless) {
    for (const [property, value] of [
      ["vip", vip],
      ["ipv6Vip", ipv6Vip],
    ] as const) {
      if (value !== undefined) refuse(reader, property, "a headless entry has no address", `leave ${property} out`);
    }
    if (!(exposures instanceof Unknown) && exposures.length > 0) {
      refuse(reader, "expose", "a headless entry balances nothing", "leave expose out, or headless");
    }
  } else if (Array.isArray(ports) && ports.length === 0 && !reader.unknowns.has("ports")) {
    refuse(reader, "ports", "is required and missing", "give the ports that are balanced, or headless: true");
  }
  if (backends instanceof Unknown) return;
  const external = backends.find(({ kind }) => kind === "externalName");
  if (external === undefined) return;
  if (backends.length > 1) {
    refuse(reader, external.at, "a name that stands for another is nothing else (RFC 1034, 3.6.2)", "let it be alone");
  }
  if (!headless) {
    const remedy = "write headless: true, or address: for a fixed address";
    refuse(reader, `${external.at}.externalName`, "no virtual address can lead to a name", remedy);
  }
}
