/**
 * The same policy as one would write it by hand, a rule a line. It has less to do than ours: no comments, IPv4 alone,
 * and it applies to whatever passes the host.
 */
import type { PlainRule } from "./policy";

/** Rules that stand before the first one of the list. */
export const rulesBefore = 1;

const portsOf = ({ first, last }: PlainRule, dash: string): string =>
  first === last ? String(first) : `${first}${dash}${last}`;

export const nftRule = (rule: PlainRule): string =>
  `ip saddr ${rule.from} ${rule.protocol} dport ${portsOf(rule, "-")} counter ${rule.action === "allow" ? "accept" : "drop"}`;

export const nftTable = "linear";

export function nftRuleset(rules: readonly PlainRule[]): string {
  const head = "type filter hook forward priority filter; policy drop;\nct state established,related counter accept";
  return `table ip ${nftTable} {\nchain forward {\n${head}\n${rules.map(nftRule).join("\n")}\n}\n}\n`;
}

/** What follows the name of the chain. */
export const iptablesRule = (rule: PlainRule): string =>
  `-s ${rule.from} -p ${rule.protocol} --dport ${portsOf(rule, ":")} -j ${rule.action === "allow" ? "ACCEPT" : "DROP"}`;

export function iptablesRuleset(rules: readonly PlainRule[]): string {
  const first = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  const lines = rules.map((rule) => `-A FORWARD ${iptablesRule(rule)}`);
  return `*filter\n:FORWARD DROP\n${first}\n${lines.join("\n")}\nCOMMIT\n`;
}

export const iptablesEmpty = "*filter\n:FORWARD ACCEPT\nCOMMIT\n";
