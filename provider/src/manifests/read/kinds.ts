/** Which kinds of objects are read, which mean nothing for connections, and which are not known. */

import type { ClusterObject } from "../objects";
import { adminPolicyOf, baselinePolicyOf, clusterPolicyOf } from "./cluster-policy";
import { grantOf, httpRouteOf, ingressOf, routeOf } from "./entry";
import type { Field } from "./field";
import { networkPolicyOf } from "./network-policy";
import type { Reading } from "./reading";
import { namespaceOf, nodeOf, serviceOf } from "./service";
import { podOf, workloadOf } from "./workload";

type Reader = (object: Field, reading: Reading) => ClusterObject;

interface Kind {
  readonly groups: readonly string[];
  readonly read: Reader;
}

const workload = (kind: string, ...groups: readonly string[]): readonly [string, Kind] => [
  kind,
  { groups, read: (object, reading) => workloadOf(object, kind, reading) },
];

/** Other groups have kinds of the same names that mean something else, such as Calico's NetworkPolicy. */
const kinds: ReadonlyMap<string, Kind> = new Map([
  workload("Deployment", "apps", "extensions"),
  workload("StatefulSet", "apps"),
  workload("DaemonSet", "apps", "extensions"),
  workload("ReplicaSet", "apps", "extensions"),
  workload("ReplicationController", ""),
  workload("Job", "batch"),
  workload("CronJob", "batch"),
  ["Pod", { groups: [""], read: podOf }],
  ["Service", { groups: [""], read: serviceOf }],
  ["Namespace", { groups: [""], read: namespaceOf }],
  ["Node", { groups: [""], read: nodeOf }],
  ["NetworkPolicy", { groups: ["networking.k8s.io", "extensions"], read: networkPolicyOf }],
  ["Ingress", { groups: ["networking.k8s.io", "extensions"], read: ingressOf }],
  ["Route", { groups: ["route.openshift.io", ""], read: routeOf }],
  ["HTTPRoute", { groups: ["gateway.networking.k8s.io"], read: httpRouteOf }],
  ["ReferenceGrant", { groups: ["gateway.networking.k8s.io"], read: grantOf }],
  ["AdminNetworkPolicy", { groups: ["policy.networking.k8s.io"], read: adminPolicyOf }],
  ["BaselineAdminNetworkPolicy", { groups: ["policy.networking.k8s.io"], read: baselinePolicyOf }],
  ["ClusterNetworkPolicy", { groups: ["policy.networking.k8s.io"], read: clusterPolicyOf }],
]);

/** Kubernetes' own groups whose other kinds have no part in who connects to whom. */
const indifferentGroups = new Set([
  "",
  "apps",
  "batch",
  "extensions",
  "autoscaling",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "certificates.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "node.k8s.io",
]);
const indifferentKinds = new Set([
  ...["ConfigMap", "Secret", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim", "Endpoints", "Event"],
  ...["LimitRange", "ResourceQuota", "PodTemplate", "ControllerRevision", "ComponentStatus", "Binding"],
  ...["IngressClass", "Gateway", "GatewayClass", "Kustomization", "SecurityContextConstraints"],
]);
/** Groups of workloads: a kind of one that is written with another's version is a slip, and no other's kind. */
const workloadGroups = new Set(["", "apps", "batch", "extensions"]);

export type KnownKind =
  | { readonly is: "read"; readonly read: Reader; readonly isMisplaced: boolean }
  /** It has no part in connections. */
  | { readonly is: "indifferent" }
  | { readonly is: "unknown" };

export function knownKind(apiVersion: string, kind: string): KnownKind {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const known = kinds.get(kind);
  if (known?.groups.includes(group) === true) return { is: "read", read: known.read, isMisplaced: false };
  if (known !== undefined && workloadGroups.has(group)) return { is: "read", read: known.read, isMisplaced: true };
  if (indifferentKinds.has(kind)) return { is: "indifferent" };
  return { is: indifferentGroups.has(group) && !workloadGroups.has(group) ? "indifferent" : "unknown" };
}
