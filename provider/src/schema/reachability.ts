/** The function that tells who reaches whom. */
import { hosts } from "./seeing";
import type { FunctionSpec, ObjectTypeSpec } from "./types";
import { listOf, string, strings } from "./types";

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

export const reachabilityTypes = { "sdn:index:ReachableFlow": reachableFlow } as const;

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
      flows: listOf("sdn:index:ReachableFlow", "All that passes, or may pass."),
      table: string("The same as text, to look at."),
    },
    required: ["because", "flows", "table"],
  },
};
