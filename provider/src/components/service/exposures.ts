/** Ports of hosts that lead to a service entry. */
import type { InputReader } from "../../inputs/input-reader";
import { formatAddress, parseAddress } from "../../model/address";
import { SdnError } from "../../model/error";
import { parseName } from "../../model/name";
import type { Value, ValueMap } from "../../rpc/value";
import { Unknown, unknown } from "../../rpc/value";
import type { Member } from "../member";
import { known } from "../references";
import { transitPair } from "../transit";

export interface ExposureInput {
  readonly at: string;
  readonly protocol: Value;
  readonly port: Value;
  readonly servicePort: Value;
  /** `undefined`: all of the network. */
  readonly hosts: readonly string[] | Unknown | undefined;
  /** `undefined`: the host's underlay address. */
  readonly address: Value | undefined;
}

const maximumExposures = 16;

export function readExposures(reader: InputReader): readonly ExposureInput[] | Unknown {
  const read = reader.objects("expose")?.map(readExposure);
  if (read === undefined) return reader.orUnknown("expose", undefined) ?? [];
  if (read.length > maximumExposures) {
    refuse(reader, "expose", `at most ${maximumExposures} are possible`, "make several entries", read.length);
  }
  read.forEach((one, index) => {
    const rival = read.slice(0, index).findIndex((other) => clash(one, other));
    if (rival < 0 || typeof one.port !== "number") return;
    refuse(reader, `expose[${index}].port`, `expose[${rival}] has it already`, "choose another port or host", one.port);
  });
  return read;
}

function readExposure(reader: InputReader): ExposureInput {
  const number = (name: string): Value | undefined => reader.orUnknown(name, reader.integer(name, 1, 65_535));
  const port = number("port");
  reader.require("port", port, "the port on the host");
  const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
  const input = {
    at: reader.path,
    protocol: reader.orUnknown("protocol", reader.choice("protocol", ["tcp", "udp"])) ?? "tcp",
    port: port ?? unknown,
    servicePort: number("servicePort") ?? port ?? unknown,
    hosts: reader.orUnknown("hosts", reader.texts("hosts", parseName)),
    address: reader.orUnknown("address", reader.parsed("address", address)),
  };
  reader.finish();
  return input;
}

function clash(one: ExposureInput, other: ExposureInput): boolean {
  if (one.hosts instanceof Unknown || other.hosts instanceof Unknown) return false;
  const [mine, theirs] = [one.hosts, other.hosts];
  const together = mine === undefined || theirs === undefined || mine.some((host) => theirs.includes(host));
  return together && one.protocol === other.protocol && one.port === other.port && one.address === other.address;
}

function refuse(reader: InputReader, property: string, cause: string, remedy: string, value: number): void {
  reader.problems.add(new SdnError({ code: "invalid-input", property, cause, remedy, value }));
}

/** What can only be told where the network, its hosts and the entry's ports are known. */
export function checkExposures(
  exposures: readonly ExposureInput[] | Unknown,
  ports: Value,
  network: ValueMap,
  members: readonly Member[],
): void {
  if (exposures instanceof Unknown || exposures.length === 0) return;
  const fail = (property: string, cause: string, remedy: string, value?: string | number): never => {
    throw new SdnError({ code: "invalid-input", property, cause, remedy, ...(value === undefined ? {} : { value }) });
  };
  if (known(network, "egress") === "none") {
    fail("expose", "the network has no link to its hosts (egress: none)", "set egress of the network to nat or routed");
  }
  const names = members.map(({ name }) => name);
  for (const { at, hosts, protocol, servicePort } of exposures) {
    const stranger = hosts instanceof Unknown ? undefined : hosts?.find((name) => !names.includes(name));
    if (stranger !== undefined) {
      fail(`${at}.hosts`, "is not a host of the network", `choose from ${names.join(", ")}`, stranger);
    }
    const listed = Array.isArray(ports) ? (ports as readonly ValueMap[]) : [];
    const isThere = listed.some((one) => one["protocol"] === protocol && one["port"] === servicePort);
    if (!Array.isArray(ports) || isThere || typeof servicePort !== "number") continue;
    const remedy = `choose from ${listed.map(portName).join(", ")}`;
    fail(`${at}.servicePort`, "is not a port of the entry", remedy, servicePort);
  }
}

/** Those of one host, as its spec has them. */
export function exposuresOn(
  exposures: readonly ExposureInput[] | Unknown,
  { name, underlayAddress }: Member,
  fabric: ValueMap,
  vni: Value,
): Value | undefined {
  if (exposures instanceof Unknown) return unknown;
  if (exposures.some(({ hosts }) => hosts instanceof Unknown)) return unknown;
  const here = exposures.filter(({ hosts }) => !Array.isArray(hosts) || hosts.includes(name));
  if (here.length === 0) return undefined;
  return here.map(({ protocol, port, servicePort, address }) => {
    const own = address ?? underlayAddress;
    const pool = typeof own === "string" && own.includes(":") ? "ipv6TransitCidr" : "transitCidr";
    return { protocol, port, servicePort, address: own, via: transitPair(known(fabric, pool), vni)[1] };
  });
}

const portName = ({ protocol, port }: ValueMap): string =>
  `${typeof protocol === "string" ? protocol : "?"} ${typeof port === "number" ? port : "?"}`;
