import type { EnumTypeSpec, ResourceSpec } from "./types";
import { anything, ofResource, ofType, string, strings } from "./types";

export const podNetworkModeType: EnumTypeSpec = {
  type: "string",
  description: "Where pods get their addresses from, and who makes the network.",
  enum: [
    {
      value: "endpoints",
      description:
        "On the hosts of the subnet. A pod gets the address of a declared endpoint, which its annotation names.",
    },
    {
      value: "hosts",
      description:
        "On the hosts of the subnet, each of which hands out addresses of its own range. No engine may do the same: `docker: false`.",
    },
    {
      value: "ovn",
      description:
        "OVN-Kubernetes makes a network with the subnet's addresses among the nodes. It does not reach hosts, so the subnet has none.",
    },
  ],
};

export const podNetwork: ResourceSpec = {
  description:
    "A subnet for pods, beside the cluster's own network. With a cluster it is a NetworkAttachmentDefinition (Multus) or a UserDefinedNetwork (OVN-Kubernetes) there; without one, only a CNI configuration list for each host.",
  isComponent: true,
  inputProperties: {
    subnet: ofResource("sdn:index:Subnet", "The subnet. Its hosts are the nodes on which pods can be in it."),
    mode: ofType("sdn:index:PodNetworkMode", "Where addresses come from. Default `endpoints`."),
    cluster: ofResource("sdn:index:KubernetesCluster", "The cluster whose pods can be in it."),
    namespace: string("The namespace of those pods. With `cluster`."),
    routes: strings("Destinations that pods reach by the subnet's gateway, CIDRs. Default: none."),
  },
  requiredInputs: ["subnet"],
  properties: {
    networkName: string("What annotations of pods name: `NAMESPACE/NAME`; without a cluster, the name in the lists."),
    cniConfigLists: anything(
      "By host, the text of the file `NAME.conflist` for `/etc/cni/net.d`, or `/etc/cni/multus/net.d` with Multus. Needed with `hosts`, and where there is no cluster.",
    ),
  },
  required: ["networkName", "cniConfigLists"],
};
