/** The way of one packet, hop by hop, as the hosts' intents have it. No packet is sent. */
import { readAddress } from "../model/address";
import { sourceOf } from "./nat";
import { gatewayLinkName, routerLinkName, uplinkName } from "./names";
import type { RouteEnd, RouteQuestion } from "./route-ends";
import { endAt, receiverAddress, senderOf, subnetHolding } from "./route-ends";
import type { Topology, TopologyNetwork, TopologySegment, TopologySubnet } from "./topology";
import { isIn } from "./topology";

export interface RouteHop {
  readonly host: string;
  /** Interface or network namespace. */
  readonly device: string;
  readonly action: string;
}

export interface RouteTrace {
  /** `outside`: it left by a host's way out; `unknown`: nobody is known to have the address. */
  readonly outcome: "delivered" | "outside" | "dropped" | "unknown";
  /** Why, as a sentence. */
  readonly reason: string;
  readonly hops: readonly RouteHop[];
  /** Largest packet that the way carries, bytes. */
  readonly mtu: number;
}

export function traceRoute(topology: Topology, question: RouteQuestion): RouteTrace {
  const to = receiverAddress(topology, question);
  const from = senderOf(topology, question, readAddress(to)?.family === 6 ? 6 : 4);
  return new Walk(topology, from).to(to);
}

const otherSubnet = "the anycast gateway takes it, on this same host";

class Walk {
  private readonly hops: RouteHop[] = [];
  private mtu: number;

  constructor(
    private readonly topology: Topology,
    private readonly from: RouteEnd & { readonly host: string },
  ) {
    this.mtu = from.subnet.mtu;
  }

  to(address: string): RouteTrace {
    const { host, subnet, shown } = this.from;
    const segment = segmentOn(subnet, host);
    if (segment === undefined) return this.end("dropped", `subnet ${subnet.name} is not on host ${host}`);
    this.hop(host, segment.bridge, `${shown} sends to ${address} on subnet ${subnet.name}`);
    const own = [subnet.gateway, subnet.ipv6Gateway].includes(address);
    if (own) {
      this.hop(host, gatewayLinkName(subnet.vni), "the anycast gateway answers, on this same host");
      return this.end("delivered", "the gateway is on every host");
    }
    if (isIn(address, subnet.cidr) || isIn(address, subnet.ipv6Cidr)) return this.across(segment, subnet, address);
    return this.routed(host, address);
  }

  /** Within a subnet: by bridge, and by VXLAN where it is on another host. */
  private across(segment: TopologySegment, subnet: TopologySubnet, address: string): RouteTrace {
    const end = this.ownerOf(subnet, address);
    if (end.host === undefined) {
      const peers = segment.peers.length;
      this.hop(
        segment.host,
        segment.device,
        `nobody is known to have ${address}: it is asked for here and on ${peers} more hosts`,
      );
      return this.end("unknown", `no endpoint, container or host range has ${address}`);
    }
    if (end.host !== segment.host) {
      const there = segmentOn(subnet, end.host);
      if (there === undefined) return this.end("dropped", `subnet ${subnet.name} is not on host ${end.host}`);
      const action = `VXLAN ${subnet.vni} to ${end.host} (${there.underlayAddress})`;
      this.hop(segment.host, segment.device, action);
      if (!segment.peers.includes(there.underlayAddress)) {
        return this.end("dropped", `host ${segment.host} does not send to VTEP ${there.underlayAddress}`);
      }
      this.hop(end.host, there.bridge, "arrives on the segment's bridge");
    }
    const last = segmentOn(subnet, end.host) ?? segment;
    const found = end.endpoint === undefined ? `whoever has ${address}` : end.endpoint.attached;
    if (last.routers.includes(address)) this.hop(end.host, routerLinkName(subnet.vni), "this host's router answers");
    else this.hop(end.host, last.bridge, `to ${found}`);
    const known = end.endpoint !== undefined || last.routers.includes(address);
    return this.end(
      "delivered",
      known ? `${end.shown} is on host ${end.host}` : `${address} is in the range of host ${end.host}, if it is in use`,
    );
  }

  private ownerOf(subnet: TopologySubnet, address: string): RouteEnd {
    return endAt(this.topology, subnet, address);
  }

  /** Out of the subnet: through the network's router on the sender's host. */
  private routed(host: string, address: string): RouteTrace {
    const { subnet } = this.from;
    const network = this.topology.networks.find(({ vni }) => vni === subnet.networkVni);
    const router = network?.routers.find((one) => one.host === host);
    if (network === undefined || router === undefined) {
      return this.end("dropped", `subnet ${subnet.name} has no router on host ${host}`);
    }
    this.hop(host, gatewayLinkName(subnet.vni), otherSubnet);
    const target = subnetHolding(this.topology, network.vni, address);
    if (target !== undefined) return this.toSubnet(host, router.namespace, target, address);
    if (isIn(address, network.cidr) || isIn(address, network.ipv6Cidr)) {
      this.hop(host, router.namespace, `${address} belongs to network ${network.name}, and to none of its subnets`);
      return this.end("dropped", "unallotted addresses of a network do not leave it");
    }
    return (
      this.toPeer(host, router.namespace, network, address) ?? this.outside(host, router.namespace, network, address)
    );
  }

  /** Into a network that is a peer; `undefined` where none has the address. */
  private toPeer(host: string, router: string, network: TopologyNetwork, address: string): RouteTrace | undefined {
    for (const { host: at, name, device, mtu, sides } of this.topology.peerings) {
      const own = sides.find(({ vni }) => vni === network.vni);
      const far = sides.find(({ vni }) => vni !== network.vni);
      if (at !== host || own === undefined || far === undefined || !isInAny(address, far.prefixes)) continue;
      this.hop(host, router, `sends it over peering ${name} (${device})`);
      if (!isInAny(this.from.address, own.prefixes)) {
        return this.end(
          "dropped",
          `peering ${name} lets only ${own.prefixes.join(", ")} of network ${network.name} pass`,
        );
      }
      this.mtu = Math.min(this.mtu, mtu);
      const target = subnetHolding(this.topology, far.vni, address);
      const there = this.topology.networks.find(({ vni }) => vni === far.vni)?.routers.find((one) => one.host === host);
      if (target === undefined || there === undefined) {
        return this.end("dropped", `${address} belongs to network ${far.network}, and to none of its subnets`);
      }
      return this.toSubnet(host, there.namespace, target, address);
    }
    return undefined;
  }

  private toSubnet(host: string, router: string, target: TopologySubnet, address: string): RouteTrace {
    const segment = segmentOn(target, host);
    if (segment === undefined) {
      this.hop(host, router, `subnet ${target.name} is not on this host`);
      return this.end("dropped", `the router of host ${host} has no leg in subnet ${target.name}: add the host to it`);
    }
    this.mtu = Math.min(this.mtu, target.mtu);
    this.hop(host, router, `routes it to subnet ${target.name}`);
    if ([target.gateway, target.ipv6Gateway].includes(address))
      return this.end("delivered", "the gateway is on every host");
    this.hop(host, segment.bridge, `enters subnet ${target.name}`);
    return this.across(segment, target, address);
  }

  private outside(host: string, router: string, network: TopologyNetwork, address: string): RouteTrace {
    const six = address.includes(":");
    const own = network.routers.find((one) => one.host === host);
    if (own === undefined || !(six ? own.egress6 : own.egress4)) {
      this.hop(host, router, "has no route there");
      return this.end("dropped", `network ${network.name} has no way out (egress: none)`);
    }
    const source = sourceOf(own, this.from.address, address);
    const kept = source === "none";
    this.hop(host, router, `leaves by the uplink, with ${kept ? "its own" : "the router's"} address as its source`);
    const itself = this.topology.hosts.find(({ name }) => name === host)?.underlayAddress === address;
    this.hop(
      host,
      uplinkName(network.vni),
      itself
        ? "the host drops what is for itself"
        : `the host sends it on, ${sourceText[source] ?? `with ${source} as the source`}`,
    );
    if (itself) return this.end("dropped", "a container does not reach its own host");
    return this.end("outside", `${address} is outside of network ${network.name}; what becomes of it is not ours`);
  }

  private hop(host: string, device: string, action: string): void {
    this.hops.push({ host, device, action });
  }

  private end(outcome: RouteTrace["outcome"], reason: string): RouteTrace {
    return { outcome, reason, hops: this.hops, mtu: this.mtu };
  }
}

const sourceText: Readonly<Record<string, string>> = {
  host: "with its own address as the source",
  none: "untranslated",
};

const isInAny = (address: string, cidrs: readonly string[]): boolean => cidrs.some((cidr) => isIn(address, cidr));

const segmentOn = (subnet: TopologySubnet, host: string): TopologySegment | undefined =>
  subnet.segments.find((one) => one.host === host);
