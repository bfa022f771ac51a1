import type { Expression, Statement } from "./json";

/** The words of nftables that our chains are written in. */

export const iifname: Expression = { meta: { key: "iifname" } };
export const oifname: Expression = { meta: { key: "oifname" } };
export const drop: Statement = { drop: null };
export const accept: Statement = { accept: null };
export const masquerade: Statement = { masquerade: null };
export const payload = (protocol: string, field: string): Expression => ({ payload: { protocol, field } });
/** Bits of a header at an offset, both in bits. */
export const raw = (base: "ll" | "nh" | "th", offset: number, len: number): Expression => ({
  payload: { base, offset, len },
});
export const is = (left: Expression, right: Expression): Statement => ({ match: { op: "==", left, right } });
export const isNot = (left: Expression, right: Expression): Statement => ({ match: { op: "!=", left, right } });
export const goto = (target: string): Statement => ({ goto: { target } });
export const translated: Statement = {
  match: { op: "in", left: { ct: { key: "status" } }, right: "dnat" },
};
export const established: Statement = {
  match: { op: "in", left: { ct: { key: "state" } }, right: { set: ["established", "related"] } },
};

/** Before the `filter` priority (0), so that nobody's accept there comes first; a drop is final wherever it is. */
export const beforeFilter = -10;
/** Before conntrack looks (-200), and before the firewall's own table (-300), which then finds the zone given. */
export const beforeConntrack = -310;
/** Before Docker's and others' source NAT (100). */
export const beforeSourceNat = 99;

/** Before Docker's and others' destination NAT (-100). */
export const beforeDestinationNat = -101;
/** After all destination NAT. */
export const afterDestinationNat = -95;

export const ipOf = (text: string): "ip" | "ip6" => (text.includes(":") ? "ip6" : "ip");

function block(cidr: string): Expression {
  const [addr = "", length = ""] = cidr.split("/");
  return { prefix: { addr, len: Number(length) } };
}

/** The packet's source or destination lies in one of the CIDRs, which are of one family. */
export function liesIn(field: "saddr" | "daddr", cidrs: readonly string[]): Statement {
  const [first = "", ...others] = cidrs;
  const right = others.length === 0 ? block(first) : { set: cidrs.map(block) };
  return is(payload(ipOf(first), field), right);
}
