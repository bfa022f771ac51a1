/** What a policy's names mean to a Kubernetes cluster. */

import type { Address } from "../../model/address";
import type { Cidr } from "../../model/cidr";
import type { Selector } from "../../policy/selector";
import type { GroupMember } from "../../policy/world";

/** Pods of a cluster, by their labels and those of their namespaces. */
export interface Pods {
  readonly namespaces: Selector;
  readonly pods: Selector;
}

export type ClusterMember =
  | GroupMember
  | ({ readonly kind: "pods"; readonly cluster: string } & Pods)
  /** All pods of a cluster; to everybody else, its addresses. */
  | { readonly kind: "cluster"; readonly cluster: string; readonly cidrs: readonly Cidr[] };

export interface ClusterWorld {
  readonly groups: ReadonlyMap<string, readonly ClusterMember[]>;
  readonly subnets: ReadonlyMap<string, readonly Cidr[]>;
  readonly endpoints: ReadonlyMap<string, readonly Address[]>;
}

/** The version of `policy.networking.k8s.io` that a cluster serves; `v1alpha1` has the old pair of kinds. */
export const policyApis = ["v1beta1", "v1alpha2", "v1alpha1", "none"] as const;
export type PolicyApi = (typeof policyApis)[number];

export interface Cluster {
  /** Unique on its fabric. */
  readonly name: string;
  readonly policyApi: PolicyApi;
}

/** Kubernetes writes the name of every namespace into this label of it. */
export const namespaceNameLabel = "kubernetes.io/metadata.name";

export const everything: Selector = { matchLabels: {}, matchExpressions: [] };
export const everyPod: Pods = { namespaces: everything, pods: everything };
