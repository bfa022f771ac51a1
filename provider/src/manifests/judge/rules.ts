/** Policies with their selectors resolved: which groups of pods a policy judges, and whom its rules mean. */

import type { AddressSet } from "../../policy/address-set";
import { isEveryAddress, uniteAddresses } from "../../policy/address-set";
import { matchesLabels } from "../../policy/selector";
import type { Cluster } from "../cluster";
import type { Findings } from "../finding";
import type {
  ClusterAction,
  ClusterPolicyObject,
  ClusterPolicyRule,
  Declared,
  NetworkPolicyObject,
  NetworkPolicyRule,
  PodSelection,
  PolicyPeer,
  RulePorts,
} from "../objects";
import { everything } from "../read/selector";
import type { PodGroups } from "./pod-groups";
import { noteUnknownPortNames } from "./port-names";

export type Direction = "ingress" | "egress";

export interface Peers {
  /** A list for each selector; equal selectors have the same one. */
  readonly groups: readonly (readonly number[])[];
  readonly blocks: readonly AddressSet[];
}

export interface Rule {
  /** Those of a NetworkPolicy accept. */
  readonly action: ClusterAction;
  readonly peers: Peers | "any";
  readonly ports: RulePorts;
}

export interface Policy {
  readonly subject: readonly number[];
  readonly rules: readonly Rule[];
}

/** What judges one direction, in the order of the tiers. */
export interface Policies {
  readonly admin: readonly Policy[];
  readonly network: readonly Policy[];
  readonly baseline: readonly Policy[];
  /** Blocks that are named for the direction, whether or not a rule is used. */
  readonly blocks: readonly AddressSet[];
}

export function policiesOf(cluster: Cluster, direction: Direction, groups: PodGroups, findings: Findings): Policies {
  const resolve = new Resolver(cluster, groups, findings);
  const policy = (
    declared: Declared,
    subject: readonly number[],
    rules: readonly (NetworkPolicyRule | ClusterPolicyRule)[],
  ): Policy => {
    const resolved = { subject, rules: rules.map((rule) => resolve.rule(declared, rule)) };
    noteUnknownPortNames(declared, resolved, direction, groups, findings);
    return resolved;
  };
  const tier = (policies: readonly Declared<ClusterPolicyObject>[]): readonly Policy[] =>
    policies
      .filter(({ object }) => object[direction].length > 0)
      .map((declared) => policy(declared, groups.select(declared.object.subject), declared.object[direction]));
  const network = cluster.networkPolicies.flatMap((declared: Declared<NetworkPolicyObject>): readonly Policy[] => {
    const { namespace, pods, [direction]: rules } = declared.object;
    if (rules === undefined) return [];
    return [policy(declared, groups.select({ namespaces: { kind: "named", name: namespace }, pods }), rules)];
  });
  const [admin, baseline] = [tier(cluster.admin), tier(cluster.baseline)];
  const named = [...admin, ...baseline].flatMap(({ rules }) => rules.flatMap(({ peers }) => blocksOf(peers)));
  const written = cluster.networkPolicies.flatMap(({ object }) => object.blocks[direction]);
  return { admin, network, baseline, blocks: [...written, ...named] };
}

const blocksOf = (peers: Peers | "any"): readonly AddressSet[] => (peers === "any" ? [] : peers.blocks);

class Resolver {
  constructor(
    private readonly cluster: Cluster,
    private readonly groups: PodGroups,
    private readonly findings: Findings,
  ) {}

  rule(of: Declared, rule: NetworkPolicyRule | ClusterPolicyRule): Rule {
    const { peers, ports } = rule;
    const action = "action" in rule ? rule.action : "accept";
    if (peers === "any") return { action, peers, ports };
    const resolved = peers.map((peer) => this.peer(of, peer));
    const all = { groups: resolved.flatMap(({ groups }) => groups), blocks: resolved.flatMap(({ blocks }) => blocks) };
    return { action, peers: all, ports };
  }

  private peer(of: Declared, peer: PolicyPeer): Peers {
    switch (peer.kind) {
      case "pods":
        return { groups: [this.groups.select(peer)], blocks: [] };
      case "addresses":
        return { groups: [], blocks: [peer.addresses] };
      case "networks":
        return { groups: this.inNetworks(peer.addresses), blocks: [peer.addresses] };
      case "nodes": {
        const nodes = this.cluster.nodes.filter(({ object }) => matchesLabels(peer.selector, object.labels));
        if (nodes.length === 0) {
          const message = `${of.title}: the manifests have no Node that its nodes select; the peer matches nothing here`;
          this.findings.warn(of.place, message);
        }
        return { groups: [], blocks: [uniteAddresses(nodes.map(({ object }) => object.addresses))] };
      }
    }
  }

  /** No address of a pod is known, but one that every address is in has them all. */
  private inNetworks(addresses: AddressSet): Peers["groups"] {
    return isEveryAddress(addresses[4], 4) ? [this.groups.select(everyPod)] : [];
  }
}

const everyPod: PodSelection = { namespaces: { kind: "selected", selector: everything }, pods: everything };
