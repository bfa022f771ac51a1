import type { Topology, TopologyAdopted, TopologyHost, TopologyNetwork, TopologySubnet } from "../compile/topology";

/** What the hosts have, one box a host, for a person to look at. Ends with a line break. */
export function picture(topology: Topology): string {
  const boxes = topology.hosts.map((host) => ({ title: titleOf(host), lines: hostLines(host, topology) }));
  const widest = Math.max(0, ...boxes.flatMap(({ title, lines }) => [title.length + 3, ...lines.map(lengthOf)]));
  const legend = topology.networks.flatMap((network) => [networkLine(network), ...routeLines(network)]);
  const drawn = boxes.flatMap(({ title, lines }) => [
    `  ┌─ ${title} ${"─".repeat(widest - title.length - 1)}┐`,
    ...lines.map((line) => `  │ ${line}${" ".repeat(widest - lengthOf(line))} │`),
    `  └${"─".repeat(widest + 2)}┘`,
  ]);
  return [...legend, ...drawn, ""].join("\n");
}

const lengthOf = (text: string): number => Array.from(text).length;
const words = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== "").join("  ");

function networkLine(network: TopologyNetwork): string {
  const { name, vni, cidr, ipv6Cidr, mtu, routers } = network;
  const out = routers.find(({ mode }) => mode !== "none")?.mode ?? "none";
  return words(`network ${name}`, `VNI ${vni}`, cidr, ipv6Cidr, `MTU ${mtu}`, `way out: ${out}`, peerText(network));
}

function routeLines({ routes, policyRoutes }: TopologyNetwork): readonly string[] {
  return [
    ...policyRoutes.map(({ priority, from, to, nextHop }) => {
      return `  route ${priority}: from ${from}${to === undefined ? "" : ` to ${to}`} → ${nextHop}`;
    }),
    ...routes.map(({ destination, nextHop }) => `  route to ${destination} → ${nextHop}`),
  ];
}

const peerText = ({ peers }: TopologyNetwork): string | undefined =>
  peers.length === 0 ? undefined : `peers: ${peers.join(" ")}`;

function titleOf({ name, underlayAddress, dockerVersion }: TopologyHost): string {
  const docker = dockerVersion === undefined ? undefined : `Docker ${dockerVersion}`;
  return [name, underlayAddress, docker].filter((part) => part !== undefined).join(" · ");
}

function hostLines(host: TopologyHost, topology: Topology): readonly string[] {
  if (host.problem !== undefined) return [`not read: ${host.problem}`];
  const subnets = topology.subnets.filter(({ segments }) => segments.some((segment) => segment.host === host.name));
  const lines = subnets.flatMap((subnet) => subnetLines(host, subnet, topology));
  const alone = topology.networks
    .filter(
      ({ vni, routers }) =>
        routers.some((one) => one.host === host.name) && !subnets.some((one) => one.networkVni === vni),
    )
    .map(({ name, vni }) => `network ${name} (sdn-r-${vni}), no subnet here`);
  const adopted = topology.adopted
    .filter((one) => one.host === host.name)
    .flatMap((one) => adoptedLines(one, topology));
  const all = [...lines, ...alone, ...adopted, ...host.drift.map((sentence) => `! ${sentence}`)];
  return all.length > 0 ? all : ["nothing of sdn"];
}

function subnetLines(host: TopologyHost, subnet: TopologySubnet, topology: Topology): readonly string[] {
  const segment = subnet.segments.find((one) => one.host === host.name);
  if (segment === undefined) return [];
  const network = topology.networks.find(({ vni, owner }) => vni === subnet.networkVni && owner === subnet.owner);
  const gateway = subnet.gateway ?? subnet.ipv6Gateway;
  const peers = segment.peers.map((peer) => nameOfVtep(peer, topology));
  const docker = segment.dockerNetwork === undefined ? "" : ` ── Docker ${segment.dockerNetwork}`;
  return [
    words(
      `subnet ${subnet.name}${network === undefined ? "" : ` of ${network.name}`}`,
      subnet.cidr,
      subnet.ipv6Cidr,
      subnet.internal ? "internal" : gateway === undefined ? undefined : `gateway ${gateway}`,
    ),
    `  ${segment.bridge}${docker} ── VXLAN ${subnet.vni} → ${peers.length === 0 ? "nobody" : peers.join(" ")}`,
    ...topology.endpoints
      .filter((one) => one.host === host.name && one.vni === subnet.vni)
      .map((one) => `    └─ ${words(`[${one.name}]`, one.ipv4, one.ipv6)}`),
  ];
}

function adoptedLines({ name, bridge, vxlans, dockerNetwork }: TopologyAdopted, topology: Topology): readonly string[] {
  const docker = dockerNetwork === undefined ? undefined : `Docker ${dockerNetwork}`;
  const devices = vxlans.map(
    ({ device, vni, remotes }) =>
      `${device} VXLAN ${vni} → ${remotes.map((one) => nameOfVtep(one, topology)).join(" ") || "nobody"}`,
  );
  return [`adopted ${name}`, `  ${[bridge, docker, ...devices].filter((part) => part !== undefined).join(" ── ")}`];
}

/** A VTEP by its host's name, where that is among the hosts. */
function nameOfVtep(address: string, { hosts }: Topology): string {
  return hosts.find((one) => one.underlayAddress === address)?.name ?? address;
}
