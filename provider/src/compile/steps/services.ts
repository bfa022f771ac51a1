import { branchCommands, nftWord, tableName } from "../nft/json";
import type { Snapshot } from "../../model/snapshot";
import { bridgeName } from "../names";
import type { ServiceIntent } from "../service/intent";
import type { StepOf } from "../step";
import { chainDifferences } from "./filtering";
import type { StepMeaning } from "./meaning";
import { settingDifferences } from "./settings";

/** Where there is no bridge netfilter yet the host loads it. */
const bridgeSettings = ["net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"] as const;

export const bridgedPackets: StepMeaning<"bridged-packets"> = {
  identity: () => "",
  ensure: () => ["bridged_packets", ...bridgeSettings],
  // Put back when the last resource of the host goes.
  remove: () => undefined,
  query: () => ["query_sysctl", "-", ...bridgeSettings],
  differences: (_step, snapshot) => bridgeSettings.flatMap((key) => settingDifferences(snapshot, undefined, key, "1")),
};

export const servicePath: StepMeaning<"service-path"> = {
  identity: (step) => step.bridge,
  ensure: (step) => [
    "service_path",
    step.bridge,
    step.routerVni,
    step.where,
    step.mac,
    step.link,
    ...step.families.flatMap(({ cidr, gateway, router }) => [cidr, gateway, router]),
  ],
  remove: (step) => ["remove_service_path", step.bridge],
  // Parts of it are said by the network's services, without which nothing of it is there.
  differences: (step, snapshot) =>
    hasServices(snapshot, step.routerVni) && !isServed(snapshot, step.bridge) ? [wayMissing(step.bridge)] : [],
};

const isServed = ({ host }: Snapshot, bridge: string): boolean =>
  host.tables.get("inet sdn")?.maps.get("networks")?.has(bridge) === true;

/** Whether an entry of the network has a virtual address on the host. */
function hasServices({ ledger }: Snapshot, routerVni: number): boolean {
  return [...ledger].some(([key, { intent }]) => {
    if (!key.startsWith(`service-${routerVni}-`)) return false;
    const { ipv4, ipv6 } = JSON.parse(intent) as Partial<ServiceIntent>;
    return ipv4 !== undefined || ipv6 !== undefined;
  });
}

const wayMissing = (bridge: string): string => `the way of services' packets by ${bridge} is missing`;

/**
 * Bridges of the network whose records say nothing of a way: an older version of the provider wrote them, and a refresh
 * with the `up` after it mends that.
 */
function unservedBridges(snapshot: Snapshot, where: string): readonly string[] {
  const links = [...(snapshot.namespaces.get(where)?.links.keys() ?? [])];
  const bridges = links.flatMap((name) => (/^g\d+$/.test(name) ? [bridgeName(Number(name.slice(1)))] : []));
  return bridges.filter((bridge) => snapshot.host.links.has(bridge) && !isServed(snapshot, bridge));
}

export const serviceNetwork: StepMeaning<"service-network"> = {
  identity: (step) => String(step.routerVni),
  ensure: (step) => ["service_network", step.routerVni, step.where, ...step.pools],
  remove: (step) => ["remove_service_network", step.routerVni, step.where, ...step.pools],
  query: (step) => ["query_service_network", step.routerVni, step.where, ...step.pools],
  differences: (step, snapshot) => {
    const lacking = snapshot.servicePaths.get(step.routerVni) ?? [];
    const named = new Set(lacking.map(({ place }) => place));
    return [
      ...lacking.map(
        ({ place, lacks }) => `the way of services' packets by ${place} lacks ${lacks.map(partName).join(", ")}`,
      ),
      ...unservedBridges(snapshot, step.where)
        .filter((bridge) => !named.has(bridge))
        .map(
          (bridge) =>
            `${wayMissing(bridge)}: an older version made the segment; run \`pulumi refresh\` and \`pulumi up\``,
        ),
    ];
  },
};

const parts: Readonly<Record<string, string>> = {
  settings: "the bridge's settings",
  rules4: "its routing rules (IPv4)",
  rules6: "its routing rules (IPv6)",
  routes4: "its routes (IPv4)",
  routes6: "its routes (IPv6)",
  gateway4: "the gateway's neighbour entry (IPv4)",
  gateway6: "the gateway's neighbour entry (IPv6)",
  network: "its element of nftables map networks",
  chain: "its nftables chain",
  pools: "a route that ends addresses without a service",
};
const partName = (word: string): string => parts[word] ?? word;

const keyWord = (key: readonly (string | number)[]): string => key.join("/");

const chainNames = ({ chains }: StepOf<"service-rules">): string => chains.map(({ name }) => name).join(",") || "-";
const elementWords = ({ elements }: StepOf<"service-rules">): string =>
  elements.map(({ map, key }) => `${map}=${keyWord(key)}`).join(",") || "-";

/** Everything of one service, as one transaction; `-` where nobody answers, since nft takes no empty one. */
function transaction({ chains, elements }: StepOf<"service-rules">): string {
  if (chains.length === 0) return "-";
  const at = { family: "inet", table: tableName };
  return nftWord([
    ...chains.flatMap((chain) => branchCommands(chain)),
    ...elements.map(({ map, key, chain }) => ({
      add: { element: { ...at, name: map, elem: [[{ concat: key }, { goto: { target: chain } }]] } },
    })),
  ]);
}

export const serviceRules: StepMeaning<"service-rules"> = {
  identity: (step) => step.key,
  ensure: (step) => ["service_rules", step.key, chainNames(step), elementWords(step), transaction(step)],
  remove: (step) => ["remove_service_rules", step.key, chainNames(step), elementWords(step)],
  differences: (step, snapshot) => {
    const table = snapshot.host.tables.get("inet sdn");
    if (table === undefined) return [];
    return [
      ...step.chains.flatMap((chain) => {
        const found = table.comments.get(chain.name);
        return chainDifferences(`nftables chain inet sdn ${chain.name}`, found, chain);
      }),
      ...step.elements.flatMap(({ map, key, chain }) => {
        const name = key.join(" . ");
        const found = table.maps.get(map)?.get(name);
        if (found === chain) return [];
        return [
          found === undefined
            ? `nftables map ${map} lacks ${name}`
            : `nftables map ${map}, ${name}, leads to ${found}, should lead to ${chain}`,
        ];
      }),
    ];
  },
};
