import type { EnumTypeSpec, ObjectTypeSpec, ResourceSpec } from "./types";
import { boolean, integer, ofType, string } from "./types";

export const egressType: EnumTypeSpec = {
  type: "string",
  description: "How a network reaches what is outside of it.",
  enum: [
    { value: "none", description: "Not at all." },
    { value: "nat", description: "Through each host, with the host's address as the source." },
    {
      value: "routed",
      description:
        "Through each host, with the endpoint's own address as the source. What is outside must have routes back: to each address by the host on which it is.",
    },
  ],
};

export const containerType: ObjectTypeSpec = {
  type: "object",
  description: "A container that exists already.",
  properties: {
    name: string("The container's name."),
    networkMode: string(
      "`bridge` (default): Docker connects it to the subnet's network. `none`: it was started with `--network none`; the interface is put into its namespace directly, until it restarts. `host` and `container:NAME`: it has no network of its own and takes neither a subnet nor addresses.",
    ),
    interface: string("Name of the interface inside, for `none`. Default `eth0`."),
  },
  required: ["name"],
};

export const namespaceType: ObjectTypeSpec = {
  type: "object",
  description: "A named network namespace of the host.",
  properties: { name: string("Its name."), interface: string("Name of the interface inside. Default `eth0`.") },
  required: ["name"],
};

export const interfaceType: ObjectTypeSpec = {
  type: "object",
  description: "An interface of the host. It becomes a port of the segment; its addresses are its owner's business.",
  properties: { name: string("Its name.") },
  required: ["name"],
};

export const addressPairType: ObjectTypeSpec = {
  type: "object",
  description: "Addresses that an endpoint may send from besides its own.",
  properties: {
    address: string("An address or a CIDR, IPv4 or IPv6. The subnet's gateway is never in it."),
    macAddress: string("The MAC address that goes with it. Default: the endpoint's own."),
  },
  required: ["address"],
};

export const endpoint: ResourceSpec = {
  description:
    "Something attached to a subnet on one host, with an address and a MAC that stay. Without `container`, `namespace` and `interface` the addresses are only reserved, for a container that is declared elsewhere and joins by `dockerNetworkName`.",
  isComponent: true,
  inputProperties: {
    host: { $ref: "#/resources/sdn:index:Host", description: "The host on which it is." },
    subnet: { $ref: "#/resources/sdn:index:Subnet", description: "The subnet that it is attached to." },
    container: ofType("sdn:index:Container", "A container."),
    namespace: ofType("sdn:index:Namespace", "A network namespace."),
    interface: ofType("sdn:index:Interface", "An interface of the host."),
    ipv4Address: string("Its IPv4 address, in the first quarter of the subnet. Default: a free one, kept."),
    ipv6Address: string("Its IPv6 address. Default: a free one, kept."),
    macAddress: string("Its MAC address. Default: derived from the IPv4 address, as Docker does."),
    antiSpoofing: boolean(
      "Whether what it sends is dropped unless it comes from its own MAC and IP addresses (ARP and neighbour discovery included). Default true. Of an `interface` without `macAddress` only the IP addresses are checked. With false it may send anything but the gateway's address and MAC.",
    ),
    allowedAddressPairs: {
      type: "array",
      items: { $ref: "#/types/sdn:index:AddressPair" },
      description:
        "Addresses that it may send from besides its own: a virtual address that moves, or what it routes for.",
    },
    labels: {
      type: "object",
      additionalProperties: { type: "string" },
      description:
        "Labels, for groups to select by, with the syntax of Kubernetes: `app: web`, `example.com/tier: front`. All hosts of the fabric know them before the endpoint is attached.",
    },
  },
  requiredInputs: ["host"],
  properties: {
    ipv4Address: string("Its IPv4 address."),
    ipv6Address: string("Its IPv6 address."),
    macAddress: string("Its MAC address."),
    macKnown: boolean(
      "False where another MAC address may be behind the port: of an `interface` without `macAddress`.",
    ),
    dockerNetworkName: string("The Docker network of its subnet."),
    networkMode: string("The container's network mode."),
    labels: { type: "object", additionalProperties: { type: "string" }, description: "Labels." },
    subnetVni: integer("VNI of its subnet."),
    networkVni: integer("VNI of its network."),
    fabricUrn: string("URN of its fabric."),
    hostUri: string("The host on which it is, as its connection says."),
  },
};
