import type { PolicyRoute, SegmentIntent } from "./intent";
import { gatewayLinkName, routerLinkName, routerNamespace } from "./names";
import type { Step } from "./step";

/** Priorities of policy routes, for users. The kernel's own rules stand at 0, 32766 and 32767. */
export const maximumPriority = 999;
const rulesPerRoute = 3;
const firstRule = 1000;
const firstTable = 1000;

/** Routes by a next hop of this subnet: in the router of every host that has the subnet. */
export function routeSteps(intent: SegmentIntent): readonly Step[] {
  const where = routerNamespace(intent.routerVni, intent.scope);
  const device = routerLinkName(intent.vni);
  return [
    ...(intent.routes ?? []).map(({ destination, nextHop }): Step => {
      return { kind: "route", where, destination, device, via: nextHop };
    }),
    ...(intent.policyRoutes ?? []).flatMap((route) => policySteps(where, device, gatewayLinkName(intent.vni), route)),
  ];
}

/**
 * A table with one route, and rules that lead to it. What arrives from the next hop's own subnet is not led there again:
 * a next hop that sends packets on through its gateway would get them back forever. And without a destination only
 * what would take the default route is led there, so that subnets and peers are reached as before.
 */
function policySteps(where: string, device: string, gateway: string, route: PolicyRoute): readonly Step[] {
  const { priority, from, to, nextHop } = route;
  const table = firstTable + priority;
  const first = firstRule + priority * rulesPerRoute;
  const destination = nextHop.includes(":") ? "::/0" : "0.0.0.0/0";
  const any = { where, from, to, arriving: undefined };
  return [
    { kind: "table-route", where, table, destination, device, via: nextHop },
    { kind: "rule", ...any, priority: first, arriving: gateway, action: "main" },
    ...(to === undefined ? [{ kind: "rule", ...any, priority: first + 1, action: "main-but-default" } as const] : []),
    { kind: "rule", ...any, priority: first + 2, action: table },
  ];
}
