import type { Topology, TopologySegment } from "../compile/topology";
import { topologyOf } from "../compile/topology";
import { InputReader } from "../inputs/input-reader";
import { picture } from "../render/picture";
import type { Hosts } from "../resources/hosts";
import type { CallContext, FunctionHandler } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { readFleet } from "./fleet";
import { readMembers } from "../resources/fleet-members";
import type { Outcome } from "./outcome";
import { unknownResult } from "./outcome";
import { plain } from "./plain";

/** What the hosts show together, as read now. */
export class GetTopology implements FunctionHandler {
  readonly token = "sdn:index:getTopology";

  constructor(private readonly hosts: Hosts) {}

  async invoke(context: CallContext, args: ValueMap): Promise<Outcome> {
    const reader = InputReader.of(args);
    const members = readMembers(reader, this.hosts);
    reader.finish();
    if (!reader.problems.empty) return { failures: reader.problems.list };
    if (reader.unknowns.size > 0)
      return unknownResult("hosts", "networks", "subnets", "endpoints", "adopted", "picture");
    const topology = topologyOf(await readFleet(this.hosts, members, context.signal));
    return { result: topologyValue(topology) };
  }
}

/** As the schema has it. */
export function topologyValue(topology: Topology): ValueMap {
  const { hosts, networks, subnets, endpoints, adopted } = topology;
  const subnetName = (vni: number): string => subnets.find((one) => one.vni === vni)?.name ?? "";
  return plain({
    hosts: hosts.map(({ problem, ...host }) => ({ ...host, reachable: problem === undefined, problem })),
    networks: networks.map(({ routers, routes, policyRoutes, ...network }) => ({
      ...network,
      routes: routes.map((one) => ({ ...one })),
      policyRoutes: policyRoutes.map((one) => ({ ...one })),
      hosts: routers.map(({ host }) => host),
      egress: routers.find(({ mode }) => mode !== "none")?.mode ?? "none",
    })),
    subnets: subnets.map(({ networkVni, ...subnet }) => ({
      ...subnet,
      network: networks.find(({ vni }) => vni === networkVni)?.name ?? "",
      segments: subnet.segments.map(segmentValue),
    })),
    endpoints: endpoints.map(({ vni, ipv4, ipv6, mac, ...endpoint }) => ({
      ...endpoint,
      subnet: subnetName(vni),
      ipv4Address: ipv4,
      ipv6Address: ipv6,
      macAddress: mac,
    })),
    adopted: adopted.map(({ dockerNetwork, ...one }) => ({ ...one, dockerNetworkName: dockerNetwork })),
    picture: picture(topology),
  });
}

function segmentValue({ host, bridge, device, underlayAddress, peers, ...more }: TopologySegment) {
  const { range, ipv6Range, dockerNetwork: dockerNetworkName } = more;
  return { host, bridge, device, underlayAddress, peers, range, ipv6Range, dockerNetworkName };
}
