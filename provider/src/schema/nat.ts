import type { ObjectTypeSpec } from "./types";
import { boolean, integer, listOf, string, strings } from "./types";

const hosts = strings("Names of the hosts on which the rule is. Default: all of the fabric.");

export const natType: ObjectTypeSpec = {
  type: "object",
  description: "Translations between a network and its hosts.",
  properties: {
    source: listOf(
      "sdn:index:SourceNat",
      "Source NAT, for what leaves. The first rule that matches decides; where none does, `egress`. Needs `egress` `nat` or `routed`. At most 8.",
    ),
    destination: listOf(
      "sdn:index:DestinationNat",
      "Destination NAT: ports of hosts that lead to endpoints, with any `egress`. At most 16.",
    ),
  },
};

export const sourceNatType: ObjectTypeSpec = {
  type: "object",
  description: "With which source packets leave.",
  properties: {
    from: string("Source before translation: a CIDR inside the network's space."),
    to: string("Destination: a CIDR outside of it. Default: any."),
    address: string(
      "The source after translation. `host`: the host's address, as with `egress: nat`. `none`: it stays as it is. Or an address that the host has.",
    ),
    hosts,
  },
  required: ["from", "address"],
};

export const destinationNatType: ObjectTypeSpec = {
  type: "object",
  description: "A port of hosts that leads to an endpoint. Replies find their way; nothing else comes in.",
  properties: {
    name: string("Its name, in messages. Unique in the list."),
    hosts,
    address: string("The host's address. Default: its `underlayAddress`."),
    protocol: string("`tcp` or `udp`."),
    port: integer("The host's port, 1 to 65535, on which the host itself must not listen."),
    endPort: integer("Last port of a range that begins at `port`. Each port leads to itself."),
    toAddress: string("The endpoint's address, in the network's space."),
    toPort: integer("The endpoint's port. Default `port`. Not with `endPort`."),
    preserveSource: boolean(
      "Whether the endpoint sees the client's address. Only for hosts on which the endpoint is: its reply goes to its own host's router. Default false: it sees an address of the router.",
    ),
  },
  required: ["name", "protocol", "port", "toAddress"],
};
