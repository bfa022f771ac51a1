/** `getAddressPlan`: addresses in use and left. */
import { hosts } from "./seeing";
import type { FunctionSpec, ObjectTypeSpec, PropertySpec } from "./types";
import { boolean, integer, listOf, number, ofType, string, strings } from "./types";

const owner = string("The project and stack that made it: `PROJECT/STACK`.");
const room: Readonly<Record<string, PropertySpec>> = {
  total: number("How many can be handed out. IPv6: rounded, where there are more than 2^53."),
  inUse: number("How many of them are in use."),
  left: number("How many of them are left."),
};
const roomNames = Object.keys(room);

const space: ObjectTypeSpec = {
  type: "object",
  description: "Addresses of a subnet, of one family.",
  properties: {
    cidr: string("Its addresses."),
    size: number("How many addresses the CIDR has. IPv6: rounded."),
    endpoints: ofType(
      "sdn:index:AddressPlanEndpoints",
      "Room for endpoints. Absent where a subnet has grown and this run has not seen it.",
    ),
    hostRanges: listOf("sdn:index:AddressPlanHostRange", "What hosts' engines hand out addresses from."),
    hostRangesLeft: number("How many more hosts get a range. Absent where `endpoints` is."),
    reservations: listOf("sdn:index:AddressPlanReservation", "What nobody gets. Empty where `rulesKnown` is false."),
    addresses: listOf("sdn:index:AddressUse", "Single addresses that are in use, in order."),
  },
  required: ["cidr", "size", "hostRanges", "reservations", "addresses"],
};

const spaceOf = (family: string): PropertySpec => ofType("sdn:index:AddressPlanSpace", `Its ${family} addresses.`);
const networkSpaceOf = (family: string): PropertySpec =>
  ofType("sdn:index:AddressPlanNetworkSpace", `Its ${family} space.`);

export const addressPlanTypes = {
  "sdn:index:AddressPlanBlock": {
    type: "object",
    description: "A block of a network's space.",
    properties: { cidr: string("The block."), subnet: string("The subnet that has it.") },
    required: ["cidr", "subnet"],
  },
  "sdn:index:AddressPlanEndpoints": {
    type: "object",
    description: "Room for endpoints.",
    properties: { ranges: strings("Where their addresses are taken from: `FIRST-LAST`."), ...room },
    required: ["ranges", ...roomNames],
  },
  "sdn:index:AddressPlanHostRange": {
    type: "object",
    description: "What one host's engine hands out.",
    properties: {
      host: string("The host's name."),
      cidr: string("The range."),
      router: string("The host's router, its first address."),
      ...room,
    },
    required: ["host", "cidr", "router", ...roomNames],
  },
  "sdn:index:AddressPlanNetwork": {
    type: "object",
    description: "A virtual network's address space.",
    properties: {
      name: string("The network's name."),
      owner,
      vni: integer("Its own VNI."),
      ipv4: networkSpaceOf("IPv4"),
      ipv6: networkSpaceOf("IPv6"),
    },
    required: ["name", "owner", "vni"],
  },
  "sdn:index:AddressPlanNetworkSpace": {
    type: "object",
    description: "A network's space, of one family.",
    properties: {
      cidr: string("The space."),
      taken: listOf("sdn:index:AddressPlanBlock", "What subnets have."),
      free: strings("What no subnet has: the largest blocks, in order of address."),
    },
    required: ["cidr", "taken", "free"],
  },
  "sdn:index:AddressPlanReservation": {
    type: "object",
    description: "Addresses that nobody gets.",
    properties: { range: string("`FIRST-LAST`."), reason: string("Why.") },
    required: ["range", "reason"],
  },
  "sdn:index:AddressPlanSpace": space,
  "sdn:index:AddressPlanSubnet": {
    type: "object",
    description: "A subnet's addresses.",
    properties: {
      name: string("The subnet's name."),
      owner,
      network: string("Its network's name."),
      vni: integer("VNI of the segment."),
      rulesKnown: boolean(
        "Whether this run has the subnet, and so knows its reservations and allocation ranges. Else the usual division is taken, by what hosts hold.",
      ),
      ipv4: spaceOf("IPv4"),
      ipv6: spaceOf("IPv6"),
    },
    required: ["name", "owner", "network", "vni", "rulesKnown"],
  },
  "sdn:index:AddressUse": {
    type: "object",
    description: "One address that is in use.",
    properties: {
      address: string("The address."),
      use: string("`gateway`; `router`: a host's own; `endpoint`; `container`: it joined the Docker network itself."),
      name: string("Name of the endpoint or container; else empty."),
      host: string("Where it is. Absent for a gateway, and for what is not on a host or only reserves the address."),
    },
    required: ["address", "use", "name"],
  },
  "sdn:index:VniUse": {
    type: "object",
    description: "A VNI that is in use.",
    properties: { vni: integer("The VNI."), use: string("What has it: `subnet web`."), owner },
    required: ["vni", "use", "owner"],
  },
} as const satisfies Readonly<Record<string, ObjectTypeSpec>>;

export const getAddressPlan: FunctionSpec = {
  description:
    "Addresses in use and left: blocks of networks, and in each subnet the endpoints', every host's range, what is reserved and who has what. Reads the hosts (one execution each) and adds what this run has decided so far, so a preview tells how it will be; changes nothing. Give it outputs of what it shall count, or `dependsOn`.",
  inputs: { type: "object", description: "Which hosts.", properties: { hosts }, required: ["hosts"] },
  outputs: {
    type: "object",
    description: "The plan.",
    properties: {
      networks: listOf("sdn:index:AddressPlanNetwork", "The virtual networks."),
      subnets: listOf("sdn:index:AddressPlanSubnet", "The subnets."),
      vnis: listOf("sdn:index:VniUse", "VNIs in use, in order."),
      table: string("All of it as text, to look at."),
    },
    required: ["networks", "subnets", "vnis", "table"],
  },
};
