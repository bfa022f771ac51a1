/** The way of a packet within a subnet: by bridge, and by VXLAN where the receiver is on another host. */
import { routerLinkName } from "./names";
import { endAt } from "./route-ends";
import type { RouteTrace, Trail } from "./route-trail";
import { segmentOn } from "./router-table";
import type { Topology, TopologySegment, TopologySubnet } from "./topology";

/** `beyond`: where the packet goes, when `address` is only a next hop that sends it on. */
export function crossSegment(
  trail: Trail,
  topology: Topology,
  subnet: TopologySubnet,
  segment: TopologySegment,
  address: string,
  beyond?: string,
): RouteTrace {
  const end = endAt(topology, subnet, address);
  if (end.host === undefined) {
    const asked = `it is asked for here and on ${segment.peers.length} more hosts`;
    trail.hop(segment.host, segment.device, `nobody is known to have ${address}: ${asked}`);
    return trail.end("unknown", `no endpoint, container or host range has ${address}`);
  }
  if (end.host !== segment.host) {
    const there = segmentOn(subnet, end.host);
    if (there === undefined) return trail.end("dropped", `subnet ${subnet.name} is not on host ${end.host}`);
    trail.hop(segment.host, segment.device, `VXLAN ${subnet.vni} to ${end.host} (${there.underlayAddress})`);
    if (!segment.peers.includes(there.underlayAddress)) {
      return trail.end("dropped", `host ${segment.host} does not send to VTEP ${there.underlayAddress}`);
    }
    trail.hop(end.host, there.bridge, "arrives on the segment's bridge");
  }
  const last = segmentOn(subnet, end.host) ?? segment;
  const isRouter = last.routers.includes(address);
  if (isRouter) trail.hop(end.host, routerLinkName(subnet.vni), "this host's router answers");
  else trail.hop(end.host, last.bridge, `to ${end.endpoint?.attached ?? `whoever has ${address}`}`);
  if (beyond !== undefined) {
    const reason = `${end.shown} on host ${end.host} is the next hop to ${beyond}; what it does is its own: ask from there`;
    return trail.end("forwarded", reason);
  }
  const known = end.endpoint !== undefined || isRouter;
  return trail.end(
    "delivered",
    known ? `${end.shown} is on host ${end.host}` : `${address} is in the range of host ${end.host}, if it is in use`,
  );
}
