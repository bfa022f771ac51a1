/** What a reviewer must not overlook in a policy: openings to everybody, ports of management, groups without members. */

import type { PolicySpec, RuleSpec } from "../compile/firewall/intent";
import { policyOf } from "../compile/firewall/parse-spec";
import { families, isEveryAddress, isNoAddress } from "../policy/address-set";
import { intersectIntervals, type IntervalSet, intervalSet } from "../policy/intervals";
import type { Rule } from "../policy/rule";
import { lowBits, transportOf } from "../policy/transport";
import type { Realm } from "./realm";
import { transportText } from "./transport-text";

export interface Risk {
  /** `everybody`: a rule lets in, or out to, the whole world; `management`: ports by which machines are administered. */
  readonly kind: "everybody" | "management" | "empty-group";
  /** `POLICY/RULE` */
  readonly rule: string;
  readonly sentence: string;
}

const management: readonly (readonly [protocol: number, port: number, name: string])[] = [
  [6, 22, "SSH"],
  [6, 23, "Telnet"],
  [6, 2375, "Docker"],
  [6, 2376, "Docker"],
  [6, 2379, "etcd"],
  [6, 2380, "etcd"],
  [6, 3389, "RDP"],
  [6, 5900, "VNC"],
  [6, 5985, "WinRM"],
  [6, 5986, "WinRM"],
  [6, 6443, "Kubernetes API"],
  [6, 10250, "kubelet"],
  [17, 161, "SNMP"],
  [17, 623, "IPMI"],
];
const managementPorts: IntervalSet<number> = intervalSet(
  management.map(([protocol, port]) => ({ first: protocol * lowBits + port, last: protocol * lowBits + port })),
);

/**
 * Of the rules that allow and were not there before.
 *
 * @param before the policy as it was
 */
export function risksOf(spec: PolicySpec, before: PolicySpec | undefined, realm: Realm): readonly Risk[] {
  const known = new Set(before?.rules.map((rule) => JSON.stringify(rule)));
  const policy = policyOf(spec);
  return policy.rules.flatMap((rule, index): readonly Risk[] => {
    const text = spec.rules[index];
    if (text === undefined || known.has(JSON.stringify(text)) || !rule.enabled) return [];
    return [...openingsOf(spec.name, rule, realm), ...emptyGroupsOf(spec, text, realm)];
  });
}

function openingsOf(policy: string, rule: Rule, { resolver }: Realm): readonly Risk[] {
  if (rule.action !== "allow") return [];
  const ref = `${policy}/${rule.name}`;
  const peers = resolver.peers(rule.peers, undefined);
  const everybody = families.filter((family) => isEveryAddress(peers[family], family));
  const transport = transportOf(rule.services, everybody[0] ?? 4);
  const isIn = rule.direction === "ingress";
  const risks: Risk[] = [];
  if (everybody.length > 0) {
    const whom = everybody.map((family) => (family === 4 ? "0.0.0.0/0" : "::/0")).join(" and ");
    const what = transportText(transport);
    const sentence = isIn
      ? `rule ${ref} lets everybody (${whom}) in on ${what}`
      : `rule ${ref} lets out to everybody (${whom}) on ${what}`;
    risks.push({ kind: "everybody", rule: ref, sentence });
  }
  const ports = intersectIntervals(transport, managementPorts);
  if (isIn && ports.length > 0 && rule.services !== "any" && !isNoAddress(peers)) {
    const named = management.filter(([protocol, port]) =>
      ports.some(({ first, last }) => first <= protocol * lowBits + port && protocol * lowBits + port <= last),
    );
    const text = [...new Set(named.map(([, , name]) => name))].join(", ");
    const sentence = `rule ${ref} opens ports of management: ${transportText(ports)} (${text})`;
    risks.push({ kind: "management", rule: ref, sentence });
  }
  return risks;
}

function emptyGroupsOf(spec: PolicySpec, rule: RuleSpec, { resolver }: Realm): readonly Risk[] {
  return rule.peers.flatMap((peer): readonly Risk[] => {
    if (peer.kind !== "group") return [];
    const name = `${spec.name}/${peer.name}`;
    const members = [{ kind: "group", name } as const];
    if (!isNoAddress(resolver.peers(members, undefined)) || resolver.dynamic(members).length > 0) return [];
    const ref = `${spec.name}/${rule.name}`;
    return [{ kind: "empty-group", rule: ref, sentence: `group ${peer.name} of rule ${ref} has no members so far` }];
  });
}
