/** Intents as examples: one for each shape that the provider makes. */
import type {
  AdoptedIntent,
  Attachment,
  Nat,
  PeeringIntent,
  PortIntent,
  RouterIntent,
  SegmentIntent,
} from "../../provider/src/compile/intent";
import type { ServiceIntent } from "../../provider/src/compile/service/intent";

export interface Place {
  readonly owner: string;
  readonly label: string;
  readonly scope: string;
}

export const place: Place = { owner: "shop/dev", label: "web", scope: "" };

/** Outside addresses of the examples are from RFC 5737 and RFC 3849. */
export function routerIntent(changes: Partial<RouterIntent> = {}): RouterIntent {
  return {
    ...place,
    kind: "router",
    label: "shop",
    vni: 5000,
    mtu: 1450,
    cidr: "10.20.0.0/16",
    ipv6Cidr: undefined,
    egress: undefined,
    ...changes,
  };
}

export const egress4: NonNullable<RouterIntent["egress"]> = {
  ipv4: { host: "100.64.39.16", router: "100.64.39.17" },
  ipv6: undefined,
};
export const egressDual: NonNullable<RouterIntent["egress"]> = {
  ipv4: egress4.ipv4,
  ipv6: { host: "fd73:646e:7472::2710", router: "fd73:646e:7472::2711" },
};

const addressing4 = { cidr: "10.20.1.0/24", gateway: "10.20.1.1", router: "10.20.1.64", range: "10.20.1.64/28" };
const addressing6 = {
  cidr: "fd00:20:1::/64",
  gateway: "fd00:20:1::1",
  router: "fd00:20:1::4000",
  range: "fd00:20:1::4000/114",
};
export const addressing = { ipv4: addressing4, ipv6: addressing6 };

export function segmentIntent(changes: Partial<SegmentIntent> = {}): SegmentIntent {
  return {
    ...place,
    kind: "segment",
    vni: 5001,
    routerVni: 5000,
    mtu: 1450,
    underlay: "192.0.2.11",
    port: 4789,
    peers: ["192.0.2.12", "192.0.2.13"],
    ipv4: addressing4,
    ipv6: undefined,
    dockerNetwork: undefined,
    ...changes,
  };
}

const attachments = {
  docker: { kind: "docker", network: "shop-web", container: "web-1" },
  container: { kind: "container", container: "web-1", interface: "eth0" },
  namespace: { kind: "namespace", namespace: "box", interface: "eth0" },
  interface: { kind: "interface", interface: "ens4" },
} as const satisfies Readonly<Record<Attachment["kind"], Attachment>>;

export function portIntent(kind: Attachment["kind"], changes: Partial<PortIntent> = {}): PortIntent {
  return {
    ...place,
    kind: "port",
    label: "box",
    name: "box",
    vni: 5001,
    routerVni: 5000,
    mtu: 1450,
    mac: "02:42:0a:14:01:05",
    ipv4: { address: "10.20.1.5/24", gateway: "10.20.1.1" },
    ipv6: undefined,
    attachment: attachments[kind],
    guard: { bindMac: true, pairs: [] },
    ...changes,
  };
}

/** Routes by a next hop in the segment. */
export const routes: Pick<SegmentIntent, "routes" | "policyRoutes"> = {
  routes: [
    { destination: "10.99.0.0/16", nextHop: "10.20.1.9" },
    { destination: "fd00:99::/48", nextHop: "fd00:20:1::9" },
  ],
  policyRoutes: [
    { priority: 10, from: "10.20.2.0/24", nextHop: "10.20.1.9" },
    { priority: 20, from: "10.20.3.7/32", to: "198.51.100.0/24", nextHop: "10.20.1.10" },
    { priority: 20, from: "fd00:20:2::/64", nextHop: "fd00:20:1::9" },
  ],
};

/** Every kind of translation. */
export const nat: Nat = {
  source: [
    { from: "10.20.5.0/24", to: "203.0.113.0/24", address: "none" },
    { from: "10.20.5.0/24", address: "192.0.2.11" },
    { from: "10.20.0.0/16", to: "198.51.100.0/24", address: "host" },
  ],
  destination: [
    { protocol: "tcp", address: "192.0.2.11", port: 80, toAddress: "10.20.1.5", toPort: 8080 },
    {
      protocol: "udp",
      address: "192.0.2.12",
      port: 5000,
      endPort: 5010,
      toAddress: "10.20.1.6",
      toPort: 5000,
      preserveSource: true,
    },
  ],
};

export function peeringIntent(changes: Partial<PeeringIntent> = {}): PeeringIntent {
  return {
    ...place,
    kind: "peering",
    label: "shop-data",
    vni: 5010,
    mtu: 1450,
    sides: [
      {
        network: "shop",
        routerVni: 5000,
        ipv4: "100.64.156.144",
        ipv6: "fd73:646e:7472::9c90",
        prefixes: ["10.20.0.0/16", "fd00:20::/48"],
      },
      {
        network: "data",
        routerVni: 5005,
        ipv4: "100.64.156.145",
        ipv6: "fd73:646e:7472::9c91",
        prefixes: ["10.30.0.0/16", "fd00:30::/48"],
      },
    ],
    ...changes,
  };
}

/** The other network of `peeringIntent`. */
export const peerRouter = (): RouterIntent =>
  routerIntent({ label: "data", vni: 5005, cidr: "10.30.0.0/16", ipv6Cidr: "fd00:30::/48" });

/** A service with a backend of either family on the example segment, one that is only an address, and one that drains. */
export function serviceIntent(changes: Partial<ServiceIntent> = {}): ServiceIntent {
  const near = { vni: 5001, mac: "02:42:0a:14:01:05" };
  return {
    ...place,
    kind: "service",
    label: "front",
    name: "front",
    routerVni: 5000,
    ipv4: "198.18.0.10",
    ipv6: undefined,
    pools: ["198.18.0.0/15"],
    dns: { zone: "shop.sdn.internal", names: ["front.shop.sdn.internal"], ttl: 5, upstreams: [] },
    balancing: "round-robin",
    ports: [
      { name: "http", protocol: "tcp", port: 80, targetPort: 8080 },
      { name: undefined, protocol: "udp", port: 53, targetPort: 53 },
    ],
    backends: [
      { kind: "address", address: "10.20.1.5", weight: 1, neighbour: near },
      { kind: "address", address: "10.20.1.6", weight: 3, neighbour: { vni: 5001, mac: "02:42:0a:14:01:06" } },
      { kind: "address", address: "10.20.9.9", weight: 1, neighbour: undefined },
      { kind: "address", address: "10.20.1.7", weight: 0, neighbour: { vni: 5001, mac: "02:42:0a:14:01:07" } },
    ],
    ...changes,
  };
}

/** Balanced by HAProxy, with everything that it can do. */
export function balancedService(changes: Partial<ServiceIntent> = {}): ServiceIntent {
  return serviceIntent({
    ports: [{ name: "http", protocol: "tcp", port: 80, targetPort: 8080 }],
    balancer: {
      driver: "haproxy",
      balancing: "least-connections",
      healthCheck: {
        probe: { protocol: "http", path: "/healthz", host: undefined, expectedStatus: "200-399" },
        port: undefined,
        interval: 2,
        timeout: 1,
        healthyAfter: 2,
        unhealthyAfter: 3,
      },
      affinity: 300,
      sendProxy: true,
    },
    ...changes,
  });
}

/** The same over IPv6 as well. */
export function dualStackService(changes: Partial<ServiceIntent> = {}): ServiceIntent {
  const over4 = serviceIntent();
  const near = { vni: 5001, mac: "02:42:0a:14:01:05" };
  return serviceIntent({
    ipv6: "fd73:646e:7376::10",
    pools: ["198.18.0.0/15", "fd73:646e:7376::/108"],
    backends: [...over4.backends, { kind: "address", address: "fd00:20:1::5", weight: 1, neighbour: near }],
    ...changes,
  });
}

export const portAddress6 = { address: "fd00:20:1::5/64", gateway: "fd00:20:1::1" };

/** A bridge with a VXLAN device and a Docker network, as somebody made them. */
export function adoptedIntent(changes: Partial<AdoptedIntent> = {}): AdoptedIntent {
  return {
    ...place,
    kind: "adopted",
    label: "office",
    name: "office",
    bridge: { name: "br0", mtu: 1400 },
    vxlans: [{ name: "vx42", mtu: 1400, vni: 42, local: "192.0.2.11", port: 8472, remotes: ["192.0.2.12"] }],
    dockerNetwork: { name: "office", networkId: "id-of-office", cidrs: ["172.30.0.0/16"] },
    ...changes,
  };
}
