import type { Placed } from "./fleet-intents";
import type { PolicyRoute, RouterIntent, SegmentIntent, StaticRoute } from "./intent";

/** A network's routes on all of its hosts together, as its user wrote them: routers have the holes, segments the rest. */
export function routingOf(
  routers: readonly Placed<RouterIntent>[],
  segments: readonly Placed<SegmentIntent>[],
): { readonly routes: readonly StaticRoute[]; readonly policyRoutes: readonly PolicyRoute[] } {
  const holes = routers
    .flatMap(({ intent }) => intent.blackholes ?? [])
    .map((destination) => ({ destination, nextHop: "blackhole" }));
  const policies = unique(segments.flatMap(({ intent }) => intent.policyRoutes ?? []));
  return {
    routes: unique([...segments.flatMap(({ intent }) => intent.routes ?? []), ...holes]),
    policyRoutes: policies.sort((one, other) => one.priority - other.priority),
  };
}

const unique = <T>(items: readonly T[]): T[] => [...new Map(items.map((one) => [JSON.stringify(one), one])).values()];
