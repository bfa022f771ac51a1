import { ipOf } from "../nft/expressions";
import { bridgeName, routerNamespace } from "../names";
import type { Step } from "../step";
import type { Balancer } from "./balancer";
import { serviceRules } from "./balancing";
import { exposureSteps } from "./exposure";
import { haproxyPart } from "./haproxy";
import { nameSteps } from "./names";
import type { ServiceIntent } from "./intent";
import { nginxPart } from "./nginx";

/**
 * A service on a host. A client's packet is translated where it enters its bridge, so the backend sees the client's
 * own address, and firewall rules see who speaks to whom (decision 0022).
 */
export function serviceSteps(intent: ServiceIntent): readonly Step[] {
  const where = routerNamespace(intent.routerVni, intent.scope);
  const names = nameSteps(intent);
  // The names of a headless entry are its backends'.
  if (intent.ipv4 === undefined && intent.ipv6 === undefined) return names;
  const key = `${intent.routerVni}-${intent.name}`;
  return [
    { kind: "nft-table", where: undefined, table: "host" },
    // Without these, what is bridged passes nftables' tables for packets by.
    { kind: "bridged-packets" },
    { kind: "service-network", routerVni: intent.routerVni, where, pools: intent.pools },
    ...(intent.balancer === undefined
      ? ([...neighbours(intent), { kind: "service-rules", key, ...serviceRules(intent) }] as const)
      : [balancerStep(intent, intent.balancer, where)]),
    ...exposureSteps(intent),
    // Last: a name that is found leads somewhere.
    ...names,
  ];
}

function balancerStep(intent: ServiceIntent, balancer: Balancer, where: string): Step {
  const { driver } = balancer;
  return {
    kind: "service-balancer",
    driver,
    routerVni: intent.routerVni,
    where,
    name: intent.name,
    vips: [intent.ipv4, intent.ipv6].filter((vip) => vip !== undefined),
    part: driver === "haproxy" ? haproxyPart(intent, balancer) : nginxPart(intent, balancer),
  };
}

/** Backends that are on a segment: its clients reach them without the router. */
function neighbours(intent: ServiceIntent): readonly Step[] {
  const vips = new Set([intent.ipv4, intent.ipv6].flatMap((vip) => (vip === undefined ? [] : [ipOf(vip)])));
  return intent.backends.flatMap((one): readonly Step[] => {
    if (one.kind !== "address" || one.neighbour === undefined || !vips.has(ipOf(one.address))) return [];
    const { vni, mac } = one.neighbour;
    return [{ kind: "neighbour", shared: true, where: undefined, device: bridgeName(vni), address: one.address, mac }];
  });
}
