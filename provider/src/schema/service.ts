import { balancerTypes } from "./balancer";
import type { EnumTypeSpec, ObjectTypeSpec, ResourceSpec } from "./types";
import { anything, boolean, integer, listOf, ofResource, ofType, string, strings } from "./types";

const portType: ObjectTypeSpec = {
  type: "object",
  description: "A port of a service.",
  properties: {
    name: string("A name for SRV records, such as `http`: a letter, then letters, digits or hyphens. Default: none."),
    protocol: string("`tcp` (default) or `udp`."),
    port: integer("The port of the virtual address, 1 to 65535."),
    targetPort: integer("The port of the backends. Default: the same."),
  },
  required: ["port"],
};

const backendType: ObjectTypeSpec = {
  type: "object",
  description: "Who answers. Exactly one of `endpoint`, `group`, `address` and `externalName`.",
  properties: {
    endpoint: ofResource("sdn:index:Endpoint", "An endpoint of the network."),
    group: ofResource(
      "sdn:index:SecurityGroup",
      "The endpoints of a group that names them one by one, each with this weight.",
    ),
    address: string(
      "An address, inside the network or outside of it. Inside, clients of its own subnet reach it with the router's address as their source, because its MAC address is not known.",
    ),
    externalName: string("A DNS name outside that the entry's names stand for (CNAME). Alone, and with `headless`."),
    weight: integer("Its share of new connections in relation to the other backends' weights, 1 to 255. Default 1."),
    drain: boolean("True: it keeps the connections that it has and gets no new ones. Default false."),
  },
};

const exposureType: ObjectTypeSpec = {
  type: "object",
  description:
    "A port of hosts that leads to the entry, for whoever is outside and for the host itself. Backends see an address of the router instead of the client's. Nothing else comes in.",
  properties: {
    port: integer("The host's port, 1 to 65535, on which the host itself must not listen."),
    protocol: string("`tcp` (default) or `udp`."),
    servicePort: integer("Which of the entry's ports it leads to. Default `port`."),
    hosts: strings("Names of the hosts on which it is. Default: all of the network."),
    address: string("The host's address. Default: its `underlayAddress`."),
  },
  required: ["port"],
};

export const serviceTypes: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>> = {
  "sdn:index:ServiceBalancing": {
    type: "string",
    description: "How new connections are shared out.",
    enum: [
      { value: "round-robin", description: "In turn, by weight. Each host counts for itself." },
      { value: "random", description: "At random, by weight." },
      {
        value: "source-hash",
        description: "By the client's address: as long as the backends stay, always the same one.",
      },
      {
        value: "least-connections",
        description: "The one that has the fewest, by weight. With `driver` `haproxy` or `nginx`, which count them.",
      },
    ],
  },
  ...balancerTypes,
  "sdn:index:ServiceBackend": backendType,
  "sdn:index:ServiceExposure": exposureType,
  "sdn:index:ServicePort": portType,
};

export const serviceEntry: ResourceSpec = {
  description:
    "A name that stays, for what comes and goes: DNS names and a virtual address inside a network, whose connections are shared out to backends on whatever host. Translated where the client's packet enters its bridge, without a process; the backend sees the client's own address. A name is not a permission: it opens no traffic. See docs/services.md.",
  isComponent: true,
  inputProperties: {
    network: ofResource("sdn:index:VirtualNetwork", "The network in which it is known and reached."),
    names: strings(
      "DNS names. One without a dot is below the network's zone: `web` is `web.NETWORK.DOMAIN`. Default: the entry's own name.",
    ),
    vip: string("Its IPv4 address, out of the fabric's `serviceCidr`. Default: a free one, kept."),
    ipv6Vip: string("Its IPv6 address, out of the fabric's `ipv6ServiceCidr`. Default: a free one, kept."),
    headless: boolean("True: no virtual address; the names answer with the backends' addresses. Default false."),
    ports: listOf("sdn:index:ServicePort", "Its ports. Required but for `headless`; at most 64."),
    backends: listOf("sdn:index:ServiceBackend", "Who answers. May be empty: then connections are refused."),
    expose: listOf(
      "sdn:index:ServiceExposure",
      "Ports of hosts that lead to it. The network needs a way out (`egress`), by which they come in. At most 16.",
    ),
    balancing: ofType("sdn:index:ServiceBalancing", "How new connections are shared out. Default `round-robin`."),
    driver: ofType(
      "sdn:index:ServiceDriver",
      "What shares connections out. Default `nft`. See docs/services-balancers.md.",
    ),
    healthCheck: ofType("sdn:index:ServiceHealthCheck", "With `driver: haproxy`. Default: backends are not asked."),
    affinity: ofType("sdn:index:ServiceAffinity", "With `driver: haproxy`. Default: each connection for itself."),
    sendProxy: boolean(
      "With `driver: haproxy`: whether backends are told the client's address by the PROXY protocol, version 2, which they must know. Default false.",
    ),
    ttl: integer("Time to live of its DNS records, seconds, 0 to 86400. Default 5."),
  },
  requiredInputs: ["network", "backends"],
  properties: {
    vip: string("Its IPv4 address."),
    ipv6Vip: string("Its IPv6 address."),
    names: strings("Its DNS names, whole."),
    zone: string("The network's DNS zone."),
    network: string("Name of the network."),
    networkVni: integer("VNI of the network."),
    fabricUrn: string("URN of the fabric."),
    members: anything("Who answers, as policies use it."),
    hosts: strings("Names of the hosts whose clients reach it."),
  },
  required: ["names", "zone", "network", "networkVni", "fabricUrn", "members", "hosts"],
};
