import type { ResourceSpec } from "./types";
import { anything, integer, string, strings } from "./types";

export const networkPeering: ResourceSpec = {
  description:
    "Lets two virtual networks of one fabric reach each other: on every host a link between their routers, with routes into the other's space. Nothing else passes, in either direction; and it is not transitive: of three networks in a row the first does not reach the third. Their spaces must not overlap.",
  isComponent: true,
  inputProperties: {
    networks: {
      type: "array",
      items: { $ref: "#/resources/sdn:index:VirtualNetwork" },
      description: "The two networks. Their order means nothing.",
    },
    prefixes: strings(
      "CIDRs, each inside one of the two spaces: of a network that has some in this list, only those can reach and be reached. At most 16. Default: all of both.",
    ),
    vni: integer("The peering's own number, in the fabric's `vniRange`. Default: a free one, kept."),
  },
  requiredInputs: ["networks"],
  properties: {
    vni: integer("The peering's own number, out of the fabric's VNIs. It names the link on the hosts."),
    networks: strings("Names of the two networks."),
    prefixes: strings("What can reach each other, of both networks."),
    fabric: string("Name of the fabric."),
    peerings: anything("URNs of its peerings by host."),
  },
  required: ["vni", "networks", "prefixes", "fabric", "peerings"],
};
