/** Ports of hosts that lead to a service: for whoever is outside, and for the host itself. */
import { routerNamespace, uplinkName, markOf } from "../names";
import {
  beforeDestinationNat,
  beforeSourceNat,
  iifname,
  ipOf,
  is,
  isNot,
  masquerade,
  oifname,
  payload,
} from "../nft/expressions";
import type { Expression, Rule } from "../nft/json";
import type { Step } from "../step";
import { chooser, servedTargets, type Target } from "./balancing";
import type { ServiceExposure, ServiceIntent } from "./intent";

/**
 * The host translates its own address to the service's, which it routes to the network's router; the router chooses a
 * backend. Of whatever host that is, its reply must come back to this router: so it sees the router's address.
 */
export function exposureSteps(intent: ServiceIntent): readonly Step[] {
  const exposures = (intent.exposures ?? []).filter((one) => vipFor(intent, one) !== undefined);
  if (exposures.length === 0) return [];
  return [...hostSteps(intent, exposures), ...routerSteps(intent, exposures)];
}

const vipFor = (intent: ServiceIntent, { address }: ServiceExposure): string | undefined =>
  ipOf(address) === "ip" ? intent.ipv4 : intent.ipv6;

function hostSteps(intent: ServiceIntent, exposures: readonly ServiceExposure[]): readonly Step[] {
  const device = uplinkName(intent.routerVni);
  const mark = markOf(intent);
  const routes = new Map(
    exposures.map((one) => {
      const vip = vipFor(intent, one) ?? "";
      const destination = `${vip}/${vip.includes(":") ? 128 : 32}`;
      return [vip, { kind: "route", where: undefined, destination, device, via: one.via } satisfies Step];
    }),
  );
  return [
    ...routes.values(),
    ...exposures.map((one): Step => {
      const map = `ports${ipOf(one.address) === "ip" ? 4 : 6}`;
      const key = [one.address, one.protocol, String(one.port)];
      return { kind: "nft-map", map, key, value: vipFor(intent, one) ?? "", mark };
    }),
  ];
}

function routerSteps(intent: ServiceIntent, exposures: readonly ServiceExposure[]): readonly Step[] {
  const where = routerNamespace(intent.routerVni, intent.scope);
  const vips = [...new Set(exposures.map((one) => vipFor(intent, one) ?? ""))];
  const back = vips.map((vip): Rule => [
    isNot(oifname, "uplink"),
    is({ ct: { key: `${ipOf(vip)} daddr`, dir: "original" } }, vip),
    masquerade,
  ]);
  return [
    {
      kind: "nft-chain",
      where,
      chain: {
        name: `expose-${intent.name}`,
        type: "nat",
        hook: "prerouting",
        priority: beforeDestinationNat,
        rules: exposures.flatMap((one) => wayIn(intent, one)),
      },
    },
    {
      kind: "nft-chain",
      where,
      chain: {
        name: `expose-${intent.name}-back`,
        type: "nat",
        hook: "postrouting",
        priority: beforeSourceNat,
        rules: back,
      },
    },
  ];
}

/** Without a backend nothing is translated, and the router says that the address is unreachable. */
function wayIn(intent: ServiceIntent, exposure: ServiceExposure): readonly Rule[] {
  const family = ipOf(exposure.address);
  const served = servedTargets(intent, family);
  const service = intent.ports.find(
    ({ protocol, port }) => protocol === exposure.protocol && port === exposure.servicePort,
  );
  const [only] = served;
  if (only === undefined || service === undefined) return [];
  const vip = vipFor(intent, exposure) ?? "";
  const addr = served.length === 1 ? only.address : choice(intent, family, served);
  // A process chooses by itself.
  const target = intent.balancer === undefined ? { addr, port: service.targetPort } : { addr: vip, port: service.port };
  return [
    [
      is(iifname, "uplink"),
      is(payload(family, "daddr"), vip),
      is(payload(exposure.protocol, "dport"), exposure.port),
      { dnat: { family, ...target } },
    ],
  ];
}

function choice(intent: ServiceIntent, family: "ip" | "ip6", served: readonly Target[]): Expression {
  let from = 0;
  const set = served.map(({ address, weight }): readonly [Expression, Expression] => {
    const first = from;
    from += weight;
    return [weight === 1 ? first : { range: [first, from - 1] }, address];
  });
  return { map: { key: chooser(intent.balancing, family, from), data: { set } } };
}
