import type { HostView, Placed } from "../../compile/fleet-intents";
import { fleetIntents } from "../../compile/fleet-intents";
import type { PeeringIntent, PortIntent, RouterIntent, SegmentIntent } from "../../compile/intent";

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
  const { routers, segments, ports, peerings } = fleetIntents(views);
  return [...new Set([...routers, ...segments, ...ports, ...peerings].map(({ intent }) => intent.owner))].sort();
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
    obstacles.push(...differing(`network ${label}`, placed, ["label", "mtu", "cidr", "ipv6Cidr", "egress"]));
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
  obstacles.push(...differing(`subnet ${label}`, segments, ["label", "mtu", "port"]));
  const own = new Set(segments.map(({ intent }) => intent.underlay));
  for (const { host, intent } of segments) {
    for (const peer of intent.peers) {
      if (own.has(peer)) continue;
      obstacles.push(
        `subnet ${label} also spans the host with VTEP ${peer}, as host ${host} has it: give that with --host`,
      );
    }
    for (const other of own) {
      if (other === intent.underlay || intent.peers.includes(other)) continue;
      obstacles.push(`subnet ${label}: host ${host} does not know VTEP ${other}, which has the subnet as well`);
    }
  }
  return { segments: inProgramOrder(segments), ports };
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
        const place = peers.indexOf(underlay);
        return rest.every((other) => place === -1 || !peers.slice(0, place).includes(other.intent.underlay));
      }),
    );
    ordered.push(...rest.splice(Math.max(index, 0), 1));
  }
  return ordered;
}
