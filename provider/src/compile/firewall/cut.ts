/**
 * Open flows that must end, as sets: their packets are dropped in both directions before anything that belongs to a
 * flow is accepted. A flow is named by what conntrack has of its first packet, so neither answers nor translated
 * packets need a name of their own.
 */

import { type Family, formatAddress } from "../../model/address";
import { hasPorts, icmpNumber, icmpOf, icmpv6Number, portProtocols } from "../../policy/transport";
import type { KeyPart, ProgramChain, ProgramRule, ProgramSet, RuleStatement, Selector } from "../nft/program";
import { dropped, iifname, is, l4proto, oifname, original } from "./expressions";
import { type Flow, flowKey, noZone } from "./flows";
import type { FirewallPlan } from "./plan";
import { addressField } from "./shape";

export interface CutProgram {
  readonly sets: readonly ProgramSet[];
  readonly chains: readonly ProgramChain[];
  /** For packets that come from a bridge, and for those that the host sends to one. Nothing where nothing is cut. */
  readonly from: readonly ProgramRule[];
  readonly to: readonly ProgramRule[];
  /** For the host's own flows, wherever they are seen. */
  readonly own: readonly ProgramRule[];
}

/** The flows of one family and protocol; of all protocols without ports in one. */
interface Kind {
  /** Whether on a bridge: those of the host itself have no zone. */
  readonly isBridged: boolean;
  readonly family: Family;
  readonly protocol: number | undefined;
}

export function cutProgram(cuts: readonly Flow[], zones: FirewallPlan["zones"]): CutProgram {
  const bridges = new Map(zones.map(({ bridge, zone }) => [zone, bridge]));
  const known = [...new Map(cuts.map((flow) => [flowKey(flow), flow])).values()].flatMap(
    (flow): readonly KnownFlow[] => {
      const bridge = bridges.get(flow.zone);
      return bridge === undefined && flow.zone !== noZone ? [] : [{ bridge, flow }];
    },
  );
  const kinds = [...Map.groupBy(known, ({ flow }) => setName(kindOf(flow)))]
    .map(([name, found]) => ({ name, kind: kindOf((found[0] as KnownFlow).flow), elements: found.map(keyOf) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const chain = (name: string, bridge: Selector | undefined): readonly ProgramChain[] => {
    const rules = kinds
      .filter(({ kind }) => kind.isBridged === (bridge !== undefined))
      .map(({ name: set, kind }) => cutRule(bridge, kind, set));
    return rules.length === 0 ? [] : [{ name, rules }];
  };
  const [from, to, own] = [chain("cut_from", iifname), chain("cut_to", oifname), chain("cut_own", undefined)];
  return {
    sets: kinds.map(({ name, kind, elements }) => ({ name, type: typeOf(kind), elements })),
    chains: [...from, ...to, ...own],
    from: jumps(from),
    to: jumps(to),
    own: jumps(own, is({ ct: { key: "zone" } }, noZone)),
  };
}

const jumps = (chains: readonly ProgramChain[], ...conditions: readonly RuleStatement[]): readonly ProgramRule[] =>
  chains.map(({ name }) => ({ expr: [...conditions, { jump: { target: name } }] }));

/** Conntrack has two words of these: ports, or the id and the type with its code. */
const protocolNames: ReadonlyMap<number, string> = new Map([
  ...[...portProtocols].map(([name, number]) => [number, name] as const),
  [icmpNumber, "icmp"],
  [icmpv6Number, "icmpv6"],
]);

function kindOf({ zone, source: { family }, protocol }: Flow): Kind {
  const hasWords = hasPorts(protocol) || protocol === icmpOf(family);
  return { isBridged: zone !== noZone, family, protocol: hasWords ? protocol : undefined };
}

const setName = ({ isBridged, family, protocol }: Kind): string =>
  `cut${isBridged ? "" : "_own"}${family}_${protocol === undefined ? "other" : (protocolNames.get(protocol) ?? "")}`;

function typeOf({ isBridged, family, protocol }: Kind): readonly string[] {
  const address = addressField("saddr", family).type;
  const words = protocol === undefined ? ["inet_proto"] : ["inet_service", "inet_service"];
  return [...(isBridged ? ["ifname"] : []), address, address, ...words];
}

interface KnownFlow {
  /** `undefined`: one of the host itself. */
  readonly bridge: string | undefined;
  readonly flow: Flow;
}

function keyOf({ bridge, flow }: KnownFlow): readonly KeyPart[] {
  const { source, destination, protocol, sourcePort = 0, port = 0, icmp, icmpId = 0 } = flow;
  const ends = [...(bridge === undefined ? [] : [bridge]), formatAddress(source), formatAddress(destination)];
  if (hasPorts(protocol)) return [...ends, sourcePort, port];
  if (protocol !== icmpOf(source.family)) return [...ends, protocol];
  return [...ends, icmpId, icmp === undefined ? 0 : icmp.type * 256 + icmp.code];
}

function cutRule(bridge: Selector | undefined, { family, protocol }: Kind, set: string): ProgramRule {
  const ip = family === 4 ? "ip" : "ip6";
  const ends = [...(bridge === undefined ? [] : [bridge]), original(`${ip} saddr`), original(`${ip} daddr`)];
  if (protocol === undefined) return dropped("cut", is({ concat: [...ends, l4proto] }, `@${set}`));
  const words = [original("proto-src"), original("proto-dst")];
  // The protocol first: without it nft does not know what the words are.
  return dropped("cut", is(l4proto, protocol), is({ concat: [...ends, ...words] }, `@${set}`));
}
