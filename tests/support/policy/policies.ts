/** Policies and rules with everything that a test does not speak of left plain. */
import { hash64 } from "../../../provider/src/model/hash";
import type { Policy, Rule } from "../../../provider/src/policy/rule";

export function rule(name: string, given: Partial<Rule> = {}): Rule {
  return {
    name,
    direction: "ingress",
    action: "allow",
    peers: [{ kind: "any" }],
    services: "any",
    enabled: true,
    ...given,
  };
}

export function policy(name: string, given: Partial<Policy> = {}): Policy {
  return {
    name,
    tier: "application",
    priority: Number(hash64(name) % 60_000n),
    appliesTo: [],
    rules: [],
    defaults: { ingress: "continue", egress: "continue" },
    enforcement: { mode: "enforced" },
    onClose: "cut",
    ...given,
  };
}
