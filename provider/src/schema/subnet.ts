import type { ObjectTypeSpec, ResourceSpec } from "./types";
import { anything, boolean, integer, listOf, string, strings } from "./types";

export const addressRangeType: ObjectTypeSpec = {
  type: "object",
  description: "Addresses from one to another, IPv4 or IPv6.",
  properties: {
    start: string("The first address."),
    end: string("The last one, included. Default: `start`, for a single address."),
  },
  required: ["start"],
};

export const reservationType: ObjectTypeSpec = {
  type: "object",
  description: "Addresses that are handed to nobody.",
  properties: { ...addressRangeType.properties, reason: string("Why; messages say it. At most 200 characters.") },
  required: ["start", "reason"],
};

export const subnet: ResourceSpec = {
  description:
    "A segment of a virtual network: a bridge on each host, joined by VXLAN, and a Docker network of the same name on each engine. The first quarter of its addresses is for endpoints declared here, the rest is divided among the hosts' engines.",
  isComponent: true,
  inputProperties: {
    network: { $ref: "#/resources/sdn:index:VirtualNetwork", description: "The network that it is part of." },
    cidr: string(
      "Its IPv4 addresses. Excludes `prefixLength`. A larger one that contains the present one is grown into: nothing moves. Any other one gives up all addresses.",
    ),
    prefixLength: integer("Take IPv4 addresses of this length from the network's space. Excludes `cidr`."),
    hostRangePrefixLength: integer(
      "Length of each host's IPv4 range. Default: the subnet's + 4, that is, room for 12 hosts.",
    ),
    ipv6Cidr: string("Its IPv6 addresses. Excludes `ipv6PrefixLength`."),
    ipv6PrefixLength: integer("Take IPv6 addresses of this length from the network's space."),
    ipv6HostRangePrefixLength: integer("Length of each host's IPv6 range. Default: the subnet's + 4."),
    vni: integer("VNI of the segment, in the fabric's `vniRange`. Default: a free one, kept."),
    hostRanges: {
      type: "object",
      additionalProperties: { type: "string" },
      description:
        "IPv4 ranges by host name, for hosts whose range shall be a given one: a CIDR in the last three quarters of the subnet. The others get a free one of `hostRangePrefixLength`, and keep it.",
    },
    ipv6HostRanges: {
      type: "object",
      additionalProperties: { type: "string" },
      description: "The same for IPv6.",
    },
    allocationRanges: listOf(
      "sdn:index:AddressRange",
      "Where addresses of endpoints are taken from, IPv4 and IPv6 in one list. Default: the first quarter. Outside of the ranges that hosts have already.",
    ),
    reservations: listOf(
      "sdn:index:Reservation",
      "Addresses that are handed to nobody, neither endpoints nor hosts' engines. An endpoint that has one already keeps it, with a warning.",
    ),
    hosts: strings("Names of the hosts that it spans. Default: all of the fabric."),
    docker: boolean("Whether engines get a Docker network for it. Default true. An engine refuses overlapping pools."),
    internal: boolean(
      "Layer 2 only: its endpoints reach each other and nothing else, and have no gateway. Its Docker network is internal too. Default false. Changing it makes the Docker network anew.",
    ),
    dockerNetworkName: string("Name of that Docker network. Default `NETWORK-SUBNET`."),
  },
  requiredInputs: ["network"],
  properties: {
    vni: integer("VNI of the segment."),
    cidr: string("Its IPv4 addresses."),
    gateway: string("The IPv4 gateway, the same on every host. Absent where the subnet is internal."),
    internal: boolean("Whether it is layer 2 only."),
    hostRanges: anything("IPv4 range of each host, by host."),
    hostRangePrefixLength: integer("Length of each host's IPv4 range."),
    ipv6Cidr: string("Its IPv6 addresses."),
    ipv6Gateway: string("The IPv6 gateway, the same on every host."),
    ipv6HostRanges: anything("IPv6 range of each host, by host."),
    ipv6HostRangePrefixLength: integer("Length of each host's IPv6 range."),
    layout: anything("How the IPv4 addresses are divided, where that does not follow from the CIDR."),
    ipv6Layout: anything("The same for IPv6."),
    mtu: integer("MTU, bytes."),
    dockerNetworkName: string("What containers attach to, on every host of the subnet that has an engine."),
    networkVni: integer("VNI of the network."),
    fabricUrn: string("URN of the fabric."),
    hosts: { type: "array", items: { $ref: "pulumi.json#/Any" }, description: "The hosts, as endpoints use them." },
    segments: anything("URNs of its segments by host."),
  },
  required: ["vni", "internal", "mtu", "networkVni", "fabricUrn", "hosts", "segments"],
};
