import type { Intent } from "../compile/intent";
import { portText } from "../compile/nat";
import type { ServiceExposure, ServiceIntent } from "../compile/service/intent";
import type { Snapshot } from "../model/snapshot";
import { balancerFits } from "./precheck-balancer";
import type { Say } from "./precheck";

/** Whether the host has the addresses and ports by which a service is reached from outside, and has them free. */
export function serviceFits(intent: ServiceIntent, snapshot: Snapshot, others: readonly Intent[], say: Say): void {
  for (const vip of [intent.ipv4, intent.ipv6]) if (vip !== undefined) addressIsFree(intent, vip, others, say);
  balancerFits(intent, snapshot, say);
  const exposures = intent.exposures ?? [];
  if (exposures.length === 0) return;
  linkIsThere(intent, others, say);
  for (const exposure of exposures) {
    addressIsThere(exposure, snapshot, say);
    listenerIsAway(exposure, snapshot, say);
    portIsFree(exposure, others, say);
  }
}

function addressIsFree({ routerVni }: ServiceIntent, vip: string, others: readonly Intent[], say: Say): void {
  for (const other of others) {
    if (other.kind !== "service" || other.routerVni !== routerVni || (other.ipv4 !== vip && other.ipv6 !== vip))
      continue;
    say({
      code: "conflict",
      property: vip.includes(":") ? "ipv6Vip" : "vip",
      value: vip,
      cause: `service ${other.label} of ${other.owner} has it in this network`,
      remedy: "choose another address",
    });
  }
}

function linkIsThere({ routerVni }: ServiceIntent, others: readonly Intent[], say: Say): void {
  const router = others.find((one) => one.kind === "router" && one.vni === routerVni);
  if (router?.kind !== "router" || router.egress !== undefined) return;
  const remedy = "set egress of the network to nat or routed";
  say({ code: "missing-capability", property: "expose", cause: "the network has no link to this host", remedy });
}

function addressIsThere({ address }: ServiceExposure, { host }: Snapshot, say: Say): void {
  const present = [...host.links.values()].some(({ addresses }) =>
    addresses.some((one) => one.replace(/\/.*/, "") === address),
  );
  if (present) return;
  const remedy = "give the address to an interface of the host, or limit expose to the hosts that have it (hosts)";
  say({ code: "not-found", property: "expose", value: address, cause: "is no address of the host", remedy });
}

type Way = Pick<ServiceExposure, "protocol" | "address" | "port">;

function listenerIsAway(wanted: Way, { listeners }: Snapshot, say: Say): void {
  const found = listeners.find(
    ({ protocol, port, address }) =>
      protocol === wanted.protocol && port === wanted.port && (address === undefined || address === wanted.address),
  );
  if (found === undefined) return;
  say({
    code: "conflict",
    property: "expose",
    value: portText({ ...wanted, endPort: undefined }),
    cause: `the host itself listens on ${found.protocol} port ${found.port}`,
    remedy: "choose another port or address: what is translated no longer reaches the host",
  });
}

function portIsFree(wanted: Way, others: readonly Intent[], say: Say): void {
  for (const other of others) {
    const held = waysOf(other).find(
      ({ protocol, address, port, endPort = port }) =>
        protocol === wanted.protocol && address === wanted.address && port <= wanted.port && wanted.port <= endPort,
    );
    if (held === undefined) continue;
    say({
      code: "conflict",
      property: "expose",
      value: portText({ ...wanted, endPort: undefined }),
      cause: `${other.kind === "router" ? "network" : "service"} ${other.label} has it on this host`,
      remedy: "a port leads to one thing: choose another port, address or host",
    });
  }
}

function waysOf(intent: Intent): readonly (Way & { readonly endPort?: number | undefined })[] {
  if (intent.kind === "router") return intent.nat?.destination ?? [];
  return intent.kind === "service" ? (intent.exposures ?? []) : [];
}
