import type { ObjectTypeSpec, ResourceSpec } from "./types";
import { anything, integer, listOf, ofType, string, strings } from "./types";

export const vniRangeType: ObjectTypeSpec = {
  type: "object",
  description: "VXLAN network identifiers (RFC 7348); both ends belong to the range.",
  properties: { start: integer("First VNI, 1 to 16777215."), end: integer("Last VNI.") },
  required: ["start", "end"],
};

export const reservedCidrType: ObjectTypeSpec = {
  type: "object",
  description: "Addresses that belong to somebody else.",
  properties: { cidr: string("The addresses, IPv4 or IPv6."), reason: string("Whose they are; messages say it.") },
  required: ["cidr", "reason"],
};

export const managementAccessType: ObjectTypeSpec = {
  type: "object",
  description: "From where the hosts of a fabric are administered.",
  properties: {
    cidr: string("Addresses of those who administer, IPv4 or IPv6, such as `198.51.100.0/24`."),
    ports: string("TCP ports of the hosts: `22`, or `22,8443`, or `9000-9010`."),
  },
  required: ["cidr", "ports"],
};

export const fabric: ResourceSpec = {
  description:
    "The hosts that networks can span, the clusters beside them, and what they share: VNIs, the VXLAN port, the MTU, address pools.",
  isComponent: true,
  inputProperties: {
    hosts: {
      type: "array",
      items: { $ref: "#/resources/sdn:index:Host" },
      description: "The hosts. Each must reach each other at its `underlayAddress`; all of one address family.",
    },
    clusters: {
      type: "array",
      items: { $ref: "#/resources/sdn:index:KubernetesCluster" },
      description: "Kubernetes clusters on which its policies are enforced as well. Default: none.",
    },
    vniRange: ofType(
      "sdn:index:VniRange",
      "VNIs to take from. Default 4096 to 12287. Fabrics that share a host need disjoint ranges.",
    ),
    underlayPort: integer("UDP port of VXLAN. Default 4789 (RFC 7348)."),
    mtu: integer("MTU of the networks, bytes. Default: the smallest underlay's less 50 (70 over IPv6)."),
    addressPools: strings("CIDRs that networks with a `prefixLength` are taken from. Default `10.128.0.0/9`."),
    reservedCidrs: listOf(
      "sdn:index:ReservedCidr",
      "Addresses that belong to others, as only people know: a cluster's pods and services, a company's sites. Networks are never taken from them, and a given CIDR that overlaps one is an error. A network that has its space already keeps it, with a warning.",
    ),
    transitCidr: string(
      "Addresses of the links between a network's router and its host, two a VNI. Default `100.64.0.0/10` (RFC 6598).",
    ),
    ipv6TransitCidr: string("The same for IPv6. Default `fd73:646e:7472::/96`."),
    serviceCidr: string(
      "Virtual addresses of service entries, one each over all networks. Default `198.18.0.0/15` (RFC 2544). Changing it moves the entries whose address is not given.",
    ),
    ipv6ServiceCidr: string("The same for IPv6. Default `fd73:646e:7376::/108`."),
    nameservers: strings(
      "Addresses of DNS servers that are asked for names that no service entry has, from networks with a way out. Default: each host's own, as far as a network reaches them. An empty list: nobody.",
    ),
    domain: string("DNS domain of service entries: their names are below `NETWORK.DOMAIN`. Default `sdn.internal`."),
    management: listOf(
      "sdn:index:ManagementAccess",
      "What may never be cut off: no firewall policy closes these TCP ports of the hosts to these addresses. Default: nothing, besides the session that Pulumi itself uses.",
    ),
  },
  requiredInputs: ["hosts"],
  properties: {
    hosts: { type: "array", items: { $ref: "pulumi.json#/Any" }, description: "The hosts, as networks use them." },
    clusters: {
      type: "array",
      items: { $ref: "pulumi.json#/Any" },
      description: "The clusters, as policies use them.",
    },
    mtu: integer("MTU of the networks, bytes."),
    vniRange: ofType("sdn:index:VniRange", "VNIs to take from."),
    underlayPort: integer("UDP port of VXLAN."),
    addressPools: strings("CIDRs that networks are taken from."),
    reservedCidrs: listOf("sdn:index:ReservedCidr", "Addresses that belong to others."),
    transitCidr: string("Addresses of the links between routers and hosts."),
    ipv6TransitCidr: string("The same for IPv6."),
    serviceCidr: string("Virtual addresses of service entries."),
    ipv6ServiceCidr: string("The same for IPv6."),
    domain: string("DNS domain of service entries."),
    nameservers: strings("DNS servers for other names."),
    management: listOf("sdn:index:ManagementAccess", "What no firewall policy cuts off."),
  },
  required: [
    "hosts",
    "mtu",
    "vniRange",
    "underlayPort",
    "addressPools",
    "transitCidr",
    "ipv6TransitCidr",
    "serviceCidr",
    "ipv6ServiceCidr",
    "domain",
  ],
};

export const virtualNetwork: ResourceSpec = {
  description:
    "An isolated layer-3 domain on a fabric. Its subnets are routed between each other by an anycast gateway on every host; nothing in it reaches another network or a host, and its address space may overlap another's.",
  isComponent: true,
  inputProperties: {
    fabric: { $ref: "#/resources/sdn:index:Fabric", description: "The fabric that it spans." },
    cidr: string("Its IPv4 address space. Excludes `prefixLength`."),
    prefixLength: integer("Take an IPv4 space of this length from the fabric's pools. Excludes `cidr`."),
    ipv6Cidr: string("Its IPv6 address space. Excludes `ipv6PrefixLength`."),
    ipv6PrefixLength: integer("Take an IPv6 space of this length from the fabric's pools."),
    vni: integer("Its own VNI, in the fabric's `vniRange`. Default: a free one, kept."),
    egress: ofType("sdn:index:Egress", "The way out. Default `none`."),
    routes: listOf("sdn:index:Route", "Static routes. At most 16."),
    policyRoutes: listOf("sdn:index:PolicyRoute", "Routes by source. At most 8."),
    nat: ofType("sdn:index:Nat", "Translations besides that of `egress`."),
  },
  requiredInputs: ["fabric"],
  properties: {
    vni: integer("The network's own VNI; it names its routers."),
    cidr: string("Its IPv4 address space."),
    ipv6Cidr: string("Its IPv6 address space."),
    mtu: integer("MTU, bytes."),
    egress: string("The way out."),
    fabric: string("Name of the fabric."),
    fabricUrn: string("URN of the fabric."),
    vniRange: ofType("sdn:index:VniRange", "The fabric's VNIs."),
    underlayPort: integer("The fabric's VXLAN port."),
    hosts: { type: "array", items: { $ref: "pulumi.json#/Any" }, description: "The hosts, as subnets use them." },
    routers: anything("URNs of its routers by host."),
    routing: anything("Its routes, as subnets use them."),
  },
  required: ["vni", "mtu", "egress", "fabric", "fabricUrn", "vniRange", "underlayPort", "hosts", "routers", "routing"],
};
