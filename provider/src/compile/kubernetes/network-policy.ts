/** The application tier: NetworkPolicy, whose policies only allow and add up. */

import { formatCidr } from "../../model/cidr";
import { type Direction, directions, type Policy } from "../../policy/rule";
import { type Json } from "./object";
import type { ClusterPeer } from "./peers";
import type { ClusterPorts } from "./ports";
import type { Refusals } from "./refusals";
import type { ClusterRule } from "./rules";
import { selectorJson } from "./selectors";
import { namespaceNameLabel, type Pods } from "./world";

/** What is in `spec` besides the pods that it is about; `undefined` where it would say nothing. */
export function networkPolicySpec(
  policy: Policy,
  rules: readonly ClusterRule[],
  refusals: Refusals,
): { readonly [key: string]: Json } | undefined {
  for (const { index, action } of rules) {
    if (action === "allow") continue;
    refusals.rule(index, {
      cause: `has NetworkPolicy for tier application, which only allows and cannot ${action}`,
      remedy: "write the rule into a policy of tier admin or baseline",
    });
  }
  const stated = directions.filter((direction) => isStated(policy, direction, rules, refusals));
  if (stated.length === 0) return undefined;
  const lists = stated.flatMap((direction): readonly (readonly [Direction, Json])[] => {
    // One without conditions allows all.
    if (policy.defaults[direction] === "allow") return [[direction, [{}]]];
    const own = rules.filter((rule) => rule.direction === direction);
    // The server forgets an empty list; `policyTypes` says enough.
    return own.length === 0 ? [] : [[direction, own.map(ruleJson)]];
  });
  return { policyTypes: stated.map((direction) => typeNames[direction]), ...Object.fromEntries(lists) };
}

const typeNames: Readonly<Record<Direction, string>> = { egress: "Egress", ingress: "Ingress" };

/** Whether the policy is about the direction: then what it does not allow is dropped. */
function isStated(policy: Policy, direction: Direction, rules: readonly ClusterRule[], refusals: Refusals): boolean {
  const action = policy.defaults[direction];
  switch (action) {
    case "isolate":
    case "allow":
      return true;
    case "continue":
      for (const { index } of rules.filter((rule) => rule.direction === direction)) {
        refusals.rule(index, {
          cause: `drops all that the policies of tier application do not allow, so a rule for ${direction} cannot leave the rest open`,
          remedy: `write defaults.${direction}: isolate, or a policy of tier admin`,
        });
      }
      return false;
    case "deny":
    case "reject":
    case "pass":
      refusals.ofPolicy(`defaults.${direction}`, {
        cause: `has NetworkPolicy for tier application, to which other policies add: it cannot ${action} what they allow`,
        remedy: "write isolate, or a policy of tier admin or baseline",
      });
      return false;
  }
}

/** The namespace that a selection of pods is in: a NetworkPolicy is of one. */
export function namespaceOf({ namespaces: { matchLabels, matchExpressions } }: Pods): string | undefined {
  const only = Object.keys(matchLabels).length === 1 && matchExpressions.length === 0;
  return only ? matchLabels[namespaceNameLabel] : undefined;
}

function ruleJson({ direction, peers, ports }: ClusterRule): Json {
  return {
    ...(peers === "any" ? {} : { [direction === "ingress" ? "from" : "to"]: peers.map(peerJson) }),
    ...(ports === "any" ? {} : { ports: ports.map(portJson) }),
  };
}

function peerJson(peer: ClusterPeer): Json {
  if (peer.kind === "pods") {
    return { namespaceSelector: selectorJson(peer.namespaces), podSelector: selectorJson(peer.pods) };
  }
  const except = peer.except.map(formatCidr);
  return { ipBlock: { cidr: formatCidr(peer.cidr), ...(except.length === 0 ? {} : { except }) } };
}

function portJson({ protocol, range }: ClusterPorts): Json {
  if (range === undefined) return { protocol };
  const { first, last } = range;
  return { protocol, port: first, ...(last === first ? {} : { endPort: last }) };
}
