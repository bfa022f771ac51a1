/** Who reaches whom: the function that tells it, and the resource that asserts it. */
import { hosts } from "./seeing";
import type { FunctionSpec, ObjectTypeSpec, ResourceSpec } from "./types";
import { anything, listOf, string, strings } from "./types";

const reachableFlow: ObjectTypeSpec = {
  type: "object",
  description: "Traffic that is treated alike.",
  properties: {
    from: string("Who sends: names of groups, subnets, networks, endpoints, blocks of addresses, or `any`."),
    to: string("Who gets it."),
    services: string("What: `tcp/443`, `udp`, `all but tcp/22`, `all`."),
    outcome: string(
      "`allow`; `deny`; `depends`: on what a host finds out, such as what a name resolves to; `no way`: no router leads there.",
    ),
    rules: strings("`POLICY/RULE` of what decides, the sender's and the receiver's. Empty where no policy has a say."),
  },
  required: ["from", "to", "services", "outcome", "rules"],
};

const asserted =
  "One end or a list: an `Endpoint`, `Subnet`, `VirtualNetwork`, `SecurityGroup` or `Host`, a name of one, an address, a CIDR, `any`, or labels: `{ matchLabels: { app: web } }`.";

const trafficAssertion: ObjectTypeSpec = {
  type: "object",
  description: "Traffic of which something is asserted.",
  properties: {
    from: anything(`Who sends. ${asserted}`),
    to: anything("Who gets it: the same."),
    protocol: string("`tcp`, `udp`, `icmp`, …, or a number. Default: all."),
    ports: string("Ports at the receiver: `443`, `80,443`, `8000-8010`. Default: all."),
    icmpTypes: strings("Types of ICMP: `echo-request`, `8`, `3/4`. Default: all."),
  },
  required: ["from", "to"],
};

export const reachabilityTypes = {
  "sdn:index:ReachableFlow": reachableFlow,
  "sdn:index:TrafficAssertion": trafficAssertion,
} as const;

const assertion = (what: string) => listOf("sdn:index:TrafficAssertion", what);

export const reachabilityTest: ResourceSpec = {
  description:
    "Assertions about traffic. A broken one fails the preview, with the way of the packet and the rules that break it; every `up` tests them on what the hosts then hold, and a refresh tells which are broken. Let it depend on the policies and endpoints that it is about (`dependsOn`), so that it is asked after them. It makes nothing on any host, so it cannot be imported.",
  inputProperties: {
    hosts,
    allowed: assertion("All of this traffic passes, between all of the ends."),
    denied: assertion("None of this traffic passes, between any of the ends."),
    onlyFrom: assertion(
      "This traffic reaches the receivers from these senders alone: from nobody else does any of it.",
    ),
  },
  requiredInputs: ["hosts"],
  properties: {
    holds: strings("What holds, and the rules that decide it."),
    broken: strings("What a refresh found broken."),
  },
  required: ["holds", "broken"],
};

const end = "name of an endpoint, container, subnet, network, group or host, an address, a CIDR, or `any`";

export const getReachability: FunctionSpec = {
  description:
    "Who reaches whom, by networks, peerings, ways out and the firewall policies of all tiers, with the rules that decide. Computed from what the hosts hold (one execution each); no packet is sent.",
  inputs: {
    type: "object",
    description: "Which hosts, and what is asked.",
    properties: {
      hosts,
      from: string(`The sender: ${end}. Default: nothing is asked, and all that is allowed is told.`),
      to: string("The receiver: the same."),
      protocol: string("`tcp`, `udp`, `icmp`, …, or a number. Default: all."),
      ports: string("Ports at the receiver: `443`, `80,443`, `8000-8010`. Default: all."),
    },
    required: ["hosts"],
  },
  outputs: {
    type: "object",
    description: "What was found.",
    properties: {
      answer: string(
        "`allowed`, `denied`, `partly`, `depends`, or `unreachable`: no router leads there. Absent where nothing was asked.",
      ),
      because: listOf("sdn:index:ReachableFlow", "What becomes of what was asked, in parts that are treated alike."),
      hops: listOf("sdn:index:RouteHop", "The way step by step, where the sender is one endpoint."),
      flows: listOf("sdn:index:ReachableFlow", "All that passes, or may pass. Empty where something was asked."),
      table: string("The same as text, to look at."),
    },
    required: ["because", "flows", "table"],
  },
};
