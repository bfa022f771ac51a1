/** A host's document as the world that policies speak about. */

import { type Address, formatAddress, parseAddress } from "../../model/address";
import { parseCidr } from "../../model/cidr";
import type { HostRange, Network, PlacedEndpoint, Segment, World } from "../../policy/world";
import { bridgeName } from "../names";
import type { FirewallDocument, Site } from "./document";
import { groupsOf, labelledEndpoint, namedIn } from "./parse-spec";
import { endpointName, networkName, segmentName } from "./world-names";

/** Of segments that are elsewhere: nothing of theirs passes a bridge here. */
const noZone = 1;

/** @param host the URI of the host whose document it is */
export function worldOf(document: FirewallDocument, host: string): World {
  const { site } = document;
  const specs = Object.values(document.policies).map(({ spec }) => spec);
  const members = Object.values(document.members).map(({ spec }) => spec);
  const named = specs.map(namedIn);
  const segments = [
    ...site.segments.map((segment): Segment => ({
      ...elsewhere(segment.vni, networkName(segment.routerVni)),
      zone: document.zones[segment.vni] ?? noZone,
      hosts: [host],
      cidrs: segment.cidrs.map((cidr) => parseCidr(cidr, "cidr")),
    })),
    ...named.flatMap((one) => one.segments).map((one) => ({ ...elsewhere(Number(one.name), one.network), ...one })),
    ...members.map(({ vni, routerVni }) => elsewhere(vni, networkName(routerVni))),
  ];
  const known = firstOf(segments);
  return {
    networks: networksOf(site, [...known.map(({ network }) => network), ...named.flatMap((one) => one.networks)]),
    segments: known,
    endpoints: merged([
      ...site.ports.map((port): PlacedEndpoint => ({
        name: endpointName(port.vni, port.name),
        segment: segmentName(port.vni),
        host,
        addresses: port.addresses.map((address) => parseAddress(address, "address")),
        labels: {},
      })),
      ...members.map(labelledEndpoint),
      ...named.flatMap((one) => one.endpoints),
    ]),
    groups: specs.flatMap(groupsOf),
    hostRanges: site.segments.flatMap(({ vni, ranges }) =>
      ranges.map((range): HostRange => ({ host, segment: segmentName(vni), cidr: parseCidr(range, "range") })),
    ),
  };
}

const elsewhere = (vni: number, network: string): Segment => ({
  name: segmentName(vni),
  network,
  bridge: bridgeName(vni),
  zone: noZone,
  hosts: [],
  cidrs: [],
});

/** Who knows more stands first: the host itself, then who names the subnet, then who only has an endpoint in it. */
function firstOf(segments: readonly Segment[]): readonly Segment[] {
  const found = new Map<string, Segment>();
  for (const segment of segments) if (!found.has(segment.name)) found.set(segment.name, segment);
  return [...found.values()].sort(byName);
}

function networksOf({ peerings }: Site, used: readonly string[]): readonly Network[] {
  const pairs = peerings.map(([one, other]) => [networkName(one), networkName(other)] as const);
  const names = new Set([...used, ...pairs.flat()]);
  return [...names].sort().map((name) => ({
    name,
    peers: pairs.flatMap(([one, other]) => (one === name ? [other] : other === name ? [one] : [])),
  }));
}

/** The same endpoint may be known as one of this host's, by its labels, and by a policy that names it. */
function merged(endpoints: readonly PlacedEndpoint[]): readonly PlacedEndpoint[] {
  const found = new Map<string, PlacedEndpoint>();
  for (const endpoint of endpoints) {
    const known = found.get(endpoint.name);
    if (known === undefined) found.set(endpoint.name, endpoint);
    else {
      found.set(endpoint.name, {
        ...known,
        host: known.host === "" ? endpoint.host : known.host,
        labels: { ...known.labels, ...endpoint.labels },
        addresses: unique([...known.addresses, ...endpoint.addresses]),
      });
    }
  }
  return [...found.values()].map((one) => ({ ...one, addresses: unique(one.addresses) })).sort(byName);
}

const unique = (addresses: readonly Address[]): readonly Address[] =>
  [...new Set(addresses.map(formatAddress))].sort().map((text) => parseAddress(text, "address"));

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : 1;
