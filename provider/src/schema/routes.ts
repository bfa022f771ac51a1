import type { ObjectTypeSpec } from "./types";
import { integer, string } from "./types";

export const routeType: ObjectTypeSpec = {
  type: "object",
  description: "A static route in the network's routers.",
  properties: {
    destination: string("Where to: a CIDR. Not the network's own space, and not a part of one of its subnets."),
    nextHop: string(
      "By whom: an address in one of the network's subnets, whose endpoint sends packets on (it needs `antiSpoofing: false`); on every host that has that subnet. Or `blackhole`: dropped.",
    ),
  },
  required: ["destination", "nextHop"],
};

export const policyRouteType: ObjectTypeSpec = {
  type: "object",
  description: "A route for packets by their source, before all routes by destination.",
  properties: {
    priority: integer("Its place, 1 to 999: the lowest that matches decides. Unique for each address family."),
    from: string("Source: a CIDR inside the network's space. Not in the next hop's own subnet."),
    to: string("Destination: a CIDR. Default: whatever would take the default route."),
    nextHop: string(
      "By whom: an address in one of the network's subnets. What comes back out of that subnet is routed as usual.",
    ),
  },
  required: ["priority", "from", "nextHop"],
};
