import { formatAddress, parseAddress, readAddress } from "../model/address";
import { contains, formatCidr, inCidr, overlaps, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { parseName } from "../model/name";
import type { InputReader } from "../inputs/input-reader";
import { maximumHostAddresses } from "../compile/nat";
import type { Value, ValueMap } from "../rpc/value";
import type { Member } from "./member";
import { present } from "./references";

/** A rule as the user wrote it, with where it stands for messages. */
export interface SourceRule {
  readonly property: string;
  readonly hosts: readonly string[] | undefined;
  readonly from: string;
  readonly to: string | undefined;
  readonly address: string;
}

export interface DestinationRule {
  readonly property: string;
  readonly name: string;
  readonly hosts: readonly string[] | undefined;
  /** `undefined`: the address of the host on the underlay. */
  readonly address: string | undefined;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly endPort: number | undefined;
  readonly toAddress: string;
  readonly toPort: number;
  readonly preserveSource: boolean;
}

export interface NatInputs {
  readonly source: readonly SourceRule[];
  readonly destination: readonly DestinationRule[];
}

const maximumSourceRules = 8;
const maximumDestinationRules = 16;
/** Of the rules of one host, as JSON: they are twice in the state of a router, which is to be no more than 5 KB. */
const maximumLength = 1_700;

const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));
const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
const familyOf = (text: string): 4 | 6 => (text.includes(":") ? 6 : 4);

function hostAddress(text: string, property: string): string {
  if (text === "host" || text === "none") return text;
  if (readAddress(text) !== undefined) return address(text, property);
  const remedy = "write host, none or an address of the host";
  throw new SdnError({ code: "invalid-input", property, value: text, cause: "is no source to translate to", remedy });
}

function refuse(reader: InputReader, property: string, cause: string, remedy: string, value?: string | number): void {
  reader.problems.add(
    new SdnError({ code: "invalid-input", property, cause, remedy, ...(value === undefined ? {} : { value }) }),
  );
}

function readSource(reader: InputReader): SourceRule | undefined {
  const from = reader.require("from", reader.parsed("from", cidr), "the addresses of the network that it is for");
  const to = reader.parsed("to", cidr);
  const chosen = reader.require(
    "address",
    reader.parsed("address", hostAddress),
    "host, none or an address of the host",
  );
  const hosts = reader.texts("hosts", parseName);
  reader.finish();
  if (from === undefined || chosen === undefined) return undefined;
  for (const [name, other] of [
    ["to", to],
    ["address", chosen === "host" || chosen === "none" ? undefined : chosen],
  ] as const) {
    if (other !== undefined && familyOf(other) !== familyOf(from)) {
      refuse(
        reader,
        reader.at(name),
        `is IPv${familyOf(other)}, but from is IPv${familyOf(from)}`,
        "keep to one family",
        other,
      );
    }
  }
  return { property: reader.at("from"), hosts, from, to, address: chosen };
}

function readDestination(reader: InputReader): DestinationRule | undefined {
  const port = (name: string): number | undefined => reader.integer(name, 1, 65_535);
  const rule = {
    name: reader.require("name", reader.parsed("name", parseName), "a name for messages"),
    hosts: reader.texts("hosts", parseName),
    address: reader.parsed("address", address),
    protocol: reader.require("protocol", reader.choice<"tcp" | "udp">("protocol", ["tcp", "udp"]), "tcp or udp"),
    port: reader.require("port", port("port"), "the port on the host"),
    endPort: port("endPort"),
    toAddress: reader.require("toAddress", reader.parsed("toAddress", address), "the endpoint's address"),
    toPort: port("toPort"),
    preserveSource: reader.boolean("preserveSource") ?? false,
  };
  reader.finish();
  const { name, protocol, port: first, endPort, toAddress, toPort } = rule;
  if (endPort !== undefined && first !== undefined && endPort <= first) {
    refuse(
      reader,
      reader.at("endPort"),
      `must be larger than port ${first}`,
      "leave it out for a single port",
      endPort,
    );
  }
  if (endPort !== undefined && toPort !== undefined) {
    refuse(reader, reader.at("toPort"), "each port of a range leads to itself", "leave out toPort or endPort", toPort);
  }
  if (rule.address !== undefined && toAddress !== undefined && familyOf(rule.address) !== familyOf(toAddress)) {
    const cause = `is IPv${familyOf(toAddress)}, but address is IPv${familyOf(rule.address)}`;
    refuse(reader, reader.at("toAddress"), cause, "keep to one family", toAddress);
  }
  if (name === undefined || protocol === undefined || first === undefined || toAddress === undefined) return undefined;
  return { ...rule, property: `${reader.path}.`, name, protocol, port: first, toAddress, toPort: toPort ?? first };
}

/** What a network's `nat` says; problems of all rules at once. */
export function readNetworkNat(reader: InputReader, egress: string): NatInputs {
  const nat = reader.object("nat");
  const found = <T>(items: readonly (T | undefined)[] | undefined): readonly T[] =>
    (items ?? []).filter((item) => item !== undefined);
  const source = found(nat?.objects("source")?.map(readSource));
  const destination = found(nat?.objects("destination")?.map(readDestination));
  nat?.finish();
  if (source.length > 0 && egress === "none") {
    refuse(reader, "nat.source", "nothing leaves a network with egress: none", "set egress to nat or routed");
  }
  for (const [property, count, most] of [
    ["nat.source", source.length, maximumSourceRules],
    ["nat.destination", destination.length, maximumDestinationRules],
  ] as const) {
    if (count > most) refuse(reader, property, `at most ${most} rules are possible`, "combine some", count);
  }
  refuseTwice(reader, destination);
  refuseManyAddresses(reader, source, destination);
  return { source, destination };
}

function refuseTwice(reader: InputReader, rules: readonly DestinationRule[]): void {
  rules.forEach((rule, index) => {
    const earlier = rules.slice(0, index);
    if (earlier.some(({ name }) => name === rule.name)) {
      refuse(reader, `nat.destination[${index}].name`, "is in the list already", "name each rule once", rule.name);
    }
    const rival = earlier.find((other) => clashes(other, rule));
    if (rival !== undefined) {
      const ports = rule.endPort === undefined ? rule.port : `${rule.port}-${rule.endPort}`;
      const cause = `${rule.protocol} port ${ports} is taken by rule ${rival.name} on the same host`;
      refuse(reader, `nat.destination[${index}].port`, cause, "choose another port, address or host", ports);
    }
  });
}

function clashes(one: DestinationRule, other: DestinationRule): boolean {
  const together =
    one.hosts === undefined || other.hosts === undefined || one.hosts.some((host) => other.hosts?.includes(host));
  const ports = one.port <= (other.endPort ?? other.port) && other.port <= (one.endPort ?? one.port);
  return together && ports && one.protocol === other.protocol && one.address === other.address;
}

function refuseManyAddresses(
  reader: InputReader,
  source: NatInputs["source"],
  destination: NatInputs["destination"],
): void {
  const named = [...source.map((rule) => rule.address), ...destination.map((rule) => rule.address ?? "host")];
  for (const family of [4, 6] as const) {
    const distinct = new Set(named.filter((one) => one !== "host" && one !== "none" && familyOf(one) === family));
    if (distinct.size < maximumHostAddresses) continue;
    const cause = `names ${distinct.size} IPv${family} addresses of hosts`;
    refuse(reader, "nat", cause, `use at most ${maximumHostAddresses - 1} in one network`);
  }
}

/** What can only be told where the network's space and its hosts are known. */
export function checkNat(
  { source, destination }: NatInputs,
  spaces: readonly string[],
  members: readonly Member[],
): void {
  const whole = spaces.map((text) => parseCidr(text, "cidr"));
  const fail = (property: string, value: string, cause: string, remedy: string): never => {
    throw new SdnError({ code: "invalid-input", property, value, cause, remedy });
  };
  const names = members.map(({ name }) => name);
  for (const { hosts, property } of [...source, ...destination]) {
    const stranger = hosts?.find((name) => !names.includes(name));
    if (stranger !== undefined) {
      const at = property.replace(/\.[a-z]*$/, "");
      fail(`${at}.hosts`, stranger, "is not a host of the fabric", `choose from ${names.join(", ")}`);
    }
  }
  if (whole.length === 0) return;
  const shown = spaces.join(", ");
  for (const { property, from, to } of source) {
    if (!whole.some((space) => contains(space, parseCidr(from, property)))) {
      fail(property, from, `lies outside of the network's space ${shown}`, "choose a part of it");
    }
    if (to !== undefined && whole.some((space) => overlaps(space, parseCidr(to, property)))) {
      const remedy = "within the network nothing is translated: choose what is outside";
      fail(property.replace(/from$/, "to"), to, `lies in the network's own space ${shown}`, remedy);
    }
  }
  for (const { property, toAddress } of destination) {
    if (!whole.some((space) => inCidr(parseAddress(toAddress, property), space))) {
      fail(
        `${property}toAddress`,
        toAddress,
        `lies outside of the network's space ${shown}`,
        "give an endpoint's address",
      );
    }
  }
}

/** The rules of one host, as its router's spec has them; `undefined` for none. */
export function natOn({ source, destination }: NatInputs, member: Member): Value | undefined {
  const here = ({ hosts }: SourceRule | DestinationRule): boolean => hosts === undefined || hosts.includes(member.name);
  const sources = source.filter(here).map(({ from, to, address: chosen }) => present({ from, to, address: chosen }));
  const destinations = destination.filter(here).map((rule) => destinationOn(rule, member));
  if (sources.length + destinations.length === 0) return undefined;
  const rules = { source: sources, destination: destinations };
  const length = JSON.stringify(rules).length;
  if (length <= maximumLength) return rules;
  throw new SdnError({
    code: "invalid-input",
    property: "nat",
    cause: `the rules of host ${member.name} take ${length} characters of state, and at most ${maximumLength} are possible`,
    remedy: "combine some, or spread them over the hosts (hosts)",
  });
}

function destinationOn(rule: DestinationRule, { name, underlayAddress }: Member): ValueMap {
  const own = rule.address ?? underlayAddress;
  if (typeof own === "string" && familyOf(own) !== familyOf(rule.toAddress)) {
    throw new SdnError({
      code: "invalid-input",
      property: `${rule.property}address`,
      cause: `the underlay address of host ${name} is ${own}, and ${rule.toAddress} is of the other family`,
      remedy: `give an IPv${familyOf(rule.toAddress)} address of the host`,
    });
  }
  const { protocol, port, endPort, toAddress, toPort, preserveSource } = rule;
  return present({
    protocol,
    address: own,
    port,
    endPort,
    toAddress,
    toPort: toPort === port ? undefined : toPort,
    preserveSource: preserveSource ? true : undefined,
  });
}
