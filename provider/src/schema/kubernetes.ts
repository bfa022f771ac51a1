import type { EnumTypeSpec, ObjectTypeSpec, ResourceSpec } from "./types";
import { ofResource, ofType, string, strings } from "./types";

export const kubernetesTypes: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>> = {
  "sdn:index:KubernetesPolicyApi": {
    type: "string",
    description: "Which version of `policy.networking.k8s.io` a cluster serves.",
    enum: [
      { value: "v1beta1", description: "ClusterNetworkPolicy." },
      { value: "v1alpha2", description: "ClusterNetworkPolicy." },
      { value: "v1alpha1", description: "AdminNetworkPolicy and BaselineAdminNetworkPolicy, which came before it." },
      { value: "none", description: "NetworkPolicy alone: tier `application`, rules that allow." },
    ],
  },
  "sdn:index:PodSelector": {
    type: "object",
    description: "Pods of a cluster. Pods in the network of their node are in no policy of Kubernetes.",
    properties: {
      cluster: ofResource("sdn:index:KubernetesCluster", "The cluster that they are in."),
      namespace: string("The namespace that they are in. Excludes `namespaceLabels`."),
      namespaceLabels: ofType(
        "sdn:index:LabelSelector",
        "Labels of the namespaces that they are in. Default: all namespaces.",
      ),
      podLabels: ofType("sdn:index:LabelSelector", "Their own labels. Default: all pods."),
    },
    required: ["cluster"],
  },
};

export const kubernetesCluster: ResourceSpec = {
  description:
    "A Kubernetes cluster on which policies are enforced. What is made there are resources of the package `kubernetes`, by the provider that is given to this component with the option `providers`.",
  isComponent: true,
  inputProperties: {
    policyApi: ofType(
      "sdn:index:KubernetesPolicyApi",
      "What the cluster serves of `policy.networking.k8s.io`, as `kubectl api-versions` says; the newest of several. Default `none`.",
    ),
    podCidrs: strings(
      "Addresses of its pods: hosts and other clusters know them by these. Networks of a fabric are not taken from them.",
    ),
    nodeCidrs: strings(
      "Addresses of its nodes, where what pods send leaves with these. Networks of a fabric are not taken from them.",
    ),
    serviceCidrs: strings("Addresses of its services. Networks of a fabric are not taken from them."),
  },
  properties: {
    providerReference: string("The provider that makes what is on the cluster."),
    policyApi: string("What it serves of `policy.networking.k8s.io`."),
    podCidrs: strings("Addresses of its pods."),
    nodeCidrs: strings("Addresses of its nodes."),
    serviceCidrs: strings("Addresses of its services."),
  },
  required: ["providerReference", "policyApi", "podCidrs", "nodeCidrs", "serviceCidrs"],
};
