import type { HostView, Placed } from "../../compile/fleet-intents";
import { fleetIntents } from "../../compile/fleet-intents";
import type { PeeringIntent, PortIntent, RouterIntent, SegmentIntent } from "../../compile/intent";
import { isPeerList, peerSetOf, samePeerSet } from "../../model/peer-set";
import { modeOf } from "./nat";

/** A virtual network as the hosts' records agree on it. */
export interface FoundNetwork {
  readonly routers: readonly Placed<RouterIntent>[];
  readonly subnets: readonly FoundSubnet[];
}

export interface FoundSubnet {
  /** In the order in which the program that made it had its hosts. */
  readonly segments: readonly Placed<SegmentIntent>[];
  readonly ports: readonly Placed<PortIntent>[];
}

export interface Found {
  readonly networks: readonly FoundNetwork[];
  /** On each of its hosts. */
  readonly peerings: readonly (readonly Placed<PeeringIntent>[])[];
  /** Why what is there cannot be written as a program that changes nothing. */
  readonly obstacles: readonly string[];
}

/** Owners on the hosts: `PROJECT/STACK`. */
export function ownersOf(views: readonly HostView[]): readonly string[] {
  const { routers, segments, ports, peerings, adopted } = fleetIntents(views);
  return [
    ...new Set([...routers, ...segments, ...ports, ...peerings, ...adopted].map(({ intent }) => intent.owner)),
  ].sort();
}

/** What one owner has, put together from what each host remembers of it. */
export function foundOf(views: readonly HostView[], owner: string): Found {
  const own = <P extends Placed>(placed: readonly P[]): readonly P[] =>
    placed.filter((one) => one.intent.owner === owner);
  const intents = fleetIntents(views);
  const [routers, segments, ports] = [own(intents.routers), own(intents.segments), own(intents.ports)];
  const obstacles: string[] = [];
  const networks = byVni(routers).map(([vni, placed]): FoundNetwork => {
    const label = placed[0]?.intent.label ?? "";
    obstacles.push(...differing(`network ${label}`, placed, ["label", "mtu", "cidr", "ipv6Cidr", "blackholes"]));
    const modes = new Set(placed.map(({ intent }) => modeOf(intent)).filter((mode) => mode !== "none"));
    const without = placed.some(({ intent }) => modeOf(intent) === "none");
    if (modes.size > 1 || (modes.size === 1 && without)) {
      obstacles.push(`network ${label} is not the same on its hosts: the way out differs`);
    }
    const subnets = byVni(segments.filter(({ intent }) => intent.routerVni === vni)).map(([own_, of]) =>
      foundSubnet(
        of,
        ports.filter(({ intent }) => intent.vni === own_),
        obstacles,
      ),
    );
    return { routers: placed, subnets };
  });
  const known = new Set(routers.map(({ intent }) => intent.vni));
  for (const { host, intent } of segments) {
    if (!known.has(intent.routerVni)) obstacles.push(`subnet ${intent.label} on host ${host} has no network there`);
  }
  const peerings = byVni(own(intents.peerings)).map(([, placed]) => {
    obstacles.push(...differing(`peering ${placed[0]?.intent.label ?? ""}`, placed, ["label", "mtu", "sides"]));
    return placed;
  });
  return { networks, peerings, obstacles: [...new Set(obstacles)] };
}

function byVni<I extends RouterIntent | SegmentIntent | PeeringIntent>(
  placed: readonly Placed<I>[],
): readonly (readonly [number, readonly Placed<I>[]])[] {
  return [...Map.groupBy(placed, ({ intent }) => intent.vni)].sort(([one], [other]) => one - other);
}

function foundSubnet(
  segments: readonly Placed<SegmentIntent>[],
  ports: readonly Placed<PortIntent>[],
  obstacles: string[],
): FoundSubnet {
  const label = segments[0]?.intent.label ?? "";
  obstacles.push(
    ...differing(`subnet ${label}`, segments, ["label", "mtu", "port", "routes", "policyRoutes", "internal"]),
  );
  const own = new Set(segments.map(({ intent }) => intent.underlay));
  for (const { host, intent } of segments) obstacles.push(...strangers(host, intent, own));
  return { segments: inProgramOrder(segments), ports };
}

/** How one host's peers differ from the other hosts that have the subnet. */
function strangers(host: string, { label, peers, underlay }: SegmentIntent, own: ReadonlySet<string>): string[] {
  const others = [...own].filter((vtep) => vtep !== underlay);
  if (!isPeerList(peers)) {
    if (samePeerSet(peers, peerSetOf(others))) return [];
    if (peers.count === others.length)
      return [`subnet ${label}: host ${host} knows other VTEPs than those that have it`];
    const hosts = `${peers.count + 1} hosts, as host ${host} has it, and ${own.size} were given`;
    return [`subnet ${label} spans ${hosts}: give all of them with --host`];
  }
  const far = peers.filter((peer) => !own.has(peer));
  const unknown = others.filter((other) => !peers.includes(other));
  return [
    ...far.map(
      (peer) => `subnet ${label} also spans the host with VTEP ${peer}, as host ${host} has it: give that with --host`,
    ),
    ...unknown.map(
      (other) => `subnet ${label}: host ${host} does not know VTEP ${other}, which has the subnet as well`,
    ),
  ];
}

/** Hosts that were made from one program agree; where they do not, an update did not reach all of them. */
function differing<I extends RouterIntent | SegmentIntent | PeeringIntent>(
  what: string,
  placed: readonly Placed<I>[],
  properties: readonly (keyof I & string)[],
): readonly string[] {
  return properties.flatMap((property) => {
    const values = new Map(placed.map(({ host, intent }) => [JSON.stringify(intent[property]), host]));
    if (values.size < 2) return [];
    const shown = [...values].map(([value, host]) => `${value} on host ${host}`).join(", ");
    return [`${what} is not the same on its hosts: ${property} is ${shown}`];
  });
}

/** Each host remembers the others in the program's order: together that is the order of all of them. */
function inProgramOrder(segments: readonly Placed<SegmentIntent>[]): readonly Placed<SegmentIntent>[] {
  const rest = [...segments];
  const ordered: Placed<SegmentIntent>[] = [];
  while (rest.length > 0) {
    // The next is the one before which no list has another that is still to come.
    const index = rest.findIndex(({ intent: { underlay } }) =>
      rest.every(({ intent: { peers } }) => {
        // A digest has no order, and needs none.
        if (!isPeerList(peers)) return true;
        const place = peers.indexOf(underlay);
        return rest.every((other) => place === -1 || !peers.slice(0, place).includes(other.intent.underlay));
      }),
    );
    ordered.push(...rest.splice(Math.max(index, 0), 1));
  }
  return ordered;
}
