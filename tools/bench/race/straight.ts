/** The commands that make steps true on a host that has nothing yet, without looking first: the floor of the race. */
import { Buffer } from "node:buffer";
import { chainCommands } from "../../../provider/src/compile/nft/json";
import { hostSets, hostTables, routerTables } from "../../../provider/src/compile/nft/tables";
import { isPeerList } from "../../../provider/src/model/peer-set";
import type { Step, StepOf, Where } from "../../../provider/src/compile/step";

export function straightCommands(steps: readonly Step[]): readonly string[] {
  return steps.flatMap(commandsOf);
}

/** What a look at everything costs: the same listings that our report has. */
export function lookCommands(routers: readonly string[]): readonly string[] {
  const ofNamespace = (prefix: string, ip: string): readonly string[] => [
    `${ip} -j -d addr show`,
    `${ip} -j -4 route show`,
    `${ip} -j -6 route show`,
    `${prefix}nft -j list table inet sdn`,
  ];
  return [
    ...ofNamespace("", "ip"),
    "bridge -j fdb show",
    "nft -j list table bridge sdn",
    ...routers.flatMap((name) => [
      ...ofNamespace(`ip netns exec ${name} `, `ip -n ${name}`),
      `ip -n ${name} -j neigh show nud permanent`,
    ]),
  ];
}

const ip = (where: Where): string => (where === undefined ? "ip" : `ip -n ${where}`);
const inside = (where: Where): string => (where === undefined ? "" : `ip netns exec ${where} `);

/** What `nft` reads before the rules: sets that have no form in JSON. */
export const setsOf = (step: StepOf<"nft-table">): string => (step.table === "host" ? hostSets.join("\n") : "");
export const chainRulesOf = ({ chain }: StepOf<"nft-chain">): string =>
  JSON.stringify({ nftables: chainCommands(chain) });
/** The rules as text for `nft -j`. */
export const rulesOf = (step: StepOf<"nft-table">): string =>
  JSON.stringify({ nftables: step.table === "host" ? hostTables : routerTables });

function commandsOf(step: Step): readonly string[] {
  switch (step.kind) {
    case "namespace":
      return [
        `ip netns add ${step.name}`,
        `ip -n ${step.name} link set dev lo alias ${step.mark}`,
        `ip -n ${step.name} link set dev lo up`,
      ];
    case "bridge":
    case "vxlan":
    case "veth":
    case "macvlan":
      return linkCommands(step);
    case "flood":
      if (!isPeerList(step.peers)) throw new Error("the race has few hosts");
      return step.peers.map((peer) => `bridge fdb append 00:00:00:00:00:00 dev ${step.device} dst ${peer} self`);
    case "addresses":
      return step.addresses.map((one) => {
        return `${ip(step.where)} addr add ${one} dev ${step.link}${one.includes(":") ? " nodad" : ""}`;
      });
    case "route": {
      const version = `${step.destination}${step.via ?? ""}`.includes(":") ? "-6" : "-4";
      const via = step.via === undefined ? "" : `via ${step.via} `;
      const how = step.device === "blackhole" ? `blackhole ${step.destination}` : "";
      return [`${ip(step.where)} ${version} route add ${how || `${step.destination} ${via}dev ${step.device}`}`];
    }
    case "neighbour":
      return [`${ip(step.where)} neigh add ${step.address} lladdr ${step.mac} dev ${step.device} nud permanent`];
    case "gateway-fdb":
      return [`bridge fdb replace ${step.mac} dev ${step.port} master static sticky`];
    case "sysctl":
      return [`${inside(step.where)}sysctl -qw ${step.key}=${step.value}`];
    case "nft-table":
      return [...(setsOf(step) === "" ? [] : [nft(step, "", setsOf(step))]), nft(step, "-j ", rulesOf(step))];
    case "nft-chain":
      return [nft(step, "-j ", chainRulesOf(step))];
    case "nft-element":
      return [`nft add element ${step.family} sdn ${step.set} '{ ${step.value.join(" . ")} }'`];
    case "forward-accept":
      // A rule for Docker, which the hosts of the race do not have.
      return [];
    default:
      // The race is over the networks themselves: endpoints, peerings and engines are not in its program.
      throw new Error(`the race has no ${step.kind}`);
  }
}

/** The text goes the way of the script: by standard input, in base64. */
function nft({ where }: { readonly where: Where }, options: string, text: string): string {
  const encoded = Buffer.from(text).toString("base64");
  return `echo ${encoded} | base64 -d | ${inside(where)}nft ${options}-f /proc/self/fd/0`;
}

function linkCommands(step: StepOf<"bridge" | "vxlan" | "veth" | "macvlan">): readonly string[] {
  const { mark, mtu, name } = step;
  switch (step.kind) {
    case "bridge":
      return [
        `ip link add name ${name} address ${step.mac} mtu ${mtu} type bridge mcast_snooping 0`,
        `ip link set dev ${name} alias ${mark}`,
        `sysctl -qw net.ipv6.conf.${name}.disable_ipv6=1 net.ipv4.conf.${name}.arp_ignore=8`,
        `ip link set dev ${name} up`,
      ];
    case "vxlan":
      return [
        `ip link add name ${name} mtu ${mtu} type vxlan id ${step.vni} local ${step.local} dstport ${step.port}`,
        `ip link set dev ${name} alias ${mark} master ${step.bridge} up`,
      ];
    case "veth": {
      const there = step.where === undefined ? "" : ` netns ${step.where}`;
      const peer = `${ip(step.where)} link set dev ${step.peer}`;
      return [
        `ip link add name ${name} mtu ${mtu} type veth peer name ${step.peer} mtu ${mtu}${there}`,
        `${peer} alias ${mark}${step.mac === undefined ? "" : ` address ${step.mac}`} up`,
        `ip link set dev ${name} alias ${mark}${step.bridge === undefined ? "" : ` master ${step.bridge}`} up`,
      ];
    }
    case "macvlan":
      return [
        `${ip(step.where)} link add name ${name} link ${step.lower} address ${step.mac} type macvlan mode private`,
        `${inside(step.where)}sysctl -qw net.ipv6.conf.${name}.accept_dad=0`,
        `${ip(step.where)} link set dev ${name} alias ${mark} mtu ${mtu} up`,
      ];
  }
}
