import type { PeeringIntent, PeeringSide } from "./intent";
import { markOf, peeringChainName, peeringLinkName, routerNamespace } from "./names";
import { accept, beforeFilter, drop, iifname, is, liesIn, oifname } from "./nft/expressions";
import type { Chain, Rule } from "./nft/json";
import type { Step } from "./step";

/** Two routers of one host with a link between them, routes into the other's space, and nothing else that passes. */
export function peeringSteps(intent: PeeringIntent): readonly Step[] {
  const [left, right] = intent.sides;
  const link = peeringLinkName(intent.vni);
  const [from, where] = [left, right].map(({ routerVni }) => routerNamespace(routerVni, intent.scope)) as [
    string,
    string,
  ];
  const mark = markOf(intent);
  return [
    // The guards first: the link is never up without them.
    { kind: "nft-chain", where: from, chain: guard(intent.vni, left, right) },
    { kind: "nft-chain", where, chain: guard(intent.vni, right, left) },
    { kind: "veth", from, name: link, where, peer: link, mtu: intent.mtu, mac: undefined, bridge: undefined, mark },
    { kind: "addresses", where: from, link, addresses: transits(left) },
    { kind: "addresses", where, link, addresses: transits(right) },
    ...routes(from, link, right),
    ...routes(where, link, left),
  ];
}

const transits = ({ ipv4, ipv6 }: PeeringSide): readonly string[] => [
  ...(ipv4 === undefined ? [] : [`${ipv4}/31`]),
  ...(ipv6 === undefined ? [] : [`${ipv6}/127`]),
];

function routes(where: string, device: string, far: PeeringSide): readonly Step[] {
  return far.prefixes.flatMap((destination): readonly Step[] => {
    const via = destination.includes(":") ? far.ipv6 : far.ipv4;
    return via === undefined ? [] : [{ kind: "route", where, destination, device, via }];
  });
}

/**
 * What passes the link on one side. Without states: a reply may come back by another host's routers. What comes from
 * or goes to a third network is in neither space, so a peering leads to the next network only and not beyond.
 */
function guard(vni: number, own: PeeringSide, far: PeeringSide): Chain {
  const link = peeringLinkName(vni);
  const between = (source: PeeringSide, destination: PeeringSide): readonly Rule[] =>
    [false, true].flatMap((six): readonly Rule[] => {
      const ofFamily = ({ prefixes }: PeeringSide): readonly string[] =>
        prefixes.filter((one) => one.includes(":") === six);
      const [sources, destinations] = [ofFamily(source), ofFamily(destination)];
      if (sources.length === 0 || destinations.length === 0) return [];
      return [[liesIn("saddr", sources), liesIn("daddr", destinations), accept]];
    });
  const [incoming, outgoing] = [is(iifname, link), is(oifname, link)];
  return {
    name: peeringChainName(vni),
    type: "filter",
    hook: "forward",
    priority: beforeFilter,
    rules: [
      ...between(far, own).map((rule) => [incoming, ...rule]),
      [incoming, drop],
      ...between(own, far).map((rule) => [outgoing, ...rule]),
      [outgoing, drop],
    ],
  };
}
