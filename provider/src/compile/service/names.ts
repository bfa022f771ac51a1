import { routerNamespace } from "../names";
import {
  accept,
  beforeDestinationNat,
  beforeFilter,
  drop,
  iifname,
  is,
  isNot,
  liesIn,
  payload,
} from "../nft/expressions";
import type { Chain, Rule } from "../nft/json";
import type { Step } from "../step";
import type { ServiceIntent } from "./intent";
import { recordsOf } from "./records";

/** Any gateway's link: what a segment's members send to their router arrives there. */
const fromSegments = "a*";
const protocols = ["udp", "tcp"] as const;

/**
 * The names of an entry, and what answers for them: one server a network and host, which all its entries share. In this
 * order nothing is led to a server that does not run yet.
 */
export function nameSteps(intent: ServiceIntent): readonly Step[] {
  const where = routerNamespace(intent.routerVni, intent.scope);
  const { zone, upstreams } = intent.dns;
  return [
    { kind: "nft-chain", where, chain: guard, shared: true },
    { kind: "dns-entry", where, entry: intent.name, records: recordsOf(intent) },
    { kind: "dns-server", where, zone, upstreams, shared: true },
    { kind: "nft-chain", where, chain: redirect(intent.pools), shared: true },
  ];
}

/** Neither the host, nor what is beyond it, nor another network asks this network's server. */
const guard: Chain = {
  name: "names-guard",
  type: "filter",
  hook: "input",
  priority: beforeFilter,
  rules: protocols.map((protocol): Rule => {
    return [isNot(iifname, fromSegments), isNot(iifname, "lo"), is(payload(protocol, "dport"), 53), drop];
  }),
};

/**
 * Whatever server a segment's member asks, this one answers: Docker's embedded server, for one, passes on to those of the
 * host. Servers in other subnets of the network and in a peer of it stay what they are, and so do virtual addresses, of
 * which one may be a DNS server's.
 */
const redirect = (pools: readonly string[]): Chain => ({
  name: "names",
  type: "nat",
  hook: "prerouting",
  priority: beforeDestinationNat + 1,
  rules: [
    ...["g*", "p*"].map((link): Rule => [is({ fib: { result: "oifname", flags: ["daddr"] } }, link), accept]),
    ...pools.map((pool): Rule => [liesIn("daddr", [pool]), accept]),
    ...protocols.map((protocol): Rule => {
      return [is(iifname, fromSegments), is(payload(protocol, "dport"), 53), { redirect: null }];
    }),
  ],
});
