import * as sdn from "pulumi-sdn";

/** How the three machines are reached. */
export interface Machines {
  readonly h1: sdn.HostArgs;
  readonly h2: sdn.HostArgs;
  readonly h3: sdn.HostArgs;
}

/** What an endpoint is attached to. Nothing: its addresses are reserved, for a container that is started elsewhere. */
export type Attachment = Pick<sdn.EndpointArgs, "container" | "namespace" | "interface">;

/** Where each container is and the subnet that it belongs to. */
const containers = [
  { name: "web1", host: "h1", subnet: "web" },
  { name: "web2", host: "h2", subnet: "web" },
  { name: "db1", host: "h3", subnet: "db" },
] as const;

/** One isolated network with a way out, over three machines, with two subnets; one lets only the other in. */
export function shop(machines: Machines, attach: (container: string) => Attachment = () => ({})) {
  const hosts = {
    h1: new sdn.Host("h1", machines.h1),
    h2: new sdn.Host("h2", machines.h2),
    h3: new sdn.Host("h3", machines.h3),
  };
  const fabric = new sdn.Fabric("fabric", { hosts: Object.values(hosts) });
  const network = new sdn.VirtualNetwork("shop", {
    fabric,
    cidr: "10.20.0.0/16",
    ipv6Cidr: "fd00:20::/48",
    egress: sdn.Egress.Nat,
  });
  const subnets = {
    web: new sdn.Subnet("web", { network, prefixLength: 24, ipv6PrefixLength: 64 }),
    db: new sdn.Subnet("db", { network, prefixLength: 24, ipv6PrefixLength: 64 }),
  };
  // Whatever has the label, wherever it runs, now or later; nobody else.
  const webs = new sdn.SecurityGroup("webs", { members: [{ labels: { matchLabels: { app: "web" } } }] });
  new sdn.FirewallPolicy("database", {
    fabric,
    priority: 100,
    appliesTo: [{ subnet: subnets.db }],
    rules: [
      {
        name: "postgres",
        reason: "the shop's pages are made from it",
        direction: "ingress",
        action: "allow",
        from: [{ group: webs }],
        services: [{ protocol: "tcp", ports: "5432" }, { protocol: "icmp" }],
      },
    ],
    defaults: { ingress: "deny", egress: "continue" },
  });
  return {
    mtu: network.mtu,
    subnets: Object.entries(subnets).map(([name, { cidr, ipv6Cidr, gateway }]) => ({ name, cidr, ipv6Cidr, gateway })),
    containers: containers.map(({ name, host, subnet }) => {
      const endpoint = new sdn.Endpoint(name, {
        host: hosts[host],
        subnet: subnets[subnet],
        labels: { app: subnet },
        ...attach(name),
      });
      return {
        name,
        host,
        subnet,
        network: subnets[subnet].dockerNetworkName,
        ipv4: endpoint.ipv4Address,
        ipv6: endpoint.ipv6Address,
      };
    }),
  };
}
