import type { BalancerDriver } from "../compile/service/balancer";
import type { ServiceIntent } from "../compile/service/intent";
import { routerNamespace } from "../compile/names";
import type { Words } from "../compile/steps";
import type { Snapshot } from "../model/snapshot";
import type { Say } from "./precheck";

const packages = { haproxy: "haproxy socat", nginx: "nginx libnginx-mod-stream socat" } as const satisfies Readonly<
  Record<BalancerDriver, string>
>;

export function balancerQueries({ balancer, routerVni, scope }: ServiceIntent): readonly Words[] {
  if (balancer === undefined) return [];
  return [["query_balancer", balancer.driver, routerVni, routerNamespace(routerVni, scope)]];
}

/** Whether the host has the programs that a service is balanced with. */
export function balancerFits({ balancer, routerVni }: ServiceIntent, { balancers }: Snapshot, say: Say): void {
  if (balancer === undefined) return;
  const { driver } = balancer;
  const lacks = balancers.get(`${driver} ${routerVni}`) ?? [];
  const missing = [
    ...(lacks.includes("program") ? [driver] : []),
    ...(lacks.includes("socat") ? ["socat"] : []),
    ...(lacks.includes("stream") ? ["NGINX's stream module"] : []),
  ];
  if (missing.length === 0) return;
  say({
    code: "missing-capability",
    property: "driver",
    value: driver,
    cause: `the host lacks ${missing.join(" and ")}`,
    remedy: `install it there (Debian: apt-get install ${packages[driver]}), or leave driver out`,
  });
}
