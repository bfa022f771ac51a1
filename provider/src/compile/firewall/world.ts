/** A host's document as the world that policies speak about. Names are VNIs: `5000`, `5001`, `5001/web1`. */

import { type Address, formatAddress, parseAddress } from "../../model/address";
import { parseCidr } from "../../model/cidr";
import type { HostRange, Network, PlacedEndpoint, Segment, World } from "../../policy/world";
import { bridgeName } from "../names";
import type { FirewallDocument } from "./document";
import type { EndpointRef, SubnetRef } from "./intent";
import { endpointsIn, groupsOf, subnetsIn } from "./parse-spec";

/** Of segments that are elsewhere: nothing of theirs passes a bridge here. */
const noZone = 1;

/** @param host the URI of the host whose document it is */
export function worldOf(document: FirewallDocument, host: string): World {
  const specs = Object.values(document.policies).map(({ spec }) => spec);
  const segments = segmentsOf(document, host, specs.flatMap(subnetsIn), specs.flatMap(endpointsIn));
  return {
    networks: networksOf(document, segments),
    segments,
    endpoints: endpointsOf(document, host, specs.flatMap(endpointsIn)),
    groups: specs.flatMap(groupsOf),
    hostRanges: document.site.segments.flatMap(({ vni, ranges }) =>
      ranges.map((range): HostRange => ({ host, segment: String(vni), cidr: parseCidr(range, "range") })),
    ),
  };
}

function segmentsOf(
  { site, zones, members }: FirewallDocument,
  host: string,
  subnets: readonly SubnetRef[],
  endpoints: readonly EndpointRef[],
): readonly Segment[] {
  const found = new Map<number, Segment>();
  const elsewhere = (vni: number, routerVni: number, cidrs: readonly string[]): void => {
    const known = found.get(vni);
    if (known !== undefined && (known.hosts.length > 0 || known.cidrs.length > 0)) return;
    found.set(vni, {
      ...segment(vni, routerVni, cidrs),
      zone: noZone,
      hosts: [],
    });
  };
  for (const { vni, routerVni, cidrs } of site.segments) {
    found.set(vni, { ...segment(vni, routerVni, cidrs), zone: zones[vni] ?? noZone, hosts: [host] });
  }
  for (const { vni, routerVni, cidrs } of subnets) elsewhere(vni, routerVni, cidrs);
  for (const { vni, routerVni } of [...endpoints, ...Object.values(members).map(({ spec }) => spec)]) {
    elsewhere(vni, routerVni, []);
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function segment(vni: number, routerVni: number, cidrs: readonly string[]): Omit<Segment, "zone" | "hosts"> {
  return {
    name: String(vni),
    network: String(routerVni),
    bridge: bridgeName(vni),
    cidrs: cidrs.map((cidr) => parseCidr(cidr, "cidr")),
  };
}

function networksOf({ site }: FirewallDocument, segments: readonly Segment[]): readonly Network[] {
  const names = new Set([...segments.map(({ network }) => network), ...site.peerings.flat().map(String)]);
  return [...names].sort().map((name) => ({
    name,
    peers: site.peerings.flatMap(([one, other]) => {
      if (String(one) === name) return [String(other)];
      return String(other) === name ? [String(one)] : [];
    }),
  }));
}

/** The same endpoint may be known as one of this host's, by its labels, and by a policy that names it. */
function endpointsOf(
  { site, members }: FirewallDocument,
  host: string,
  named: readonly EndpointRef[],
): readonly PlacedEndpoint[] {
  const found = new Map<string, { at: string; addresses: Set<string>; labels: Readonly<Record<string, string>>; vni: number }>();
  const entry = (vni: number, name: string): { at: string; addresses: Set<string>; labels: Readonly<Record<string, string>> } => {
    const key = `${vni}/${name}`;
    const known = found.get(key) ?? { at: "", addresses: new Set<string>(), labels: {}, vni };
    found.set(key, known);
    return known;
  };
  const add = (known: { addresses: Set<string> }, addresses: readonly string[]): void => {
    for (const address of addresses) known.addresses.add(formatAddress(parseAddress(address, "address")));
  };
  for (const { vni, name, addresses } of named) add(entry(vni, name), addresses);
  for (const { spec } of Object.values(members)) {
    const known = entry(spec.vni, spec.name);
    known.labels = spec.labels;
    add(known, spec.addresses);
  }
  for (const { vni, name, addresses } of site.ports) {
    const known = entry(vni, name);
    known.at = host;
    add(known, addresses);
  }
  return [...found]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { at, addresses, labels, vni }]) => ({
      name,
      segment: String(vni),
      host: at,
      addresses: [...addresses].sort().map((address): Address => parseAddress(address, "address")),
      labels,
    }));
}
