import type { Intent, PeeringIntent, PeeringSide, SegmentIntent } from "../compile/intent";
import { overlaps, parseCidr } from "../model/cidr";
import type { Say } from "./precheck";

/** A router has one route to a space: of two peers of one network, none may have addresses of the other. */
export function peeringFits(intent: PeeringIntent, others: readonly Intent[], say: Say): void {
  for (const other of others) if (other.kind === "segment") refuseSameRoute(intent, other, say);
  const [left, right] = intent.sides;
  for (const [own, far] of [
    [left, right],
    [right, left],
  ] as const) {
    for (const other of others) {
      const rival = other.kind === "peering" ? farSide(other, own) : undefined;
      const shared = rival === undefined ? undefined : overlap(far, rival);
      if (rival === undefined || shared === undefined) continue;
      say({
        code: "conflict",
        property: "networks",
        value: far.network,
        cause: `network ${own.network} is a peer of ${rival.network} already (${other.label}), which has ${shared.theirs} where ${far.network} has ${shared.mine}`,
        remedy: "give one of the two another address space, or limit the peerings by prefixes that do not overlap",
      });
    }
  }
}

/** The same for a network's own routes. */
export function routesFit(intent: SegmentIntent, others: readonly Intent[], say: Say): void {
  for (const other of others) if (other.kind === "peering") refuseSameRoute(other, intent, say);
}

function refuseSameRoute(peering: PeeringIntent, segment: SegmentIntent, say: Say): void {
  const side = peering.sides.find(({ routerVni }) => routerVni === segment.routerVni);
  const far = side === undefined ? undefined : farSide(peering, side);
  const route = (segment.routes ?? []).find(({ destination }) => far?.prefixes.includes(destination));
  if (far === undefined || route === undefined) return;
  say({
    code: "conflict",
    property: "routes",
    value: route.destination,
    cause: `the network has a route there by ${route.nextHop}, and is a peer of ${far.network} (${peering.label}), which is there`,
    remedy: "take one of the two away, or route to a part of it",
  });
}

/** The side of another peering that the same network looks at. */
function farSide({ sides: [left, right] }: PeeringIntent, own: PeeringSide): PeeringSide | undefined {
  if (left.routerVni === own.routerVni) return right;
  return right.routerVni === own.routerVni ? left : undefined;
}

function overlap(far: PeeringSide, rival: PeeringSide): { readonly mine: string; readonly theirs: string } | undefined {
  for (const mine of far.prefixes) {
    const theirs = rival.prefixes.find((one) => overlaps(parseCidr(one, "prefixes"), parseCidr(mine, "prefixes")));
    if (theirs !== undefined) return { mine, theirs };
  }
  return undefined;
}
