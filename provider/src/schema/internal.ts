import type { PropertySpec, ResourceSpec } from "./types";
import { anything, integer, listOf, ofType, string, strings } from "./types";

/**
 * The resources that components make: one for each host and capability, and one for each allocation. They are in the
 * schema because the engine, state and imports know them; programs do not declare them.
 */

/** The end of a description: the registry and the SDKs show it as a part of its own. */
const importSection = (words: string): string =>
  `\n\n## Import\n\n\`\`\`sh\npulumi import ${words}\n\`\`\`\n\nSee docs/import.md.`;

const perHost: Readonly<Record<string, PropertySpec>> = {
  connection: ofType("sdn:index:Connection", "How the host is reached."),
  host: string("The host's name, for messages."),
};
const applied: Readonly<Record<string, PropertySpec>> = {
  generation: integer("How often the host was changed for this resource."),
  drift: strings("How the host differed when it was last read. Empty when it did not."),
};

function hostResource(description: string, spec: string, importId: string): ResourceSpec {
  const inputs = { ...perHost, spec: anything(spec) };
  return {
    description: `${description} Made by its component.${importSection(importId)}`,
    inputProperties: inputs,
    requiredInputs: Object.keys(inputs),
    properties: { ...inputs, ...applied },
    required: [...Object.keys(inputs), ...Object.keys(applied)],
  };
}

const wanted = "What is to be on the host.";
const onHost = "sdn:linux";
export const router = hostResource(
  "A virtual network on one host.",
  wanted,
  `${onHost}:Router shop-h1 ssh://root@192.0.2.11:22#router-4097`,
);
export const peering = hostResource(
  "A peering of two virtual networks on one host.",
  wanted,
  `${onHost}:Peering bridge-h1 ssh://root@192.0.2.11:22#peering-4099`,
);
export const segment = hostResource(
  "A subnet on one host.",
  wanted,
  `${onHost}:Segment web-h1 ssh://root@192.0.2.11:22#segment-4098`,
);
export const port = hostResource(
  "An endpoint on its host.",
  wanted,
  `${onHost}:Port web1 ssh://root@192.0.2.11:22#port-4098-web1`,
);

export const service = hostResource(
  "A service entry on one host.",
  wanted,
  `${onHost}:Service web-h1 ssh://root@192.0.2.11:22#service-4097-web`,
);

export const adoptedOnHost = hostResource(
  "What somebody else made on a host, taken in as it is.",
  wanted,
  `${onHost}:AdoptedSegment office-h1 ssh://root@192.0.2.11:22#adopted-office-h1`,
);

const shared = {
  ...perHost,
  container: string("The container's name."),
  networkMode: string("`host` or `container:NAME`."),
};
export const sharedPort: ResourceSpec = {
  description: `A container without a network of its own. Made by its component.${importSection(
    `${onHost}:SharedPort sidecar ssh://root@192.0.2.11:22#container-sidecar`,
  )}`,
  inputProperties: shared,
  requiredInputs: Object.keys(shared),
  properties: {
    ...shared,
    ipv4Address: string("The IPv4 address that it shares."),
    ipv6Address: string("The IPv6 address that it shares."),
  },
  required: Object.keys(shared),
};

function firewallResource(
  description: string,
  spec: string,
  importId: string,
  outputs: ResourceSpec["properties"] = {},
): ResourceSpec {
  const inputs = {
    hosts: anything("The hosts that enforce it: a list of objects with `name` and `connection`."),
    spec: anything(spec),
  };
  return {
    description: `${description} Made by its component.${importSection(importId)}`,
    inputProperties: inputs,
    requiredInputs: Object.keys(inputs),
    // Inputs are not said again: see decision 0016.
    properties: {
      drift: strings("How the hosts differed when they were last read. Empty when they did not."),
      pending: strings("Names of the hosts that have not got it yet, because they could not be reached."),
      ...outputs,
    },
    required: ["drift", "pending"],
  };
}

export const policyOnHosts = firewallResource(
  "A firewall policy on all hosts of its fabric.",
  "The policy, with every name made a number or an address.",
  "sdn:firewall:Policy web ssh://root@192.0.2.11:22,ssh://root@192.0.2.12:22#policy-web",
  {
    hits: listOf(
      "sdn:index:FirewallRuleTotal",
      "What its rules had counted at the last refresh, over all hosts. With more than 50 rules, one item for all of them together. Absent after a change, until the next refresh.",
    ),
  },
);
export const memberOnHosts = firewallResource(
  "The labels of an endpoint, as all hosts of its fabric know them.",
  "The endpoint's addresses and labels.",
  "sdn:firewall:Member web1 ssh://root@192.0.2.11:22,ssh://root@192.0.2.12:22#member-4098/web1",
);

const common: Readonly<Record<string, PropertySpec>> = {
  label: string("The component's name."),
  hostUris: strings("Hosts whose own records are looked at for what is in use."),
};
const space: Readonly<Record<string, PropertySpec>> = {
  cidr: string("Given IPv4 space."),
  prefixLength: integer("Length of an IPv4 space to take."),
  ipv6Cidr: string("Given IPv6 space."),
  ipv6PrefixLength: integer("Length of an IPv6 space to take."),
};

function allocation(
  description: string,
  inputs: Readonly<Record<string, PropertySpec>>,
  outputs: ResourceSpec["properties"],
  importId: string,
): ResourceSpec {
  return {
    description: `${description} Made by its component; lives in Pulumi's state alone.${importSection(importId)}`,
    inputProperties: { ...common, ...inputs },
    requiredInputs: ["label"],
    properties: { ...common, ...inputs, ...outputs },
    required: ["label"],
  };
}

export const networkAllocation = allocation(
  "VNI and address space of a virtual network.",
  {
    ...space,
    fabric: string("URN of the fabric."),
    vniRange: ofType("sdn:index:VniRange", "VNIs to take from."),
    vni: integer("Given VNI."),
    pools: strings("Address pools to take from."),
    reservedCidrs: listOf("sdn:index:ReservedCidr", "What belongs to others."),
  },
  {
    vni: integer("The VNI."),
    allottedCidr: string("The IPv4 space."),
    allottedIpv6Cidr: string("The IPv6 space."),
  },
  "sdn:ipam:NetworkAllocation shop ssh://root@192.0.2.11:22,ssh://root@192.0.2.12:22#network-4097",
);

export const peeringAllocation = allocation(
  "Number of a peering, out of the VNIs.",
  {
    fabric: string("URN of the fabric."),
    vniRange: ofType("sdn:index:VniRange", "VNIs to take from."),
    vni: integer("Given number."),
  },
  { vni: integer("The number.") },
  "sdn:ipam:PeeringAllocation bridge ssh://root@192.0.2.11:22,ssh://root@192.0.2.12:22#peering-4099",
);

export const serviceAllocation = allocation(
  "Virtual addresses of a service entry.",
  {
    fabric: string("URN of the fabric."),
    pool: string("IPv4 addresses to take from."),
    ipv6Pool: string("IPv6 addresses to take from."),
    vip: string("Wanted IPv4 address."),
    ipv6Vip: string("Wanted IPv6 address."),
  },
  { allottedVip: string("The IPv4 address."), allottedIpv6Vip: string("The IPv6 address.") },
  "sdn:ipam:ServiceAllocation web ssh://root@192.0.2.11:22,ssh://root@192.0.2.12:22#service-4097-web",
);

const givenRanges = (family: string): PropertySpec => ({
  type: "object",
  additionalProperties: { type: "string" },
  description: `Given ${family} ranges, by host.`,
});

const hostRanges = {
  hostRangePrefixLength: integer("Length of each host's IPv4 range."),
  ipv6HostRangePrefixLength: integer("Length of each host's IPv6 range."),
};

export const subnetAllocation = allocation(
  "VNI, addresses and host ranges of a subnet.",
  {
    ...space,
    ...hostRanges,
    fabric: string("URN of the fabric."),
    network: string("URN of the network."),
    networkVni: integer("VNI of the network."),
    vniRange: ofType("sdn:index:VniRange", "VNIs to take from."),
    vni: integer("Given VNI."),
    hostRanges: givenRanges("IPv4"),
    ipv6HostRanges: givenRanges("IPv6"),
    pool: string("The network's IPv4 space."),
    ipv6Pool: string("The network's IPv6 space."),
    hosts: strings("Names of the hosts that it spans."),
    allocationRanges: listOf("sdn:index:AddressRange", "Where endpoints' addresses are taken from."),
    reservations: listOf("sdn:index:Reservation", "What nobody gets."),
  },
  {
    vni: integer("The VNI."),
    ipv4: anything("CIDR, gateway and ranges by host."),
    ipv6: anything("The same for IPv6."),
  },
  "sdn:ipam:SubnetAllocation web ssh://root@192.0.2.11:22,ssh://root@192.0.2.12:22#subnet-4098",
);

export const endpointAllocation = allocation(
  "Addresses of an endpoint.",
  {
    ...hostRanges,
    subnet: string("URN of the subnet."),
    cidr: string("The subnet's IPv4 addresses."),
    ipv6Cidr: string("The subnet's IPv6 addresses."),
    ipv4Address: string("Wanted IPv4 address."),
    ipv6Address: string("Wanted IPv6 address."),
    macAddress: string("Wanted MAC address."),
    layout: anything("How the IPv4 addresses are divided, where that does not follow from the CIDR."),
    ipv6Layout: anything("The same for IPv6."),
    pool: string("The part of the IPv4 addresses that the host's engine knows."),
    ipv6Pool: string("The same for IPv6."),
  },
  {
    allottedIpv4: string("The IPv4 address."),
    allottedIpv6: string("The IPv6 address."),
    allottedMac: string("The MAC address."),
  },
  "sdn:ipam:EndpointAllocation web1 ssh://root@192.0.2.11:22#endpoint-4098-web1",
);
