/** A shop to speak of in tables of cases: a web and a database subnet on two hosts, and another tenant beside it. */
import { type Address, parseAddress } from "../../../provider/src/model/address";
import { parseCidr } from "../../../provider/src/model/cidr";
import type { Packet, Place } from "../../../provider/src/policy/packet";
import type { World } from "../../../provider/src/policy/world";

export const ip = (text: string): Address => parseAddress(text, "test");
export const cidr = (text: string): ReturnType<typeof parseCidr> => parseCidr(text, "test");

export const shop: World = {
  networks: [
    { name: "shop", peers: [] },
    { name: "bank", peers: [] },
  ],
  segments: [
    {
      name: "web",
      network: "shop",
      bridge: "sdn-b-5001",
      zone: 1,
      hosts: ["h1", "h2"],
      cidrs: ["10.20.1.0/24", "fd00:20:1::/64"].map(cidr),
    },
    { name: "db", network: "shop", bridge: "sdn-b-5002", zone: 2, hosts: ["h1", "h2"], cidrs: [cidr("10.20.2.0/24")] },
    // The same addresses as the shop's.
    { name: "vault", network: "bank", bridge: "sdn-b-6001", zone: 3, hosts: ["h1"], cidrs: [cidr("10.20.1.0/24")] },
  ],
  endpoints: [
    endpoint("web1", "web", "h1", { app: "web" }, "10.20.1.2", "fd00:20:1::2"),
    endpoint("web2", "web", "h2", { app: "web" }, "10.20.1.3", "fd00:20:1::3"),
    endpoint("db1", "db", "h1", { app: "db" }, "10.20.2.2"),
    endpoint("vault1", "vault", "h1", { app: "web" }, "10.20.1.2"),
  ],
  groups: [
    { name: "web", members: [{ kind: "labels", selector: { matchLabels: { app: "web" }, matchExpressions: [] } }] },
    { name: "db", members: [{ kind: "labels", selector: { matchLabels: { app: "db" }, matchExpressions: [] } }] },
    { name: "office", members: [{ kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [cidr("203.0.113.64/26")] }] },
    { name: "nobody", members: [] },
  ],
  hostRanges: [{ host: "h1", segment: "web", cidr: cidr("10.20.1.64/28") }],
};

function endpoint(
  name: string,
  segment: string,
  host: string,
  labels: Readonly<Record<string, string>>,
  ...addresses: readonly string[]
): World["endpoints"][number] {
  return { name, segment, host, labels, addresses: addresses.map(ip) };
}

/** An endpoint's name, `ADDRESS@SEGMENT`, or an address of outside. */
export function placeOf(text: string, family: 4 | 6 = 4): Place {
  const named = shop.endpoints.find((one) => one.name === text);
  if (named !== undefined) {
    const address = named.addresses.find((one) => one.family === family);
    if (address === undefined) throw new Error(`${text} has no IPv${family} address`);
    return { address, segment: named.segment };
  }
  const [address = "", segment] = text.split("@");
  return { address: ip(address), segment };
}

/** `web1 → db1 tcp/5432`; also `udp/53`, `icmp/8`, `proto/47`, and IPv6 with `icmpv6/128` or `[6]` at the end. */
export function packet(text: string, time = 1000): Packet {
  const match = /^(\S+) → (\S+) (\w+)\/(\d+)( \[6\])?$/.exec(text);
  if (match === null) throw new Error(`not a packet: ${text}`);
  const [, source = "", destination = "", protocol = "", number = "", six] = match;
  const family = six !== undefined || protocol === "icmpv6" ? 6 : 4;
  const base = { source: placeOf(source, family), destination: placeOf(destination, family), time };
  switch (protocol) {
    case "tcp":
      return { ...base, protocol: 6, port: Number(number) };
    case "udp":
      return { ...base, protocol: 17, port: Number(number) };
    case "icmp":
      return { ...base, protocol: 1, icmp: { type: Number(number), code: 0 } };
    case "icmpv6":
      return { ...base, protocol: 58, icmp: { type: Number(number), code: 0 } };
    default:
      return { ...base, protocol: Number(number) };
  }
}
