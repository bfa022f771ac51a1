/** From a policy's spec to what a cluster is asked: every text parsed. */

import { parseCidr } from "../../model/cidr";
import type { Policy } from "../../policy/rule";
import type { GroupMemberSpec, PolicySpec, SelectorSpec } from "../firewall/intent";
import { groupsOf, namedIn, policyOf } from "../firewall/parse-spec";
import { groupName } from "../firewall/world-names";
import type { ClusterMember, ClusterWorld } from "./world";

export type ClusterMemberSpec =
  | GroupMemberSpec
  | {
      readonly kind: "pods";
      readonly cluster: string;
      readonly namespaces: SelectorSpec;
      readonly pods: SelectorSpec;
    }
  /** A whole cluster. */
  | { readonly kind: "cluster"; readonly cluster: string; readonly cidrs: readonly string[] };

/** A policy's spec before what hosts have no word for is taken out. */
export interface ClusterPolicySpec extends Omit<PolicySpec, "groups"> {
  readonly groups: readonly { readonly name: string; readonly members: readonly ClusterMemberSpec[] }[];
}

/** @throws SdnError `invalid-input` at the first text that no grammar accepts */
export function clusterPolicyOf(spec: ClusterPolicySpec): { readonly policy: Policy; readonly world: ClusterWorld } {
  const plain: PolicySpec = { ...spec, groups: spec.groups.map(withoutClusters) };
  const { segments, endpoints } = namedIn(plain);
  const groups = new Map<string, readonly ClusterMember[]>(groupsOf(plain).map(({ name, members }) => [name, members]));
  for (const { name, members } of spec.groups) {
    const key = groupName(spec.name, name);
    groups.set(key, [...(groups.get(key) ?? []), ...members.flatMap(ofClusters)]);
  }
  return {
    policy: policyOf(plain),
    world: {
      groups,
      subnets: new Map(segments.map(({ name, cidrs }) => [name, cidrs])),
      endpoints: new Map(endpoints.map(({ name, addresses }) => [name, addresses])),
    },
  };
}

const withoutClusters = ({ name, members }: ClusterPolicySpec["groups"][number]): PolicySpec["groups"][number] => ({
  name,
  members: members.filter((member) => member.kind !== "pods" && member.kind !== "cluster"),
});

function ofClusters(member: ClusterMemberSpec): readonly ClusterMember[] {
  switch (member.kind) {
    case "pods": {
      const { kind, cluster, namespaces, pods } = member;
      return [{ kind, cluster, namespaces: selectorOf(namespaces), pods: selectorOf(pods) }];
    }
    case "cluster": {
      const { kind, cluster, cidrs } = member;
      return [{ kind, cluster, cidrs: cidrs.map((cidr) => parseCidr(cidr, `cluster ${cluster}`)) }];
    }
    case "labels":
    case "containers":
    case "endpoint":
    case "subnet":
    case "cidr":
      return [];
  }
}

const selectorOf = ({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): ClusterSelector => ({
  matchLabels,
  matchExpressions,
});
type ClusterSelector = Extract<ClusterMember, { kind: "pods" }>["pods"];
