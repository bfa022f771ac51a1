/** The operations of the host's program on the model: what each makes true, and when it is refused. */
import type { ModelLink, ModelState } from "./state";
import { emptyNamespace, link } from "./state";
import { linkOf, networkId, space } from "./places";
import { dnsOperations } from "./dns";
import { ensureElements, filtering } from "./filtering";
import { firewallOperations } from "./firewall";
import { ensureSysctl } from "./settings";
import { balancerOperations } from "./balancers";
import { serviceOperations } from "./services";
import { policyRouting } from "./policy-routing";
import { Refusal } from "./refusal";

export { Refusal };

export interface Step {
  readonly state: ModelState;
  /** The resource that it is done for. */
  readonly key: string;
  readonly warn: (message: string) => void;
  /** A line of the report. */
  readonly say?: (line: string) => void;
  /** Of the fragment. */
  readonly hash?: string;
  /** Whether the resource is new to the host, or another version of it. */
  readonly isNew?: boolean;
  readonly diskFull?: boolean;
}

export type Operation = (step: Step, ...words: readonly string[]) => void;

const list = (word: string): readonly string[] => (word === "-" ? [] : word.split(","));
const orNone = (word: string): string | undefined => (word === "-" ? undefined : word);

/** Our link of that name, or `undefined` where there is none; somebody else's is a conflict. */
function owned(state: ModelState, where: string, name: string, mark: string): ModelLink | undefined {
  const found = space(state, where).links.get(name);
  if (found === undefined || found.alias === mark) return found;
  const owner = found.alias === "" ? "carries no mark" : `carries the mark ${found.alias}`;
  throw new Refusal("conflict", `interface ${name} exists and is not ours: it ${owner}`);
}

/** A link goes with what stands on it, its other end, its addresses, routes and entries. */
export function removeLink(state: ModelState, where: string, name: string): void {
  const spaceOf = state.namespaces.get(where);
  const found = spaceOf?.links.get(name);
  if (spaceOf === undefined || found === undefined) return;
  spaceOf.links.delete(name);
  for (const key of [...spaceOf.sysctls.keys()]) if (key.includes(`.${name}.`)) spaceOf.sysctls.delete(key);
  for (const [upper, one] of [...spaceOf.links]) {
    if (one.lower === name) removeLink(state, where, upper);
    if (one.master === name) one.master = "";
  }
  for (const routes of [spaceOf.routes, ...spaceOf.routingTables.values()]) {
    for (const [destination, route] of [...routes]) if (route.device === name) routes.delete(destination);
  }
  for (const key of [...spaceOf.neighbours.keys()]) if (key.startsWith(`${name} `)) spaceOf.neighbours.delete(key);
  if (where === "-") for (const key of [...state.fdb.keys()]) if (key.startsWith(`${name} `)) state.fdb.delete(key);
  if (found.peer !== undefined) removeLink(state, found.peer.where, found.peer.name);
}

function ensureBridge({ state }: Step, name = "", mtu = "", mac = "", mark = ""): void {
  const found = owned(state, "-", name, mark) ?? link({ kind: "bridge", alias: mark });
  const { links, sysctls } = space(state, "-");
  links.set(name, Object.assign(found, { mtu: Number(mtu), mac, up: true }));
  sysctls.set(`net.ipv6.conf.${name}.disable_ipv6`, "1");
  sysctls.set(`net.ipv4.conf.${name}.arp_ignore`, "8");
}

function ensureVxlan({ state }: Step, name = "", ...rest: readonly string[]): void {
  const [vni = "", local = "", port = "", mtu = "", bridge = "", mark = ""] = rest;
  const vxlan = { id: Number(vni), local, port: Number(port) };
  const found = owned(state, "-", name, mark);
  if (found !== undefined && JSON.stringify(found.vxlan) !== JSON.stringify(vxlan)) removeLink(state, "-", name);
  linkOf(state, "-", bridge);
  const now = space(state, "-").links.get(name) ?? link({ kind: "vxlan", alias: mark, vxlan });
  space(state, "-").links.set(name, Object.assign(now, { mtu: Number(mtu), master: bridge, up: true }));
}

function ensureFlood({ state }: Step, device = "", peers = ""): void {
  linkOf(state, "-", device);
  const prefix = `${device} 00:00:00:00:00:00 `;
  for (const key of [...state.fdb.keys()]) if (key.startsWith(prefix)) state.fdb.delete(key);
  for (const peer of list(peers)) state.fdb.set(prefix + peer, { sticky: false });
}

function adoptLink({ state }: Step, name = "", kind = "", mtu = "", bridge = "", mark = ""): void {
  const found = space(state, "-").links.get(name);
  if (found === undefined) {
    throw new Refusal("not-found", `interface ${name} does not exist; what was adopted is not made anew`);
  }
  if (found.kind !== kind) throw new Refusal("conflict", `interface ${name} is no ${kind}`);
  if (found.alias !== "" && found.alias !== mark) {
    throw new Refusal("conflict", `interface ${name} carries the alias ${found.alias}, which is somebody's`);
  }
  Object.assign(found, { alias: mark, mtu: Number(mtu) });
  if (bridge === "-") return;
  linkOf(state, "-", bridge);
  found.master = bridge;
}

function adoptDockerNetwork({ state }: Step, name = "", id = ""): void {
  if (!state.docker.networks.has(name)) {
    throw new Refusal("not-found", `Docker network ${name} does not exist; what was adopted is not made anew`);
  }
  if (id === networkId(name)) return;
  const cause = `Docker network ${name} is another one than was adopted: its ID is ${networkId(name)}`;
  throw new Refusal("conflict", cause);
}

function releaseLink({ state, warn }: Step, name = "", mark = ""): void {
  const found = space(state, "-").links.get(name);
  if (found === undefined) return;
  if (found.alias === mark) found.alias = "";
  else warn(`interface ${name} is not ours any more and stays as it is`);
}

function ensureNamespace({ state }: Step, name = "", mark = ""): void {
  const found = state.namespaces.get(name) ?? emptyNamespace();
  const lo = found.links.get("lo");
  const alias = lo?.alias ?? "";
  if (state.namespaces.has(name) && alias !== mark && !(alias === "" && found.links.size === 1)) {
    const owner = alias === "" ? "it carries no mark" : `it carries the mark ${alias}`;
    throw new Refusal("conflict", `network namespace ${name} exists and is not ours: ${owner}`);
  }
  state.namespaces.set(name, found);
  if (lo !== undefined) Object.assign(lo, { alias: mark, up: true });
}

function ensureVeth({ state }: Step, name = "", where = "", peer = "", ...rest: readonly string[]): void {
  const [mtu = "", mac = "", bridge = "", mark = "", from = "-"] = rest;
  const inside = space(state, where);
  let outer = owned(state, from, name, mark);
  let inner = inside.links.get(peer);
  if (inner !== undefined && inner.alias !== mark) {
    const owner = inner.alias === "" ? "it carries no mark" : `it carries the mark ${inner.alias}`;
    throw new Refusal("conflict", `interface ${peer} exists in ${where} and is not ours: ${owner}`);
  }
  if (outer === undefined || inner === undefined) {
    if (outer !== undefined) removeLink(state, from, name);
    if (inner !== undefined) removeLink(state, where, peer);
    outer = link({ kind: "veth", alias: mark, peer: { where, name: peer } });
    inner = link({ kind: "veth", alias: mark, peer: { where: from, name } });
    space(state, from).links.set(name, outer);
    inside.links.set(peer, inner);
  }
  Object.assign(outer, { mtu: Number(mtu), up: true });
  Object.assign(inner, { mtu: Number(mtu), up: true });
  if (mac !== "-") inner.mac = mac;
  if (bridge === "-") return;
  linkOf(state, from, bridge);
  outer.master = bridge;
}

function ensureMacvlan({ state }: Step, where = "", name = "", lower = "", ...rest: readonly string[]): void {
  const [mac = "", mtu = "", mark = ""] = rest;
  linkOf(state, where, lower);
  const found = owned(state, where, name, mark) ?? link({ kind: "macvlan", alias: mark, lower });
  space(state, where).links.set(name, Object.assign(found, { mac, mtu: Number(mtu), up: true }));
}

function ensureMaster({ state }: Step, name = "", bridge = "", mtu = ""): void {
  const found = space(state, "-").links.get(name);
  if (found === undefined) throw new Refusal("not-found", `interface ${name} does not exist`);
  if (found.master !== "" && found.master !== bridge) {
    throw new Refusal("conflict", `interface ${name} belongs to ${found.master} already`);
  }
  linkOf(state, "-", bridge);
  Object.assign(found, { master: bridge, mtu: Number(mtu), up: true });
}

function ensureRoute({ state }: Step, where = "", destination = "", device = "", via = ""): void {
  if (device !== "blackhole") linkOf(state, where, device);
  const last = device === "blackhole" ? { metric: 1024 } : {};
  space(state, where).routes.set(destination, { device, via: orNone(via), ...last });
}

function ensureSysctls(step: Step, where = "", ...words: readonly string[]): void {
  for (let at = 0; at < words.length; at += 2) ensureSysctl(step, where, words[at], words[at + 1]);
}

function ensureDockerNetwork({ state }: Step, name = "", bridge = "", mtu = "", mark = "", ...pools: string[]): void {
  const { networks } = state.docker;
  const shape = [bridge, mtu, ...pools].join(" ");
  const found = networks.get(name);
  if (found !== undefined && found.mark !== mark) {
    const owner = found.mark === "" ? "it carries no mark" : `it carries the mark ${found.mark}`;
    throw new Refusal("conflict", `Docker network ${name} exists and is not ours: ${owner}`);
  }
  if (found?.shape === shape) return;
  const subnets = [pools[0], pools[4]].filter((pool) => pool !== undefined && pool !== "-") as string[];
  networks.set(name, { mark, shape, bridge, subnets });
}

function ensureConnection({ state }: Step, network = "", container = "", ipv4 = "", ipv6 = ""): void {
  const found = state.docker.containers.get(container);
  if (found === undefined) throw new Refusal("not-found", `container ${container} does not exist on this engine`);
  if (!state.docker.networks.has(network)) throw new Refusal("remote-failure", `network ${network} not found`);
  found.networks.set(network, { ipv4: orNone(ipv4) ?? "", ipv6: orNone(ipv6) ?? "" });
}

/** The model names a container's port after it. */
export function containerPort(state: ModelState, container: string, network: string): string | undefined {
  const found = state.docker.containers.get(container);
  return found?.running === true && found.networks.has(network) ? `veth${container}` : undefined;
}

const containerMac = { MAC: String(0x0242_0000_0001), "LINK-LOCAL": "0xfe8000000000000000000042fffe000001" } as const;

function ensureContainerGuard(
  step: Step,
  container = "",
  network = "",
  _bridge = "",
  ...words: readonly string[]
): void {
  const port = containerPort(step.state, container, network);
  if (port === undefined) return;
  const known = words.map((word) =>
    word.replace("%", port).replace("LINK-LOCAL", containerMac["LINK-LOCAL"]).replace("MAC", containerMac.MAC),
  );
  ensureElements(step, "bridge", ...known);
}

function removeContainerGuard({ state }: Step, container = "", network = ""): void {
  const port = containerPort(state, container, network);
  for (const elements of state.namespaces.get("-")?.tables.get("bridge sdn")?.sets.values() ?? []) {
    for (const one of [...elements]) if (one === port || one.startsWith(`${port} . `)) elements.delete(one);
  }
}

function removeMarkedLink(step: Step, where = "", name = "", mark = ""): void {
  const found = step.state.namespaces.get(where)?.links.get(name);
  if (found === undefined) return;
  if (found.alias !== mark) step.warn(`interface ${name} is not ours any more and stays`);
  else removeLink(step.state, where, name);
}

function removeNamespace(step: Step, name = "", mark = ""): void {
  const found = step.state.namespaces.get(name);
  if (found === undefined) return;
  if (found.links.get("lo")?.alias !== mark) {
    step.warn(`network namespace ${name} is not ours any more and stays`);
    return;
  }
  for (const inner of [...found.links.keys()]) removeLink(step.state, name, inner);
  step.state.namespaces.delete(name);
}

function removeDockerNetwork(step: Step, name = "", mark = ""): void {
  const { networks, containers } = step.state.docker;
  const found = networks.get(name);
  if (found === undefined) return;
  if (found.mark !== mark) {
    step.warn(`Docker network ${name} is not ours any more and stays`);
    return;
  }
  const users = [...containers].filter(([, one]) => one.networks.has(name)).map(([user]) => user);
  if (users.length > 0)
    throw new Refusal("conflict", `Docker network ${name} still has containers: ${users.join(" ")} `);
  networks.delete(name);
}

function removeMaster({ state }: Step, name = "", bridge = ""): void {
  const found = space(state, "-").links.get(name);
  if (found?.master === bridge) found.master = "";
}

function removeShared(step: Step, operation = "", ...words: readonly string[]): void {
  const line = [operation, ...words].join(" ");
  const others = [...step.state.ledger].filter(([key]) => key !== step.key);
  if (others.some(([, record]) => record.words.some((one) => `${one} `.startsWith(`${line} `)))) return;
  operations[`remove_${operation}`]?.(step, ...words);
}

export const operations: Readonly<Record<string, Operation>> = {
  ...filtering,
  ...policyRouting,
  ...serviceOperations,
  ...balancerOperations,
  ...firewallOperations,
  ...dnsOperations,
  bridge: ensureBridge,
  vxlan: ensureVxlan,
  flood: ensureFlood,
  netns: ensureNamespace,
  veth: ensureVeth,
  macvlan: ensureMacvlan,
  master: ensureMaster,
  addresses: ({ state }, where = "", name = "", cidrs = "") => {
    linkOf(state, where, name).addresses = [...list(cidrs)];
  },
  route: ensureRoute,
  neighbour: ({ state }, where = "", device = "", address = "", mac = "") => {
    linkOf(state, where, device);
    space(state, where).neighbours.set(`${device} ${address}`, mac);
  },
  gateway_fdb: ({ state }, port = "", mac = "") => {
    linkOf(state, "-", port);
    state.fdb.set(`${port} ${mac} -`, { sticky: true });
  },
  sysctl: ensureSysctls,
  forwarding6: (step) => {
    ensureSysctl(step, "-", "net.ipv6.conf.all.forwarding", "1");
  },
  forward_accept: ({ state }, ...words) => {
    for (const accepts of state.docker.accepts.values()) accepts.add(words.join(" "));
  },
  docker_network: ensureDockerNetwork,
  docker_connection: ensureConnection,
  adopt_link: adoptLink,
  adopt_docker_network: adoptDockerNetwork,
  remove_adoption: releaseLink,
  remove_link: removeMarkedLink,
  remove_netns: removeNamespace,
  remove_docker_network: removeDockerNetwork,
  remove_docker_connection: ({ state }, network = "", container = "") => {
    state.docker.containers.get(container)?.networks.delete(network);
  },
  container_guard: ensureContainerGuard,
  remove_container_guard: removeContainerGuard,
  remove_route: ({ state }, where = "", destination = "", device = "") => {
    const routes = state.namespaces.get(where)?.routes;
    if (routes?.get(destination)?.device === device) routes.delete(destination);
  },
  remove_neighbour: ({ state }, where = "", device = "", address = "") => {
    state.namespaces.get(where)?.neighbours.delete(`${device} ${address}`);
  },
  remove_master: removeMaster,
  remove_shared: removeShared,
  remove_forward_accept: ({ state }, ...words) => {
    for (const accepts of state.docker.accepts.values()) accepts.delete(words.join(" "));
  },
};
