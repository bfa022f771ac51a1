/** The routing of one network's router on one host, as its kernel has it, and what it decides for a packet. */
import { inCidr, parseCidr } from "../model/cidr";
import { readAddress } from "../model/address";
import type { PolicyRoute } from "./intent";
import type { Topology, TopologyNetwork, TopologyPeering, TopologySegment, TopologySubnet } from "./topology";

/** An entry of the main table. */
export type RouterRoute = { readonly destination: string } & (
  | { readonly kind: "subnet"; readonly subnet: TopologySubnet }
  | { readonly kind: "static"; readonly subnet: TopologySubnet; readonly nextHop: string }
  | { readonly kind: "peering"; readonly peering: TopologyPeering }
  /** `own`: the network's space, so that nothing of it that no subnet has leaves. */
  | { readonly kind: "blackhole"; readonly own: boolean }
  | { readonly kind: "uplink" }
);

/** A route by source, which leads to a next hop in a subnet. */
export interface RouterPolicy extends PolicyRoute {
  readonly subnet: TopologySubnet;
}

export interface RouterTable {
  /** Subnets in which the router has a leg, and its addresses there. */
  readonly legs: readonly { readonly subnet: TopologySubnet; readonly addresses: readonly string[] }[];
  readonly routes: readonly RouterRoute[];
  /** The one that is asked first is first. */
  readonly policies: readonly RouterPolicy[];
}

export interface Packet {
  readonly from: string;
  readonly to: string;
  /** VNI of the subnet out of which the router gets it; `undefined` where it comes from elsewhere. */
  readonly arriving: number | undefined;
}

/** What a router does with a packet; `undefined`: it has no route. */
export type Decision =
  | { readonly kind: "local"; readonly subnet: TopologySubnet }
  | { readonly kind: "policy"; readonly policy: RouterPolicy }
  | RouterRoute
  | undefined;

export function routerTable(topology: Topology, network: TopologyNetwork, host: string): RouterTable {
  const here = topology.subnets.flatMap((subnet) => {
    const segment = subnet.networkVni === network.vni ? segmentOn(subnet, host) : undefined;
    return segment === undefined || segment.internal ? [] : [{ subnet, segment }];
  });
  const policies = here.flatMap(({ subnet, segment }) => segment.policyRoutes.map((route) => ({ ...route, subnet })));
  return {
    legs: here.map(({ subnet, segment }) => ({
      subnet,
      addresses: [subnet.gateway, subnet.ipv6Gateway, ...segment.routers].filter((address) => address !== undefined),
    })),
    routes: [
      ...here.flatMap(({ subnet, segment }) => subnetRoutes(subnet, segment)),
      ...peeringRoutes(topology, network, host),
      ...ownRoutes(network, host),
    ],
    policies: policies.sort((one, other) => one.priority - other.priority),
  };
}

function subnetRoutes(subnet: TopologySubnet, { routes }: TopologySegment): readonly RouterRoute[] {
  const blocks = [subnet.cidr, subnet.ipv6Cidr].filter((cidr) => cidr !== undefined);
  return [
    ...blocks.map((destination): RouterRoute => ({ kind: "subnet", destination, subnet })),
    ...routes.map((route): RouterRoute => ({ kind: "static", ...route, subnet })),
  ];
}

function peeringRoutes({ peerings }: Topology, { vni }: TopologyNetwork, host: string): readonly RouterRoute[] {
  return peerings
    .filter((peering) => peering.host === host && peering.sides.some((side) => side.vni === vni))
    .flatMap((peering) => {
      const far = peering.sides.filter((side) => side.vni !== vni).flatMap(({ prefixes }) => prefixes);
      return far.map((destination): RouterRoute => ({ kind: "peering", destination, peering }));
    });
}

function ownRoutes({ cidr, ipv6Cidr, routers }: TopologyNetwork, host: string): readonly RouterRoute[] {
  const router = routers.find((one) => one.host === host);
  const spaces = [cidr, ipv6Cidr].filter((space) => space !== undefined);
  const uplinks = [...(router?.egress4 === true ? ["0.0.0.0/0"] : []), ...(router?.egress6 === true ? ["::/0"] : [])];
  return [
    ...spaces.map((destination): RouterRoute => ({ kind: "blackhole", destination, own: true })),
    ...(router?.blackholes ?? []).map((destination): RouterRoute => ({ kind: "blackhole", destination, own: false })),
    ...uplinks.map((destination): RouterRoute => ({ kind: "uplink", destination })),
  ];
}

/** In the order of the kernel's rules: the router's own addresses, routes by source, then the longest prefix. */
export function decide(table: RouterTable, packet: Packet): Decision {
  const leg = table.legs.find(({ addresses }) => addresses.includes(packet.to));
  if (leg !== undefined) return { kind: "local", subnet: leg.subnet };
  const main = longest(table.routes, packet.to);
  for (const policy of table.policies) {
    if (!lies(packet.from, policy.from) || (policy.to !== undefined && !lies(packet.to, policy.to))) continue;
    if (main !== undefined && isKeptByMain(policy, packet, main)) return main;
    return { kind: "policy", policy };
  }
  return main;
}

/** What comes back out of the next hop's own subnet, and where no destination is given whatever has a route. */
function isKeptByMain(policy: RouterPolicy, { arriving }: Packet, main: RouterRoute): boolean {
  if (arriving === policy.subnet.vni) return true;
  return policy.to === undefined && prefixLength(main.destination) > 0;
}

/** Of routes to one same destination the first: a subnet comes before the hole around it. */
function longest(routes: readonly RouterRoute[], to: string): RouterRoute | undefined {
  return routes
    .filter(({ destination }) => lies(to, destination))
    .reduce<RouterRoute | undefined>(
      (best, route) =>
        best === undefined || prefixLength(route.destination) > prefixLength(best.destination) ? route : best,
      undefined,
    );
}

const prefixLength = (cidr: string): number => Number(cidr.slice(cidr.indexOf("/") + 1));

/** Whether the address lies in the block, both as text. */
export function lies(address: string, cidr: string): boolean {
  const parsed = readAddress(address);
  return parsed !== undefined && inCidr(parsed, parseCidr(cidr, "cidr"));
}

export const segmentOn = (subnet: TopologySubnet, host: string): TopologySegment | undefined =>
  subnet.segments.find((one) => one.host === host);
