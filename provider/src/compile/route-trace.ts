/** The way of one packet, hop by hop, as the hosts' intents have it. No packet is sent. */
import { readAddress } from "../model/address";
import { sourceOf } from "./nat";
import { gatewayLinkName, uplinkName } from "./names";
import type { RouteEnd, RouteQuestion } from "./route-ends";
import { receiverAddress, senderOf, subnetHolding } from "./route-ends";
import { crossSegment } from "./route-segment";
import type { RouteTrace } from "./route-trail";
import { Trail } from "./route-trail";
import type { RouterRoute, RouterTable } from "./router-table";
import { decide, lies, routerTable, segmentOn } from "./router-table";
import type { Topology, TopologyNetwork, TopologyRouter, TopologySubnet } from "./topology";
import { isIn } from "./topology";

export function traceRoute(topology: Topology, question: RouteQuestion): RouteTrace {
  const to = receiverAddress(topology, question);
  const from = senderOf(topology, question, readAddress(to)?.family === 6 ? 6 : 4);
  return new Walk(topology, from, to).start();
}

/** The router that has the packet. */
interface At {
  readonly network: TopologyNetwork;
  readonly router: TopologyRouter;
  readonly table: RouterTable;
  /** VNI of the subnet out of which the packet came; `undefined`: over a peering. */
  readonly arriving: number | undefined;
}

class Walk {
  private readonly trail: Trail;

  constructor(
    private readonly topology: Topology,
    private readonly from: RouteEnd & { readonly host: string },
    private readonly address: string,
  ) {
    this.trail = new Trail(from.subnet.mtu);
  }

  start(): RouteTrace {
    const { trail, address, topology } = this;
    const { host, subnet, shown } = this.from;
    const segment = segmentOn(subnet, host);
    if (segment === undefined) return trail.end("dropped", `subnet ${subnet.name} is not on host ${host}`);
    trail.hop(host, segment.bridge, `${shown} sends to ${address} on subnet ${subnet.name}`);
    if ([subnet.gateway, subnet.ipv6Gateway].includes(address)) {
      trail.hop(host, gatewayLinkName(subnet.vni), "the anycast gateway answers, on this same host");
      return trail.end("delivered", "the gateway is on every host");
    }
    if (isIn(address, subnet.cidr) || isIn(address, subnet.ipv6Cidr)) {
      return crossSegment(trail, topology, subnet, segment, address);
    }
    if (segment.internal) return trail.end("dropped", `subnet ${subnet.name} is internal: it has no gateway`);
    const at = this.routerOf(subnet.networkVni, subnet.vni);
    if (at === undefined) return trail.end("dropped", `subnet ${subnet.name} has no router on host ${host}`);
    trail.hop(host, gatewayLinkName(subnet.vni), "the anycast gateway takes it, on this same host");
    return this.routed(at);
  }

  /** Every router that a packet passes is one of its sender's host. */
  private routerOf(networkVni: number, arriving: number | undefined): At | undefined {
    const { host } = this.from;
    const network = this.topology.networks.find(({ vni }) => vni === networkVni);
    const router = network?.routers.find((one) => one.host === host);
    if (network === undefined || router === undefined) return undefined;
    return { network, router, arriving, table: routerTable(this.topology, network, host) };
  }

  private routed(at: At): RouteTrace {
    const { address, trail } = this;
    const decision = decide(at.table, { from: this.from.address, to: address, arriving: at.arriving });
    switch (decision?.kind) {
      case undefined:
        this.hopRouter(at, "has no route there");
        return trail.end("dropped", `network ${at.network.name} has no way out (egress: none)${this.elsewhere(at)}`);
      case "local":
        this.hopRouter(at, `answers: the address is its own, in subnet ${decision.subnet.name}`);
        return trail.end("delivered", `every host's router has its own addresses in subnet ${decision.subnet.name}`);
      case "policy": {
        const { priority, from, to, nextHop, subnet } = decision.policy;
        const matches = `policy route ${priority} (from ${from}${to === undefined ? "" : ` to ${to}`})`;
        return this.toNextHop(at, subnet, nextHop, matches);
      }
      case "static":
        return this.toNextHop(at, decision.subnet, decision.nextHop, `the route to ${decision.destination}`);
      case "subnet":
        return this.toSubnet(at, decision.subnet);
      case "peering":
        return this.toPeer(at, decision);
      case "blackhole":
        return this.intoHole(at, decision);
      case "uplink":
        return this.outside(at);
    }
  }

  private toNextHop(at: At, subnet: TopologySubnet, nextHop: string, by: string): RouteTrace {
    this.hopRouter(at, `sends it to next hop ${nextHop} in subnet ${subnet.name}, by ${by}`);
    return this.enter(subnet, nextHop, this.address);
  }

  private toSubnet(at: At, subnet: TopologySubnet): RouteTrace {
    this.hopRouter(at, `routes it to subnet ${subnet.name}`);
    return this.enter(subnet, this.address);
  }

  private enter(subnet: TopologySubnet, receiver: string, beyond?: string): RouteTrace {
    const { host } = this.from;
    const segment = segmentOn(subnet, host);
    if (segment === undefined) return this.trail.end("dropped", `subnet ${subnet.name} is not on host ${host}`);
    this.trail.narrow(subnet.mtu);
    this.trail.hop(host, segment.bridge, `enters subnet ${subnet.name}`);
    return crossSegment(this.trail, this.topology, subnet, segment, receiver, beyond);
  }

  private toPeer(at: At, { peering }: RouterRoute & { readonly kind: "peering" }): RouteTrace {
    const { name, device, mtu, sides } = peering;
    if (at.arriving === undefined) {
      this.hopRouter(at, "has no route there for what comes over a peering");
      return this.trail.end("dropped", "a peering leads to the next network only, and not beyond");
    }
    this.hopRouter(at, `sends it over peering ${name} (${device})`);
    const own = sides.filter(({ vni }) => vni === at.network.vni).flatMap(({ prefixes }) => prefixes);
    if (!own.some((prefix) => lies(this.from.address, prefix))) {
      const reason = `peering ${name} lets only ${own.join(", ")} of network ${at.network.name} pass`;
      return this.trail.end("dropped", reason);
    }
    this.trail.narrow(mtu);
    const far = sides.find(({ vni }) => vni !== at.network.vni);
    const there = far === undefined ? undefined : this.routerOf(far.vni, undefined);
    return there === undefined
      ? this.trail.end("dropped", `network ${far?.network ?? name} has no router on host ${this.from.host}`)
      : this.routed(there);
  }

  private intoHole(at: At, { own, destination }: RouterRoute & { readonly kind: "blackhole" }): RouteTrace {
    const { address, trail } = this;
    const { name, vni } = at.network;
    if (!own) {
      this.hopRouter(at, `drops it, by the route to ${destination}`);
      return trail.end("dropped", `network ${name} has a blackhole at ${destination}`);
    }
    const subnet = subnetHolding(this.topology, vni, address);
    if (subnet === undefined) {
      this.hopRouter(at, `${address} belongs to network ${name}, and to none of its subnets`);
      return trail.end("dropped", `unallotted addresses of a network do not leave it${this.elsewhere(at)}`);
    }
    const { host } = this.from;
    if (subnet.internal) {
      this.hopRouter(at, `has no leg in subnet ${subnet.name}`);
      return trail.end("dropped", `subnet ${subnet.name} is internal: no router leads into it`);
    }
    this.hopRouter(at, `subnet ${subnet.name} is not on this host`);
    const reason = `the router of host ${host} has no leg in subnet ${subnet.name}: add the host to it`;
    return trail.end("dropped", reason);
  }

  /** A route is where the subnet of its next hop is: what routers of other hosts would do. */
  private elsewhere({ network }: At): string {
    for (const subnet of this.topology.subnets) {
      if (subnet.networkVni !== network.vni || segmentOn(subnet, this.from.host) !== undefined) continue;
      const routes = subnet.segments.flatMap((segment) => segment.routes);
      const route = routes.find(({ destination }) => lies(this.address, destination));
      if (route === undefined) continue;
      const { destination, nextHop } = route;
      return `; its route to ${destination} by ${nextHop} is not here, since subnet ${subnet.name} is not`;
    }
    return "";
  }

  private outside(at: At): RouteTrace {
    const { address, trail } = this;
    const { host } = this.from;
    const { name, vni } = at.network;
    const source = sourceOf(at.router, this.from.address, address);
    const whose = source === "none" ? "its own" : "the router's";
    this.hopRouter(at, `leaves by the uplink, with ${whose} address as its source`);
    const itself = this.topology.hosts.find((one) => one.name === host)?.underlayAddress === address;
    const sends = `the host sends it on, ${sourceText[source] ?? `with ${source} as the source`}`;
    trail.hop(host, uplinkName(vni), itself ? "the host drops what is for itself" : sends);
    if (itself) return trail.end("dropped", "a container does not reach its own host");
    const reason = `${address} is outside of network ${name}; what becomes of it is not ours${this.elsewhere(at)}`;
    return trail.end("outside", reason);
  }

  private hopRouter({ router }: At, action: string): void {
    this.trail.hop(router.host, router.namespace, action);
  }
}

const sourceText: Readonly<Record<string, string>> = {
  host: "with its own address as the source",
  none: "untranslated",
};
