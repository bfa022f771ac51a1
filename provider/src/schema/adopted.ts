import type { ObjectTypeSpec, ResourceSpec } from "./types";
import { integer, listOf, ofType, string, strings } from "./types";

const interfaceName = string("The interface's name.");
const mtu = integer("The MTU that it has, bytes.");

export const adoptedBridgeType: ObjectTypeSpec = {
  type: "object",
  description: "A bridge that somebody made.",
  properties: { name: interfaceName, mtu },
  required: ["name", "mtu"],
};

export const adoptedVxlanType: ObjectTypeSpec = {
  type: "object",
  description: "A VXLAN device that somebody made.",
  properties: {
    name: interfaceName,
    mtu,
    vni: integer("The VNI that it has."),
    local: string("Its VTEP. Default: none, the kernel chooses."),
    port: integer("The UDP port that it has."),
    remotes: strings("The VTEPs that broadcast, unknown and multicast frames go to. Default: none."),
  },
  required: ["name", "mtu", "vni", "port"],
};

export const adoptedDockerNetworkType: ObjectTypeSpec = {
  type: "object",
  description: "A Docker network that somebody made.",
  properties: {
    name: string("The network's name."),
    networkId: string("The engine's ID of it: one of the same name that is made later is another."),
    cidrs: strings("The subnets that it has."),
  },
  required: ["name", "networkId"],
};

export const adoptedSegment: ResourceSpec = {
  description:
    "What somebody else made on a host, taken into the program as it is: a bridge, VXLAN devices on it, a Docker network. Taking it in sets our mark as the interfaces' alias and changes nothing else; from then on `refresh` tells what was changed by hand and `up` puts back MTU, bridge and remote VTEPs. It is not isolated, not routed and not made anew by sdn, and its addresses are its owner's business. Deleting it releases it: the mark goes, all else stays. `pulumi-sdn import` writes these.",
  isComponent: true,
  inputProperties: {
    host: { $ref: "#/resources/sdn:index:Host", description: "The host on which it is." },
    bridge: ofType("sdn:index:AdoptedBridge", "The bridge."),
    vxlans: listOf("sdn:index:AdoptedVxlan", "VXLAN devices; ports of the bridge where that is given."),
    dockerNetwork: ofType(
      "sdn:index:AdoptedDockerNetwork",
      "The Docker network. An engine's networks cannot be labelled afterwards, so it is marked in the host's records alone.",
    ),
  },
  requiredInputs: ["host"],
  properties: {
    hostName: string("Name of the host."),
    adopted: string("URN of what is on the host."),
  },
  required: ["hostName", "adopted"],
};
