/** From a host's own records to what the firewall's compiler has to know of it. */

import { formatAddress, parseAddress } from "../../model/address";
import type { Intent, PortIntent, SegmentIntent } from "../intent";
import type { Site, SitePort, SiteSegment } from "./document";

/** Whether rules depend on it. */
export const concernsFirewall = ({ kind }: Intent): boolean =>
  kind === "segment" || kind === "port" || kind === "peering";

/** In an order that does not depend on that of the records: the same host is the same text. */
export function siteOf(intents: readonly Intent[]): Site {
  const segments = intents.filter((intent) => intent.kind === "segment");
  const ports = intents.filter((intent) => intent.kind === "port");
  const peerings = intents.filter((intent) => intent.kind === "peering");
  return {
    segments: segments.map((segment) => segmentOf(segment, ports)).sort((one, other) => one.vni - other.vni),
    ports: ports
      .map(portOf)
      .filter(({ addresses }) => addresses.length > 0)
      .sort((one, other) => one.vni - other.vni || (one.name < other.name ? -1 : 1)),
    peerings: peerings
      .map(({ sides }) => pair(sides[0].routerVni, sides[1].routerVni))
      .sort((one, other) => one[0] - other[0] || one[1] - other[1]),
    underlayPorts: [...new Set(segments.map(({ port }) => port))].sort((one, other) => one - other),
  };
}

function segmentOf({ vni, routerVni, ipv4, ipv6 }: SegmentIntent, ports: readonly PortIntent[]): SiteSegment {
  const families = [ipv4, ipv6].filter((family) => family !== undefined);
  // What an endpoint may send from besides its own addresses is at home here, too.
  const pairs = ports
    .filter((port) => port.vni === vni)
    .flatMap(({ guard }) => guard?.pairs ?? [])
    .map(({ cidr }) => cidr);
  return {
    vni,
    routerVni,
    cidrs: families.map(({ cidr }) => cidr),
    ranges: [...new Set([...families.map(({ range }) => range), ...pairs.sort()])],
  };
}

function portOf({ name, vni, ipv4, ipv6 }: PortIntent): SitePort {
  return {
    name,
    vni,
    addresses: [ipv4, ipv6].flatMap((family) => (family === undefined ? [] : [bare(family.address)])),
  };
}

const bare = (address: string): string =>
  formatAddress(parseAddress(address.slice(0, (address + "/").indexOf("/")), "address"));

const pair = (one: number, other: number): readonly [number, number] => (one < other ? [one, other] : [other, one]);
