import type { FoundNetwork } from "./agreement";
import type { Property, PropertyMap } from "./program";
import { given } from "./program";

/** `routes` and `policyRoutes` of a network: its routers have the blackholes, its segments the rest. */
export function routingProperties({ routers, subnets }: FoundNetwork): PropertyMap {
  const first = subnets.flatMap((subnet) => subnet.segments.slice(0, 1)).map(({ intent }) => intent);
  const blackholes = (routers[0]?.intent.blackholes ?? []).map((destination) => ({
    destination,
    nextHop: "blackhole",
  }));
  const routes = [...first.flatMap((intent) => intent.routes ?? []), ...blackholes];
  const policyRoutes = first.flatMap((intent) => intent.policyRoutes ?? []);
  return given({
    routes: listed(routes.map((route) => ({ ...route }))),
    policyRoutes: listed(policyRoutes.map((route) => given({ ...route }))),
  });
}

const listed = (items: readonly Property[]): Property | undefined => (items.length === 0 ? undefined : items);
