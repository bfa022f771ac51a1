/** What hosts tell of the addresses of their subnets: all but what is laid down for their allocation. */
import { longestHostRange, subnetLayout, type SubnetLayout } from "../ipam/layout";
import { parseAddress, sameAddress } from "../model/address";
import { type Cidr, contains, parseCidr } from "../model/cidr";
import { inRange, rangeOf } from "../model/range";
import type { Holder, Holdings, NetworkHolding, SpaceHolding, SubnetHolding } from "./address-plan";
import type { HostView, Placed } from "./fleet-intents";
import { fleetIntents } from "./fleet-intents";
import type { SegmentAddressing, SegmentIntent } from "./intent";
import type { TopologyEndpoint } from "./topology";
import { endpointsOf } from "./topology-endpoints";

export function holdingsOnHosts(views: readonly HostView[]): Holdings {
  const intents = fleetIntents(views);
  const endpoints = endpointsOf(views, intents);
  const networks = new Map(
    intents.routers.map(({ intent }): [string, NetworkHolding] => {
      const { label: name, owner, vni, cidr, ipv6Cidr } = intent;
      const spaces = [cidr, ipv6Cidr].flatMap((text) => (text === undefined ? [] : [parseCidr(text, "cidr")]));
      return [`${owner} ${vni}`, { name, owner, vni, spaces }];
    }),
  );
  const segments = Map.groupBy(intents.segments, ({ intent }) => `${intent.owner} ${intent.vni}`);
  const peerings = new Map(
    intents.peerings.map(({ intent: { label, owner, vni } }) => [vni, { vni, use: `peering ${label}`, owner }]),
  );
  return {
    networks: [...networks.values()].sort((one, other) => one.vni - other.vni),
    subnets: [...segments.values()].map((placed) => subnetHolding(placed, endpoints)),
    others: [...peerings.values()],
  };
}

function subnetHolding(
  placed: readonly Placed<SegmentIntent>[],
  endpoints: readonly TopologyEndpoint[],
): SubnetHolding {
  const [{ intent }] = placed as readonly [Placed<SegmentIntent>];
  const { label: name, owner, vni, routerVni: networkVni } = intent;
  const mine = endpoints.filter((one) => one.vni === vni);
  const spaces = (["ipv4", "ipv6"] as const).flatMap((family) => {
    const parts = placed.flatMap(({ host, intent: one }) =>
      one[family] === undefined ? [] : [{ host, ...one[family] }],
    );
    return parts.length === 0 ? [] : [spaceHolding(parts, mine, family)];
  });
  return { name, owner, vni, networkVni, rulesKnown: false, spaces };
}

type Part = SegmentAddressing & { readonly host: string };

function spaceHolding(
  parts: readonly Part[],
  endpoints: readonly TopologyEndpoint[],
  family: "ipv4" | "ipv6",
): SpaceHolding {
  const [{ cidr, gateway }] = parts as readonly [Part];
  const ranges = new Map(parts.map(({ host, range }) => [host, parseCidr(range, "range")]));
  const subnet = parseCidr(cidr, "cidr");
  const { layout, divided } = usualLayout(subnet, [...ranges.values()]);
  const stands = parseAddress(gateway, "gateway");
  const holders = endpoints.flatMap(({ name, host, declared, [family]: text }): readonly Holder[] => {
    if (text === undefined) return [];
    return [{ address: parseAddress(text, "address"), name, use: declared ? "endpoint" : "container", host }];
  });
  return {
    layout: { ...layout, gateway: stands },
    divided: divided && sameAddress(stands, layout.gateway),
    ranges,
    holders,
  };
}

/** The usual division that fits the ranges which hosts have; `divided` is false where none does. */
function usualLayout(subnet: Cidr, ranges: readonly Cidr[]): { layout: SubnetLayout; divided: boolean } {
  const length = Math.min(ranges[0]?.prefixLength ?? 0, longestHostRange(subnet.family));
  // A given range may be larger than a usual one could be.
  const hostRangePrefixLength = length >= subnet.prefixLength + 2 ? length : undefined;
  const layout = subnetLayout(subnet, { hostRangePrefixLength });
  const fits = ranges.every(
    (range) =>
      contains(subnet, range) &&
      layout.hostSpaces.some((space) => inRange(rangeOf(range).first, space) && inRange(rangeOf(range).last, space)),
  );
  return { layout, divided: fits && hostRangePrefixLength !== undefined };
}
