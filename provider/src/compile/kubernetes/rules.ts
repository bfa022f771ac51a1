import type { Direction, Policy, Rule, RuleAction } from "../../policy/rule";
import { type ClusterPeer, peersOf } from "./peers";
import { type ClusterPorts, portsOf } from "./ports";
import type { Found, Refusals, Why } from "./refusals";
import type { Cluster, ClusterWorld } from "./world";

/** A rule in the words of a cluster. */
export interface ClusterRule {
  /** In the policy. */
  readonly index: number;
  readonly name: string;
  readonly direction: Direction;
  readonly action: Exclude<RuleAction, "reject">;
  /** Never empty. */
  readonly peers: readonly ClusterPeer[] | "any";
  /** Never empty. */
  readonly ports: readonly ClusterPorts[] | "any";
}

/** The rules that match anything, in order. What none of the policy kinds can say is refused. */
export function rulesOf(
  policy: Policy,
  world: ClusterWorld,
  cluster: Cluster,
  refusals: Refusals,
): readonly ClusterRule[] {
  return policy.rules.flatMap((rule, index): readonly ClusterRule[] => {
    if (!rule.enabled) return [];
    const refuse = (why: Why): void => refusals.rule(index, why);
    refuseManner(rule, refuse);
    const peers = peersOf(rule.peers, world, cluster);
    if ("cause" in peers) refuse(peers);
    const ports = servicePorts(rule);
    if ("cause" in ports) refuse(ports);
    if ("cause" in peers || "cause" in ports || rule.action === "reject") return [];
    // An empty list would mean everybody to Kubernetes; here it matches nothing.
    if (peers.found.length === 0 || ports.found.length === 0) return [];
    const { name, direction, action } = rule;
    return [{ index, name, direction, action, peers: peers.found, ports: ports.found }];
  });
}

function refuseManner(rule: Rule, refuse: (why: Why) => void): void {
  if (rule.action === "reject") {
    refuse({ cause: "drops silently and cannot reject", remedy: "write deny" });
  }
  if (rule.expires !== undefined) {
    refuse({ cause: "has rules without an end", remedy: "leave expires out, and take the rule out when it is over" });
  }
  if (rule.log !== undefined) {
    refuse({ cause: "has no log of a rule", remedy: "leave log out; its network plugin may have one of its own" });
  }
}

const servicePorts = ({ services }: Rule): Found<readonly ClusterPorts[] | "any"> =>
  services === "any" ? { found: "any" } : portsOf(services);
