/** What of Kubernetes' objects decides who may connect to whom, as values. */

import type { AddressSet } from "../policy/address-set";
import type { Selector } from "../policy/selector";
import type { ConnectionSet, Protocol } from "./connection-set";
import type { Place } from "./finding";

export type Labels = Readonly<Record<string, string>>;

export interface ContainerPort {
  /** Empty where it has none. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Pods that are alike: those of a workload's template, or one Pod that is counted as its owner's. */
export interface PodTemplate {
  readonly kind: "pods";
  readonly namespace: string;
  readonly workload: { readonly name: string; readonly kind: string };
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
}

export interface NamespaceObject {
  readonly kind: "namespace";
  readonly name: string;
  readonly labels: Labels;
}

export interface NodeObject {
  readonly kind: "node";
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: AddressSet;
}

/** A port's number or its name. */
export type PortReference = number | string;

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: PortReference;
}

export interface ServiceObject {
  readonly kind: "service";
  readonly namespace: string;
  readonly name: string;
  /** Without one, nothing says which pods it means. */
  readonly selector: Labels | undefined;
  readonly ports: readonly ServicePort[];
}

export interface Backend {
  readonly namespace: string;
  readonly service: string;
  /** Every port of the service where it is not given. */
  readonly port: PortReference | undefined;
}

/** An Ingress, a Route or an HTTPRoute: a way into the cluster. */
export interface EntryObject {
  readonly kind: "entry";
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly backends: readonly Backend[];
}

/** From which namespaces an HTTPRoute may use services of this one. */
export interface GrantObject {
  readonly kind: "grant";
  readonly namespace: string;
  readonly name: string;
  readonly from: readonly string[];
  /** Every service where it is not given. */
  readonly services: readonly string[] | undefined;
}

export type NamespaceSelection =
  { readonly kind: "named"; readonly name: string } | { readonly kind: "selected"; readonly selector: Selector };

export interface PodSelection {
  readonly namespaces: NamespaceSelection;
  readonly pods: Selector;
}

export type PolicyPeer =
  | ({ readonly kind: "pods" } & PodSelection)
  /** Outside the cluster, as an `ipBlock` means it. */
  | { readonly kind: "addresses"; readonly addresses: AddressSet }
  /** Wherever they are: the policy API says that its `networks` mean pods, too. */
  | { readonly kind: "networks"; readonly addresses: AddressSet }
  | { readonly kind: "nodes"; readonly selector: Selector };

/** A container port that is looked up in each destination; without a protocol, that of the pod's port counts. */
export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol | undefined;
}

export interface RulePorts {
  readonly numbered: ConnectionSet;
  readonly named: readonly NamedPort[];
}

export interface NetworkPolicyRule {
  readonly peers: readonly PolicyPeer[] | "any";
  readonly ports: RulePorts;
}

export interface NetworkPolicyObject {
  readonly kind: "network-policy";
  readonly namespace: string;
  readonly name: string;
  readonly pods: Selector;
  /** `undefined` where the policy does not judge the direction; an empty list allows nothing. */
  readonly ingress: readonly NetworkPolicyRule[] | undefined;
  readonly egress: readonly NetworkPolicyRule[] | undefined;
  /** Blocks of addresses that the rules of a direction name, also where the policy does not judge it. */
  readonly blocks: { readonly ingress: readonly AddressSet[]; readonly egress: readonly AddressSet[] };
}

export type ClusterAction = "accept" | "deny" | "pass";

export interface ClusterPolicyRule {
  readonly action: ClusterAction;
  readonly peers: readonly PolicyPeer[];
  readonly ports: RulePorts;
}

export type Tier = "admin" | "baseline";

/** A policy of the cluster's administrator, of either version of the policy API. */
export interface ClusterPolicyObject {
  readonly kind: "cluster-policy";
  readonly type: string;
  readonly name: string;
  readonly tier: Tier;
  /** The least is asked first. */
  readonly priority: number;
  readonly subject: PodSelection;
  readonly ingress: readonly ClusterPolicyRule[];
  readonly egress: readonly ClusterPolicyRule[];
}

export type ClusterObject =
  | PodTemplate
  | NamespaceObject
  | NodeObject
  | ServiceObject
  | EntryObject
  | GrantObject
  | NetworkPolicyObject
  | ClusterPolicyObject;

/** An object with where it was declared. */
export interface Declared<T extends ClusterObject = ClusterObject> {
  readonly object: T;
  /** `NetworkPolicy shop/web`. */
  readonly title: string;
  readonly place: Place;
  /** What makes two objects the same one to a server; `undefined` where it gives the name. */
  readonly identity: string | undefined;
}
