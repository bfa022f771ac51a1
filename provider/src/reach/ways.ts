/** Who reaches whom before any policy is asked: isolation, routers' legs, peerings with their prefixes, ways out. */

import type { Intent, PeeringIntent, RouterIntent, SegmentIntent } from "../compile/intent";
import { networkName, segmentName } from "../compile/firewall/world-names";
import { type Address, type Family } from "../model/address";
import { parseCidr } from "../model/cidr";
import { type AddressSet, blocks, includesAddress } from "../policy/address-set";
import type { World } from "../policy/world";

/** Somebody on a segment of a host, or somebody outside. */
export interface WayEnd {
  /** Segments to which the same ways lead; `undefined`: outside. See `Ways.group`. */
  readonly group: string | undefined;
  /** What its host's routers are like; see `Ways.shape`. */
  readonly shape: string;
  readonly address: Address;
}

export interface Ways {
  /** Equal for hosts whose routers lead what is on that segment to the same places. */
  readonly shape: (host: string, segment: string) => string;
  /** Equal for segments to which the same ways lead, and between which there is one. */
  readonly group: (segment: string) => string;
  /** Blocks of addresses between which ways differ. */
  readonly cuts: (network: string) => readonly AddressSet[];
  /** One end at the most is outside. */
  readonly leads: (from: WayEnd, to: WayEnd) => boolean;
}

/** As a world's networks and peerings alone have it. */
export function waysOfWorld({ segments, networks }: World): Ways {
  const networkOf = new Map(segments.map(({ name, network }) => [name, network]));
  const peers = new Map(networks.map(({ name, peers: far }) => [name, new Set(far)]));
  return {
    shape: () => "",
    group: (segment) => networkOf.get(segment) ?? "",
    cuts: () => [],
    leads: ({ group: one }, { group: other }) => {
      if (one === undefined || other === undefined) return true;
      return one === other || peers.get(one)?.has(other) === true;
    },
  };
}

/** The routers of one host, as those on one of its segments see them. */
interface Shape {
  readonly network: string;
  readonly internal: boolean;
  /** Groups of segments that routers of the host lead into, by network. */
  readonly legs: Readonly<Record<string, readonly string[]>>;
  readonly out: Readonly<Record<Family, boolean>>;
  readonly peerings: readonly {
    readonly vni: number;
    readonly network: string;
    readonly own: AddressSet;
    readonly far: AddressSet;
    /** Equal for equal ones. */
    readonly text: string;
  }[];
}

/** @param intents of each host, by its URI */
export function waysOf(intents: ReadonlyMap<string, readonly Intent[]>): Ways {
  const shapes = new Map<string, Shape>();
  const known = new Map<string, string>();
  const groups = groupsOf(intents);
  for (const [host, all] of intents) {
    for (const segment of all.filter((intent) => intent.kind === "segment")) {
      const shape = shapeOf(segment, all, groups);
      const key = JSON.stringify({ ...shape, peerings: shape.peerings.map(({ text }) => text) });
      if (!shapes.has(key)) shapes.set(key, shape);
      known.set(`${host} ${segmentName(segment.vni)}`, key);
    }
  }
  const peerings = [...intents.values()].flatMap((all) => all.filter((intent) => intent.kind === "peering"));
  return {
    shape: (host, segment) => known.get(`${host} ${segment}`) ?? "",
    group: (segment) => groups.get(segment) ?? segment,
    cuts: (network) => prefixesOf(network, peerings),
    leads: (from, to) => {
      if (from.group === to.group) return from.group !== undefined;
      if (from.group === undefined) return to.group === undefined || !to.group.startsWith(internalMark);
      const shape = shapes.get(from.shape);
      if (shape === undefined || shape.internal) return false;
      return to.group === undefined ? shape.out[to.address.family] : isRouted(shape, from, to, to.group);
    },
  };
}

const internalMark = "internal ";

/** By its segments: an internal one is a group of its own; others are alike where they are on the same hosts. */
function groupsOf(intents: ReadonlyMap<string, readonly Intent[]>): ReadonlyMap<string, string> {
  const hosts = new Map<string, string[]>();
  const found = new Map<string, string>();
  [...intents.values()].forEach((all, index) => {
    for (const { vni, routerVni, internal = false } of all.filter((intent) => intent.kind === "segment")) {
      const name = segmentName(vni);
      hosts.set(name, [...(hosts.get(name) ?? []), String(index)]);
      found.set(name, internal ? `${internalMark}${name}` : networkName(routerVni));
    }
  });
  return new Map([...found].map(([name, group]) => [name, `${group} ${hosts.get(name)?.join() ?? ""}`]));
}

function isRouted({ network, legs, peerings }: Shape, from: WayEnd, to: WayEnd, group: string): boolean {
  if (legs[network]?.includes(group) === true) return true;
  return peerings.some(
    (one) =>
      legs[one.network]?.includes(group) === true &&
      includesAddress(one.own, from.address) &&
      includesAddress(one.far, to.address),
  );
}

function shapeOf(
  { routerVni, internal = false }: SegmentIntent,
  all: readonly Intent[],
  groups: ReadonlyMap<string, string>,
): Shape {
  const routers = new Map(all.flatMap((intent) => (intent.kind === "router" ? [[intent.vni, intent] as const] : [])));
  const peerings = all.filter((intent) => intent.kind === "peering").flatMap((one) => sideOf(one, routerVni));
  const legsOf = (network: number): readonly string[] => {
    const legs = all.flatMap((intent) =>
      intent.kind === "segment" && intent.routerVni === network && intent.internal !== true ? [intent.vni] : [],
    );
    return [...new Set(legs.map((vni) => groups.get(segmentName(vni)) ?? ""))].sort();
  };
  const networks = [routerVni, ...peerings.map(({ vni }) => vni)].filter((vni) => !internal && routers.has(vni));
  return {
    network: networkName(routerVni),
    internal,
    legs: Object.fromEntries(networks.map((vni) => [networkName(vni), legsOf(vni)])),
    out: outOf(routers.get(routerVni)),
    peerings: internal ? [] : peerings,
  };
}

function sideOf({ sides }: PeeringIntent, routerVni: number): Shape["peerings"] {
  const own = sides.find((side) => side.routerVni === routerVni);
  const far = sides.find((side) => side.routerVni !== routerVni);
  if (own === undefined || far === undefined) return [];
  const text = `${far.routerVni} ${own.prefixes.join()} ${far.prefixes.join()}`;
  return [
    {
      vni: far.routerVni,
      network: networkName(far.routerVni),
      own: setOf(own.prefixes),
      far: setOf(far.prefixes),
      text,
    },
  ];
}

function outOf(router: RouterIntent | undefined): Shape["out"] {
  const { mode = "nat", ipv4, ipv6 } = router?.egress ?? { mode: "none" as const, ipv4: undefined, ipv6: undefined };
  return { 4: mode !== "none" && ipv4 !== undefined, 6: mode !== "none" && ipv6 !== undefined };
}

function prefixesOf(network: string, peerings: readonly PeeringIntent[]): readonly AddressSet[] {
  const lists = peerings
    .filter(({ sides }) => sides.some(({ routerVni }) => networkName(routerVni) === network))
    .flatMap(({ sides }) => sides.map(({ prefixes }) => prefixes));
  return [...new Map(lists.map((list) => [list.join(), list])).values()].map(setOf);
}

const setOf = (cidrs: readonly string[]): AddressSet => blocks(cidrs.map((cidr) => parseCidr(cidr, "prefixes")));
