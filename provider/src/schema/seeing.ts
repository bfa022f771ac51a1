/** Functions that show what is there. They read hosts and change nothing. */
import type { FunctionSpec, ObjectTypeSpec, PropertySpec } from "./types";
import { boolean, integer, listOf, string, strings } from "./types";

const name = (what: string): PropertySpec => string(`${what}'s name.`);
const owner = string("The project and stack that made it: `PROJECT/STACK`.");
const ipv4Address = string("Its IPv4 address.");
const ipv6Address = string("Its IPv6 address.");

const topologyHost: ObjectTypeSpec = {
  type: "object",
  description: "A host as it is now.",
  properties: {
    name: name("The host"),
    uri: string("How it was reached, without secrets."),
    reachable: boolean("Whether it could be read. Where not, nothing is known of what is on it."),
    problem: string("Why it could not be read."),
    underlayAddress: string("The address of its VTEP."),
    dockerVersion: string("Version of its Docker engine; absent where none answers."),
    drift: strings("How it differs from what it was last asked for, as sentences."),
  },
  required: ["name", "uri", "reachable", "drift"],
};

const topologyNetwork: ObjectTypeSpec = {
  type: "object",
  description: "A virtual network.",
  properties: {
    name: name("The network"),
    owner,
    vni: integer("Its own VNI."),
    cidr: string("Its IPv4 address space."),
    ipv6Cidr: string("Its IPv6 address space."),
    mtu: integer("MTU, bytes."),
    egress: string("`nat` or `routed` where any of its routers has a way out, else `none`."),
    hosts: strings("The hosts with a router of it."),
    peers: strings("Names of the networks that it has a peering with."),
    routes: listOf("sdn:index:Route", "Its static routes."),
    policyRoutes: listOf("sdn:index:PolicyRoute", "Its routes by source, in the order in which they are asked."),
  },
  required: ["name", "owner", "vni", "mtu", "egress", "hosts", "peers", "routes", "policyRoutes"],
};

const topologySegment: ObjectTypeSpec = {
  type: "object",
  description: "A subnet on one host.",
  properties: {
    host: name("The host"),
    bridge: string("Its bridge."),
    device: string("Its VXLAN device."),
    underlayAddress: string("The host's VTEP."),
    peers: strings("The VTEPs that it sends to."),
    range: string("IPv4 addresses that the host's engine hands out."),
    ipv6Range: string("The same for IPv6."),
    dockerNetworkName: string("Its Docker network."),
  },
  required: ["host", "bridge", "device", "underlayAddress", "peers"],
};

const topologySubnet: ObjectTypeSpec = {
  type: "object",
  description: "A subnet.",
  properties: {
    name: name("The subnet"),
    owner,
    network: name("Its network"),
    vni: integer("VNI of the segment."),
    cidr: string("Its IPv4 addresses."),
    gateway: string("The IPv4 gateway. Absent where the subnet is internal."),
    ipv6Cidr: string("Its IPv6 addresses."),
    ipv6Gateway: string("The IPv6 gateway. Absent where the subnet is internal."),
    mtu: integer("MTU, bytes."),
    internal: boolean("Whether it is layer 2 only, without gateways."),
    segments: listOf("sdn:index:TopologySegment", "The subnet host by host."),
  },
  required: ["name", "owner", "network", "vni", "mtu", "internal", "segments"],
};

const topologyEndpoint: ObjectTypeSpec = {
  type: "object",
  description: "Something that is attached to a subnet.",
  properties: {
    name: name("The endpoint"),
    host: name("Its host"),
    subnet: name("Its subnet"),
    ipv4Address,
    ipv6Address,
    macAddress: string("Its MAC address."),
    attached: string("What it is: `container web1`, `namespace box`, `interface ens4`."),
    declared: boolean("Whether a program declares it; else it is a container that joined the Docker network itself."),
  },
  required: ["name", "host", "subnet", "attached", "declared"],
};

const topologyAdopted: ObjectTypeSpec = {
  type: "object",
  description: "What somebody else made on a host and a program has adopted.",
  properties: {
    name: name("The adopted segment"),
    owner: string("The project and stack that adopted it: `PROJECT/STACK`."),
    host: name("The host"),
    bridge: string("The bridge."),
    vxlans: listOf("sdn:index:TopologyVxlan", "The VXLAN devices."),
    dockerNetworkName: string("The Docker network."),
  },
  required: ["name", "owner", "host", "vxlans"],
};

const topologyVxlan: ObjectTypeSpec = {
  type: "object",
  description: "A VXLAN device of an adopted segment.",
  properties: {
    device: string("The interface's name."),
    vni: integer("Its VNI."),
    remotes: strings("The VTEPs that it sends to."),
  },
  required: ["device", "vni", "remotes"],
};

const routeHop: ObjectTypeSpec = {
  type: "object",
  description: "One step of a packet's way.",
  properties: {
    host: name("The host"),
    device: string("Interface or network namespace."),
    action: string("What happens there."),
  },
  required: ["host", "device", "action"],
};

export const seeingTypes = {
  "sdn:index:RouteHop": routeHop,
  "sdn:index:TopologyAdopted": topologyAdopted,
  "sdn:index:TopologyEndpoint": topologyEndpoint,
  "sdn:index:TopologyHost": topologyHost,
  "sdn:index:TopologyNetwork": topologyNetwork,
  "sdn:index:TopologySegment": topologySegment,
  "sdn:index:TopologySubnet": topologySubnet,
  "sdn:index:TopologyVxlan": topologyVxlan,
} as const;

/** An argument of every function here. */
export const hosts: PropertySpec = {
  type: "array",
  items: { $ref: "pulumi.json#/Any" },
  description: "The hosts to look at: `Host` resources, or the `hosts` of a `Fabric`.",
};

export const getTopology: FunctionSpec = {
  description:
    "What is on the hosts now, of every project and stack: networks, subnets, endpoints, what differs from what was asked for, and a picture of it as text. Reads the hosts (two executions each); changes nothing. Depends on resources by its arguments alone: give outputs of what it shall see.",
  inputs: { type: "object", description: "Which hosts.", properties: { hosts }, required: ["hosts"] },
  outputs: {
    type: "object",
    description: "What was found.",
    properties: {
      hosts: listOf("sdn:index:TopologyHost", "The hosts."),
      networks: listOf("sdn:index:TopologyNetwork", "The virtual networks."),
      subnets: listOf("sdn:index:TopologySubnet", "The subnets."),
      endpoints: listOf("sdn:index:TopologyEndpoint", "What is attached."),
      adopted: listOf("sdn:index:TopologyAdopted", "What others made and programs have adopted."),
      picture: string("All of it as text, to look at."),
    },
    required: ["hosts", "networks", "subnets", "endpoints", "adopted", "picture"],
  },
};

export const getRoute: FunctionSpec = {
  description:
    "What becomes of a packet: bridge, VXLAN to which host, gateway, router with its routes by source and by destination, way out, or why it is dropped. Computed from what the hosts hold (one execution each); no packet is sent.",
  inputs: {
    type: "object",
    description: "From where to where.",
    properties: {
      hosts,
      from: string("The sender: name of an endpoint or container, or an address in a subnet."),
      to: string("The receiver: the same, or any address outside."),
      network: string("Name of the sender's virtual network. Needed where `from` is in more than one."),
      host: string("Name of the sender's host. Needed where nobody is known to have the address."),
    },
    required: ["hosts", "from", "to"],
  },
  outputs: {
    type: "object",
    description: "The way.",
    properties: {
      outcome: string(
        "`delivered`; `outside`: it left by a host's way out; `forwarded`: the next hop of a route has it, and what that does is its own; `dropped`; `unknown`: nobody is known to have the address.",
      ),
      reason: string("Why, as a sentence."),
      mtu: integer("Largest packet that the way carries, bytes."),
      hops: listOf("sdn:index:RouteHop", "Step by step."),
      picture: string("The same as text, to look at."),
    },
    required: ["outcome", "reason", "mtu", "hops", "picture"],
  },
};
