/**
 * The host itself as something that policies apply to: what it gets and sends beside our bridges, and what is translated
 * to others on its way in. The latter is judged by the port that it was sent to, so that a published port is no way
 * around a policy of the host.
 */

import { type Address, type Family, formatAddress, sameAddress } from "../../model/address";
import { type Cidr, firstAddress, inCidr, size } from "../../model/cidr";
import { families } from "../../policy/address-set";
import type { Direction } from "../../policy/rule";
import { icmpOf } from "../../policy/transport";
import type { Operand, ProgramChain, ProgramRule, RuleStatement, Selector } from "../nft/program";
import { iifname, is, isFamily, neighbourTypes, oifname, payload } from "./expressions";
import type { Flow } from "./flows";

/** Connections over TCP that no policy of the host cuts off. */
export interface FailsafeSession {
  /** Default: from anywhere. */
  readonly client?: Cidr;
  /** Default: to any of the host's addresses. */
  readonly server?: Address;
  readonly port: number;
}

export interface OwnPlan {
  /** Names of classes. */
  readonly classes: Readonly<Record<Direction, Readonly<Record<Family, string>>>>;
  readonly failsafe: readonly FailsafeSession[];
  readonly underlayPorts: readonly number[];
  readonly hostAddresses: readonly Address[];
}

/** The chain of a class for packets whose destination was translated. */
export const translatedName = (name: string): string => `${name}_translated`;

/** What the base chains have for the host: before open flows pass, and after. */
export interface OwnChains {
  readonly chains: readonly ProgramChain[];
  readonly cutIn: readonly ProgramRule[];
  readonly cutForward: readonly ProgramRule[];
  readonly cutOut: readonly ProgramRule[];
  readonly input: readonly ProgramRule[];
  readonly forward: readonly ProgramRule[];
  readonly output: readonly ProgramRule[];
}

const nothing: OwnChains = {
  chains: [],
  cutIn: [],
  cutForward: [],
  cutOut: [],
  input: [],
  forward: [],
  output: [],
};

/** @param cuts rules that end open flows of the host */
export function ownChains(own: OwnPlan | undefined, cuts: readonly ProgramRule[]): OwnChains {
  if (own === undefined) return nothing;
  const { ingress, egress } = own.classes;
  const byFamily = (names: (family: Family) => string, ...conditions: readonly RuleStatement[]) =>
    families.map((family): ProgramRule => ({
      expr: [...conditions, isFamily(family), { goto: { target: names(family) } }],
    }));
  const translated = (family: Family): string => translatedName(ingress[family]);
  const isCut = cuts.length > 0;
  return {
    chains: [
      { name: "never_in", rules: neverJudged(own, "ingress") },
      { name: "never_out", rules: neverJudged(own, "egress") },
      {
        name: "own_in",
        rules: [jump("never_in"), ...byFamily(translated, isTranslated), ...byFamily((family) => ingress[family])],
      },
      { name: "own_translated", rules: byFamily(translated) },
      { name: "own_out", rules: [jump("never_out"), ...byFamily((family) => egress[family])] },
    ],
    cutIn: isCut ? [jump("never_in", beside(iifname)), ...cuts] : [],
    cutForward: cuts,
    cutOut: isCut ? [jump("never_out", beside(oifname)), ...cuts] : [],
    input: [jump("own_in", beside(iifname))],
    forward: [jump("own_translated", isTranslated)],
    output: [jump("own_out", beside(oifname))],
  };
}

const jump = (target: string, ...conditions: readonly RuleStatement[]): ProgramRule => ({
  expr: [...conditions, { jump: { target } }],
});
const isTranslated: RuleStatement = { match: { op: "in", left: { ct: { key: "status" } }, right: "dnat" } };
/** What passes our bridges is the endpoints'. */
export const beside = (side: Selector): RuleStatement => ({ match: { op: "!=", left: side, right: "sdn-b-*" } });

/** Router advertisements, too: whoever can send them to the host is on its link. */
const linkTypes = [...neighbourTypes, 134];

/** From the one to the other port. */
const dhcp: Readonly<Record<Direction, readonly (readonly [number, number])[]>> = {
  ingress: [
    [67, 68],
    [547, 546],
  ],
  egress: [
    [68, 67],
    [546, 547],
  ],
};

/** Without these a host loses its addresses, its neighbours, its networks or its operator. */
function neverJudged({ failsafe, underlayPorts }: OwnPlan, direction: Direction): readonly ProgramRule[] {
  const accept = (...conditions: readonly RuleStatement[]): ProgramRule => ({
    expr: [...conditions, { accept: null }],
  });
  const udp = (field: string, right: Operand): RuleStatement => is(payload("udp", field), right);
  return [
    accept(is(direction === "ingress" ? iifname : oifname, "lo")),
    accept(isFamily(6), is(payload("icmpv6", "type"), { set: linkTypes })),
    ...failsafe.flatMap((session) => sessionConditions(session, direction).map((conditions) => accept(...conditions))),
    ...underlayPorts.map((port) => accept(udp("dport", port))),
    ...dhcp[direction].map(([from, to]) => accept(udp("sport", from), udp("dport", to))),
  ];
}

/** Without conntrack, so that the session goes on whatever becomes of its flow: both directions have a rule. */
function sessionConditions(
  { client, server, port }: FailsafeSession,
  direction: Direction,
): readonly (readonly RuleStatement[])[] {
  const [from, to, field] = direction === "ingress" ? ["saddr", "daddr", "dport"] : ["daddr", "saddr", "sport"];
  const family = client?.family ?? server?.family;
  if (client !== undefined && server !== undefined && client.family !== server.family) return [];
  const header = family === 4 ? "ip" : "ip6";
  return [
    [
      ...(client === undefined ? [] : [is(payload(header, from), block(client))]),
      ...(server === undefined ? [] : [is(payload(header, to), formatAddress(server))]),
      is(payload("tcp", field), port),
    ],
  ];
}

function block(cidr: Cidr): Operand {
  const addr = formatAddress(firstAddress(cidr));
  return size(cidr) === 1n ? addr : { prefix: { addr, len: cidr.prefixLength } };
}

/** Whether a flow is one of those that are never judged, by what conntrack has of it. */
export function isSpared({ failsafe, underlayPorts }: OwnPlan, flow: Flow, direction: Direction): boolean {
  const { source, destination, protocol, sourcePort, port, icmp } = flow;
  if (protocol === icmpOf(6) && icmp !== undefined) return linkTypes.includes(icmp.type);
  if (protocol === 17 && port !== undefined) {
    return underlayPorts.includes(port) || dhcp[direction].some(([from, to]) => sourcePort === from && port === to);
  }
  if (protocol !== 6 || direction === "egress") return false;
  return failsafe.some(
    (one) =>
      one.port === port &&
      (one.client === undefined || inCidr(source, one.client)) &&
      (one.server === undefined || sameAddress(destination, one.server)),
  );
}
