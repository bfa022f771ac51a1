/** The words that several chains of the firewall's table are written in. */

import type { Family } from "../../model/address";
import type { Operand, OriginalField, ProgramRule, RuleStatement, Selector } from "../nft/program";

export const iifname: Selector = { meta: { key: "iifname" } };
export const oifname: Selector = { meta: { key: "oifname" } };
export const l4proto: Selector = { meta: { key: "l4proto" } };
export const original = (key: OriginalField): Selector => ({ ct: { key, dir: "original" } });
export const payload = (protocol: string, field: string): Selector => ({ payload: { protocol, field } });
export const is = (left: Operand, right: Operand): RuleStatement => ({ match: { op: "==", left, right } });

export const dropped = (comment: string, ...conditions: readonly RuleStatement[]): ProgramRule => ({
  expr: [...conditions, { counter: null }, { drop: null }],
  comment,
});

export const isFamily = (family: Family): RuleStatement => is({ meta: { key: "nfproto" } }, `ipv${family}`);

/** ICMPv6: multicast listeners, router solicitation, neighbour solicitation and advertisement. */
export const neighbourTypes: readonly number[] = [130, 131, 132, 133, 135, 136, 143];

/**
 * Neighbour discovery, router solicitation and multicast listeners: no IPv6 without them. Only in IPv6: protocol 58 in
 * an IPv4 packet is not ICMPv6.
 */
export const isNeighbourDiscovery: readonly RuleStatement[] = [
  isFamily(6),
  is(payload("icmpv6", "type"), { set: neighbourTypes }),
];
