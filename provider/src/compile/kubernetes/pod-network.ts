/** What a cluster is told of a network for its pods. Pure. */

import { type Cidr, formatCidr } from "../../model/cidr";
import { type CniConfigList } from "./cni";
import { type KubernetesObject, marks, type Owner, shortHash } from "./object";

export interface PodNetworkPlace {
  readonly name: string;
  readonly namespace: string;
  readonly owner: Owner;
}

/** `config`: the same on all nodes; without it each node has a list of this name on its disk. */
export function networkAttachment(
  { name, namespace, owner }: PodNetworkPlace,
  config: CniConfigList | undefined,
): KubernetesObject {
  return {
    apiVersion: "k8s.cni.cncf.io/v1",
    kind: "NetworkAttachmentDefinition",
    metadata: { name, namespace, ...marks(owner) },
    spec: config === undefined ? {} : { config: JSON.stringify(config) },
  };
}

/** A network that OVN-Kubernetes makes among the nodes. It cannot be changed, so another one gets another name. */
export function userDefinedNetwork(
  { name, namespace, owner }: PodNetworkPlace,
  { mtu, cidrs }: { readonly mtu: number; readonly cidrs: readonly Cidr[] },
): KubernetesObject {
  const layer2 = { role: "Secondary", mtu, subnets: cidrs.map(formatCidr) };
  return {
    apiVersion: "k8s.ovn.org/v1",
    kind: "UserDefinedNetwork",
    metadata: { name: `${name}-${shortHash([JSON.stringify(layer2)])}`, namespace, ...marks(owner) },
    spec: { topology: "Layer2", layer2 },
  };
}
