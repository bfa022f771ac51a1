/** The objects of the manifests by what they are, with what a cluster would add to them. */

import { type Findings } from "./finding";
import type {
  ClusterObject,
  ClusterPolicyObject,
  Declared,
  EntryObject,
  GrantObject,
  Labels,
  NetworkPolicyObject,
  NodeObject,
  PodTemplate,
  ServiceObject,
  Tier,
} from "./objects";
import { nameLabel } from "./read/service";

export interface Cluster {
  readonly templates: readonly Declared<PodTemplate>[];
  /** Labels by name; a namespace without an object has the label that every one has. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly nodes: readonly Declared<NodeObject>[];
  readonly services: readonly Declared<ServiceObject>[];
  readonly entries: readonly Declared<EntryObject>[];
  readonly grants: readonly Declared<GrantObject>[];
  readonly networkPolicies: readonly Declared<NetworkPolicyObject>[];
  /** In the order in which they are asked. */
  readonly admin: readonly Declared<ClusterPolicyObject>[];
  readonly baseline: readonly Declared<ClusterPolicyObject>[];
}

export function clusterOf(objects: readonly Declared[], findings: Findings): Cluster {
  const of = <K extends ClusterObject["kind"]>(kind: K) =>
    objects.filter((one): one is Declared<Extract<ClusterObject, { kind: K }>> => one.object.kind === kind);
  const templates = of("pods");
  const declared = of("namespace").map(({ object }) => [object.name, object.labels] as const);
  const used = templates.map(({ object }) => [object.namespace, { [nameLabel]: object.namespace }] as const);
  const policies = of("cluster-policy");
  return {
    templates,
    namespaces: new Map<string, Labels>([...used, ...declared]),
    nodes: of("node"),
    services: of("service"),
    entries: of("entry"),
    grants: of("grant"),
    networkPolicies: of("network-policy"),
    admin: inOrder(policies, "admin", findings),
    baseline: inOrder(policies, "baseline", findings),
  };
}

/** Which of two policies with the same priority comes first is nobody's promise: by name here, and said. */
function inOrder(
  policies: readonly Declared<ClusterPolicyObject>[],
  tier: Tier,
  findings: Findings,
): readonly Declared<ClusterPolicyObject>[] {
  const sorted = policies
    .filter(({ object }) => object.tier === tier)
    .sort((a, b) => a.object.priority - b.object.priority || (a.object.name < b.object.name ? -1 : 1));
  sorted.forEach((one, index) => {
    const before = sorted[index - 1];
    if (before?.object.priority !== one.object.priority) return;
    const both = `${before.title} and ${one.title} have the same priority ${one.object.priority}`;
    findings.warn(one.place, `${both}: which of them counts first is not defined; here it is by name`);
  });
  return sorted;
}
