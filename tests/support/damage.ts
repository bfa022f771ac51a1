/** What can be done to a host behind the provider's back: for each kind of step, what it made deleted or changed. */
import type { Peers } from "../../provider/src/model/peer-set";
import { isPeerList } from "../../provider/src/model/peer-set";
import type { StepKind, StepOf } from "../../provider/src/compile/step";
import type { ModelLink, ModelNamespace, ModelState, ModelTable } from "./model-host/state";
import { link } from "./model-host/state";
import { removeLink } from "./model-host/operations";

const firstOf = (peers: Peers): string => (isPeerList(peers) ? (peers[0] ?? "") : "");

export interface Damage<K extends StepKind> {
  readonly name: string;
  readonly strike: (state: ModelState, step: StepOf<K>) => void;
  /** What a refresh says then, at least. */
  readonly says: (step: StepOf<K>) => string;
}

const spaceOf = (state: ModelState, where: string | undefined): ModelNamespace | undefined =>
  state.namespaces.get(where ?? "-");
/** What `ip route replace` leaves of a blackhole: it is still the last to be asked. */
const last = (device: string): { readonly metric?: number } => (device === "blackhole" ? { metric: 1024 } : {});
const place = (where: string | undefined): string => (where === undefined ? "" : ` in ${where}`);

function edit(state: ModelState, where: string | undefined, name: string, change: Partial<ModelLink>): void {
  const found = spaceOf(state, where)?.links.get(name);
  if (found !== undefined) Object.assign(found, change);
}

interface Linked {
  readonly name: string;
}

const deletedLink = <K extends StepKind>(
  where: (step: StepOf<K>) => string | undefined,
  name: (step: StepOf<K>) => string,
): Damage<K> => ({
  name: "deleted",
  strike: (state, step) => {
    removeLink(state, where(step) ?? "-", name(step));
  },
  says: (step) => `interface ${name(step)}${place(where(step))} is missing`,
});

const changedLink = <K extends StepKind>(
  what: string,
  where: (step: StepOf<K>) => string | undefined,
  name: (step: StepOf<K>) => string,
  change: Partial<ModelLink>,
  says: (step: StepOf<K>) => string,
): Damage<K> => ({
  name: what,
  strike: (state, step) => {
    edit(state, where(step), name(step), change);
  },
  says,
});

const here = (): undefined => undefined;
const nameOf = (step: Linked): string => step.name;
const otherMac = "02:00:00:00:00:99";

const neighbourPlace = (where: string | undefined, device: string): string =>
  where === undefined ? ` on ${device}` : place(where);

const foreignRule = "somebody wrote this";

export const damages: { readonly [K in StepKind]: readonly Damage<K>[] } = {
  namespace: [
    {
      name: "deleted",
      strike: (state, { name }) => {
        for (const inner of [...(state.namespaces.get(name)?.links.keys() ?? [])]) removeLink(state, name, inner);
        state.namespaces.delete(name);
      },
      says: ({ name }) => `router namespace ${name} is missing`,
    },
    {
      name: "its loopback is down",
      strike: (state, { name }) => {
        edit(state, name, "lo", { up: false });
      },
      says: ({ name }) => `interface lo in ${name} is down`,
    },
  ],
  bridge: [
    deletedLink(here, nameOf),
    changedLink("MTU", here, nameOf, { mtu: 1280 }, ({ name, mtu }) => `MTU of ${name} is 1280, should be ${mtu}`),
    changedLink(
      "MAC",
      here,
      nameOf,
      { mac: otherMac },
      ({ name, mac }) => `MAC of ${name} is ${otherMac}, should be ${mac}`,
    ),
    changedLink("down", here, nameOf, { up: false }, ({ name }) => `interface ${name} is down`),
    {
      name: "IPv6 of the host on it",
      strike: (state, { name }) => spaceOf(state, undefined)?.sysctls.set(`net.ipv6.conf.${name}.disable_ipv6`, "0"),
      says: ({ name }) => `sysctl net.ipv6.conf.${name}.disable_ipv6 is 0, should be 1`,
    },
  ],
  vxlan: [
    deletedLink(here, nameOf),
    changedLink("MTU", here, nameOf, { mtu: 1280 }, ({ name, mtu }) => `MTU of ${name} is 1280, should be ${mtu}`),
    changedLink("down", here, nameOf, { up: false }, ({ name }) => `interface ${name} is down`),
    changedLink(
      "taken off its bridge",
      here,
      nameOf,
      { master: "" },
      ({ name, bridge }) => `bridge of ${name} is none, should be ${bridge}`,
    ),
    changedLink(
      "another VNI",
      here,
      nameOf,
      { vxlan: { id: 9, local: "192.0.2.99", port: 1 } },
      ({ name, vni }) => `VNI of ${name} is 9, should be ${vni}`,
    ),
  ],
  flood: [
    {
      name: "a peer is deleted",
      strike: (state, { device, peers }) => {
        state.fdb.delete(`${device} 00:00:00:00:00:00 ${firstOf(peers)}`);
      },
      says: ({ device, peers }) => `flood entry of ${device} for VTEP ${firstOf(peers)} is missing`,
    },
    {
      name: "a peer is added",
      strike: (state, { device }) => state.fdb.set(`${device} 00:00:00:00:00:00 192.0.2.99`, { sticky: false }),
      says: ({ device }) => `flood entry of ${device} for VTEP 192.0.2.99 is not ours`,
    },
  ],
  veth: [
    deletedLink(({ from }) => from, nameOf),
    changedLink(
      "MTU",
      ({ from }) => from,
      nameOf,
      { mtu: 1280 },
      ({ name, from, mtu }) => `MTU of ${name}${place(from)} is 1280, should be ${mtu}`,
    ),
    changedLink(
      "MTU of the inner end",
      ({ where }) => where,
      ({ peer }) => peer,
      { mtu: 1280 },
      ({ peer, where, mtu }) => `MTU of ${peer}${place(where)} is 1280, should be ${mtu}`,
    ),
    changedLink(
      "down",
      ({ from }) => from,
      nameOf,
      { up: false },
      ({ name, from }) => `interface ${name}${place(from)} is down`,
    ),
    changedLink(
      "inner end down",
      ({ where }) => where,
      ({ peer }) => peer,
      { up: false },
      ({ peer, where }) => `interface ${peer}${place(where)} is down`,
    ),
    {
      name: "MAC of the inner end",
      strike: (state, { where, peer, mac }) => {
        if (mac !== undefined) edit(state, where, peer, { mac: otherMac });
      },
      says: ({ peer, where, mac }) => `MAC of ${peer}${place(where)} is ${otherMac}, should be ${mac}`,
    },
    {
      name: "taken off its bridge",
      strike: (state, { from, name, bridge }) => {
        if (bridge !== undefined) edit(state, from, name, { master: "" });
      },
      says: ({ name, bridge }) => `bridge of ${name} is none, should be ${bridge}`,
    },
  ],
  macvlan: [
    deletedLink(({ where }) => where, nameOf),
    changedLink(
      "MAC",
      ({ where }) => where,
      nameOf,
      { mac: otherMac },
      ({ name, where, mac }) => `MAC of ${name} in ${where} is ${otherMac}, should be ${mac}`,
    ),
    changedLink(
      "MTU",
      ({ where }) => where,
      nameOf,
      { mtu: 1280 },
      ({ name, where, mtu }) => `MTU of ${name} in ${where} is 1280, should be ${mtu}`,
    ),
    changedLink(
      "down",
      ({ where }) => where,
      nameOf,
      { up: false },
      ({ name, where }) => `interface ${name} in ${where} is down`,
    ),
  ],
  master: [
    changedLink(
      "taken off its bridge",
      here,
      ({ link: name }) => name,
      { master: "" },
      ({ link: name, bridge }) => `bridge of ${name} is none, should be ${bridge}`,
    ),
    changedLink(
      "MTU",
      here,
      ({ link: name }) => name,
      { mtu: 1280 },
      ({ link: name, mtu }) => `MTU of ${name} is 1280, should be ${mtu}`,
    ),
    changedLink(
      "down",
      here,
      ({ link: name }) => name,
      { up: false },
      ({ link: name }) => `interface ${name} is down`,
    ),
  ],
  addresses: [
    {
      name: "one is deleted",
      strike: (state, { where, link: name, addresses }) => {
        edit(state, where, name, { addresses: [...addresses.slice(1)] });
      },
      says: ({ where, link: name, addresses }) => `address ${addresses[0]} of ${name}${place(where)} is missing`,
    },
    {
      name: "one is added",
      strike: (state, { where, link: name, addresses }) => {
        edit(state, where, name, { addresses: [...addresses, "198.51.100.9/24"] });
      },
      says: ({ where, link: name }) => `address 198.51.100.9/24 of ${name}${place(where)} is not ours`,
    },
  ],
  route: [
    {
      name: "deleted",
      strike: (state, { where, destination }) => spaceOf(state, where)?.routes.delete(destination),
      says: ({ where, destination, device }) => `route to ${destination}${place(where)} by ${device} is missing`,
    },
    {
      name: "another gateway",
      strike: (state, { where, destination, device }) =>
        spaceOf(state, where)?.routes.set(destination, { device, via: "198.51.100.9", ...last(device) }),
      says: ({ where, destination, device }) =>
        `route to ${destination}${place(where)} is via 198.51.100.9 by ${device}, should be `,
    },
    {
      name: "another device",
      strike: (state, { where, destination }) =>
        spaceOf(state, where)?.routes.set(destination, { device: "lo", via: undefined }),
      says: ({ where, destination }) => `route to ${destination}${place(where)} is by lo, should be `,
    },
    {
      name: "a blackhole that is asked first, as an older version made it",
      strike: (state, { where, destination, device }) => {
        const routes = spaceOf(state, where)?.routes;
        if (device === "blackhole") routes?.set(destination, { device, via: undefined });
        else routes?.delete(destination);
      },
      says: ({ where, destination, device }) =>
        device === "blackhole"
          ? `route to ${destination}${place(where)} by blackhole is asked before that of a subnet of the same block`
          : `route to ${destination}${place(where)} by ${device} is missing`,
    },
  ],
  "table-route": [
    {
      name: "deleted",
      strike: (state, { where, table, destination }) =>
        spaceOf(state, where)?.routingTables.get(String(table))?.delete(destination),
      says: ({ where, table, destination }) =>
        `route to ${destination} in ${where}, routing table ${table}, is missing`,
    },
    {
      name: "another gateway",
      strike: (state, { where, table, destination, device }) =>
        spaceOf(state, where)?.routingTables.get(String(table))?.set(destination, { device, via: "198.51.100.9" }),
      says: ({ where, table, destination, via, device }) =>
        `route to ${destination} in ${where}, routing table ${table}, goes via 198.51.100.9 on ${device}, should be ${via} on ${device}`,
    },
  ],
  rule: [
    {
      name: "deleted",
      strike: (state, { where, from, priority }) =>
        spaceOf(state, where)?.rules.delete(`${from.includes(":") ? 6 : 4} ${priority}`),
      says: ({ where, priority }) => `routing rule ${priority} in ${where} is missing`,
    },
    {
      name: "another table",
      strike: (state, { where, from, priority }) => {
        const rules = spaceOf(state, where)?.rules;
        const key = `${from.includes(":") ? 6 : 4} ${priority}`;
        const found = rules?.get(key);
        if (found !== undefined) rules?.set(key, { ...found, action: "99" });
      },
      says: ({ where, priority }) => `routing rule ${priority} in ${where} is "`,
    },
  ],
  neighbour: [
    {
      name: "deleted",
      strike: (state, { where, device, address }) => spaceOf(state, where)?.neighbours.delete(`${device} ${address}`),
      says: ({ where, device, address }) => `neighbour entry for ${address}${neighbourPlace(where, device)} is missing`,
    },
    {
      name: "another MAC",
      strike: (state, { where, device, address }) =>
        spaceOf(state, where)?.neighbours.set(`${device} ${address}`, otherMac),
      says: ({ where, device, address, mac }) =>
        `neighbour entry for ${address}${neighbourPlace(where, device)} says ${otherMac}, should be ${mac}`,
    },
  ],
  "gateway-fdb": [
    {
      name: "deleted",
      strike: (state, { port, mac }) => state.fdb.delete(`${port} ${mac} -`),
      says: ({ port, mac }) => `FDB entry of the gateway ${mac} on ${port} is missing`,
    },
    {
      name: "a learned one in its place",
      strike: (state, { port, mac }) => state.fdb.set(`${port} ${mac} -`, { sticky: false }),
      says: ({ port, mac }) => `FDB entry of the gateway ${mac} on ${port} is learned, should be static and sticky`,
    },
  ],
  sysctl: [
    {
      name: "another value",
      strike: (state, { where, key }) => spaceOf(state, where)?.sysctls.set(key, "7"),
      says: ({ where, key, value }) => `sysctl ${key}${place(where)} is 7, should be ${value}`,
    },
  ],
  forwarding6: [
    {
      name: "switched off",
      strike: (state) => spaceOf(state, undefined)?.sysctls.set("net.ipv6.conf.all.forwarding", "0"),
      says: () => "sysctl net.ipv6.conf.all.forwarding is 0, should be 1",
    },
  ],
  "nft-table": [
    {
      name: "a chain is deleted",
      strike: (state, { where }) => spaceOf(state, where)?.tables.get("inet sdn")?.chains.delete("forward"),
      says: ({ where }) => `nftables chain inet sdn forward${place(where)} is missing`,
    },
    {
      name: "a rule is deleted",
      strike: (state, { where }) => spaceOf(state, where)?.tables.get("inet sdn")?.chains.get("forward")?.shift(),
      says: ({ where }) => `nftables chain inet sdn forward${place(where)} lacks 1 of its `,
    },
    {
      name: "a rule is added",
      strike: (state, { where }) =>
        spaceOf(state, where)?.tables.get("inet sdn")?.chains.get("forward")?.push(foreignRule),
      says: ({ where }) => `nftables chain inet sdn forward${place(where)} has 1 rule that is not ours`,
    },
    {
      name: "the rules have another order",
      strike: (state, { where }) => spaceOf(state, where)?.tables.get("inet sdn")?.chains.get("forward")?.reverse(),
      says: ({ where }) => `nftables chain inet sdn forward${place(where)} has its rules in another order`,
    },
  ],
  "nft-element": [
    {
      name: "deleted",
      strike: (state, { family, set, value }) =>
        spaceOf(state, undefined)?.tables.get(`${family} sdn`)?.sets.get(set)?.delete(value.join(" . ")),
      says: ({ set, value }) => `nftables set ${set} lacks ${value.join(" . ")}`,
    },
  ],
  "nft-chain": [
    {
      name: "deleted",
      strike: (state, { where, chain }) => spaceOf(state, where)?.tables.get("inet sdn")?.chains.delete(chain.name),
      says: ({ where, chain }) => `nftables chain inet sdn ${chain.name} in ${where} is missing`,
    },
    {
      name: "a rule is replaced",
      strike: (state, { where, chain }) => {
        const rules = spaceOf(state, where)?.tables.get("inet sdn")?.chains.get(chain.name);
        if (rules !== undefined) rules[0] = foreignRule;
      },
      says: ({ where, chain }) => `nftables chain inet sdn ${chain.name} in ${where} has 1 rule that is not ours`,
    },
  ],
  "nft-map": [
    {
      name: "deleted",
      strike: (state, { map, key }) =>
        spaceOf(state, undefined)?.tables.get("inet sdn")?.maps.get(map)?.delete(key.join(" . ")),
      says: ({ map, key }) => `nftables map ${map} lacks ${key.join(" . ")}`,
    },
    {
      name: "another value",
      strike: (state, { map, key, mark }) =>
        spaceOf(state, undefined)?.tables.get("inet sdn")?.maps.get(map)?.set(key.join(" . "), { value: "lo", mark }),
      says: ({ map, key, value }) => `nftables map ${map}, ${key.join(" . ")}, is lo, should be ${value}`,
    },
  ],
  "bridged-packets": [
    {
      name: "switched off",
      strike: (state) => spaceOf(state, undefined)?.sysctls.set("net.bridge.bridge-nf-call-iptables", "0"),
      says: () => "sysctl net.bridge.bridge-nf-call-iptables is 0, should be 1",
    },
  ],
  // What is missing of it the network's services say.
  "service-path": [],
  "service-network": [
    {
      name: "the rules of a bridge are deleted",
      strike: (state) => state.servicePaths.clear(),
      says: () => "the way of services' packets by sdn-b-5001 lacks its routing rules (IPv4)",
    },
    {
      name: "unused addresses leave again",
      strike: (state, { routerVni }) => state.servicePools.delete(String(routerVni)),
      says: ({ where }) =>
        `the way of services' packets by ${where} lacks a route that ends addresses without a service`,
    },
  ],
  "service-rules": [
    {
      name: "an element is deleted",
      strike: (state) => spaceOf(state, undefined)?.tables.get("inet sdn")?.maps.get("services4")?.clear(),
      says: ({ elements }) => `nftables map services4 lacks ${elements[0]?.key.join(" . ") ?? ""}`,
    },
    {
      name: "a chain is deleted",
      strike: (state, { chains }) =>
        spaceOf(state, undefined)
          ?.tables.get("inet sdn")
          ?.chains.delete(chains[0]?.name ?? ""),
      says: ({ chains }) => `nftables chain inet sdn ${chains[0]?.name ?? ""} is missing`,
    },
    {
      name: "a rule is replaced",
      strike: (state, { chains }) =>
        spaceOf(state, undefined)
          ?.tables.get("inet sdn")
          ?.chains.set(chains[0]?.name ?? "", [foreignRule]),
      says: ({ chains }) => `nftables chain inet sdn ${chains[0]?.name ?? ""} lacks `,
    },
  ],
  "service-balancer": [
    {
      name: "the process is killed",
      strike: (state, { driver, routerVni }) => {
        const found = state.balancers.get(`${driver} ${routerVni}`);
        if (found !== undefined) found.running = undefined;
      },
      says: ({ where }) => `HAProxy does not run in ${where}`,
    },
    {
      name: "its configuration is changed",
      strike: (state, { driver, routerVni }) => {
        const found = state.balancers.get(`${driver} ${routerVni}`);
        if (found !== undefined) found.file += "maxconn 1\n";
      },
      says: ({ where }) => `the configuration of HAProxy in ${where} was changed`,
    },
    {
      name: "it runs with a configuration of before",
      strike: (state, { driver, routerVni }) => {
        const found = state.balancers.get(`${driver} ${routerVni}`);
        if (found !== undefined) found.running = "";
      },
      says: ({ where }) => `HAProxy in ${where} runs with another configuration`,
    },
    {
      name: "its unit is changed",
      strike: (state, { driver, routerVni }) => {
        const found = state.balancers.get(`${driver} ${routerVni}`);
        if (found !== undefined) found.unit = false;
      },
      says: () => "the systemd unit of HAProxy was changed",
    },
    {
      name: "a virtual address is deleted",
      strike: (state, { where }) => {
        const lo = spaceOf(state, where)?.links.get("lo");
        if (lo !== undefined) lo.addresses = [];
      },
      says: ({ where, vips }) => `address ${vips[0] ?? ""} is missing on lo in ${where}`,
    },
  ],
  zone: [
    {
      name: "deleted",
      strike: (state, { bridge }) =>
        spaceOf(state, undefined)?.tables.get("inet sdn")?.maps.get("zones")?.delete(bridge),
      says: ({ bridge }) => `conntrack zone of ${bridge} is missing`,
    },
    {
      name: "another one",
      strike: (state, { bridge }) =>
        spaceOf(state, undefined)?.tables.get("inet sdn")?.maps.get("zones")?.set(bridge, { value: "9", mark: "" }),
      says: ({ bridge, zone }) => `conntrack zone of ${bridge} is 9, should be ${zone}`,
    },
  ],
  "container-guard": [
    {
      name: "an element is deleted",
      strike: (state) => spaceOf(state, undefined)?.tables.get("bridge sdn")?.sets.get("guarded")?.clear(),
      says: ({ container }) => `nftables set guarded lacks veth${container}, of container ${container}`,
    },
  ],
  "forward-accept": [
    {
      name: "deleted",
      strike: (state, step) => state.docker.accepts.get("iptables")?.delete(`${step.in} ${step.out} ${step.mark}`),
      says: (step) => `Docker's DOCKER-USER chain (iptables) lacks our accept from ${step.in} to ${step.out}`,
    },
  ],
  "docker-network": [
    {
      name: "deleted",
      strike: (state, { name }) => state.docker.networks.delete(name),
      says: ({ name }) => `Docker network ${name} is missing`,
    },
    {
      name: "another bridge",
      strike: (state, { name }) => {
        const found = state.docker.networks.get(name);
        if (found !== undefined) state.docker.networks.set(name, { ...found, bridge: "br9", shape: "another" });
      },
      says: ({ name, bridge }) => `bridge of Docker network ${name} is br9, should be ${bridge}`,
    },
    {
      name: "another subnet",
      strike: (state, { name }) => {
        const found = state.docker.networks.get(name);
        if (found !== undefined) {
          state.docker.networks.set(name, { ...found, subnets: ["198.51.100.0/24"], shape: "another" });
        }
      },
      says: ({ name }) => `subnets of Docker network ${name} is 198.51.100.0/24, should be `,
    },
  ],
  "adopted-link": [
    changedLink("MTU", here, nameOf, { mtu: 1280 }, ({ name, mtu }) => `MTU of ${name} is 1280, should be ${mtu}`),
    changedLink("its mark lost", here, nameOf, { alias: "" }, ({ name }) => `interface ${name}, which was adopted, `),
    {
      name: "taken off its bridge",
      strike: (state, { name, bridge }) => {
        if (bridge !== undefined) edit(state, undefined, name, { master: "" });
      },
      says: ({ name, bridge }) => `bridge of ${name} is none, should be ${bridge ?? ""}`,
    },
  ],
  // It is there or gone, and what is gone is not made anew.
  "adopted-docker-network": [],
  "dns-entry": [
    {
      name: "deleted",
      strike: (state, { where, entry }) => state.dns.get(where)?.entries.delete(entry),
      says: ({ where, entry }) => `names of ${entry} in ${where} are missing`,
    },
    {
      name: "another record",
      strike: (state, { where, entry }) =>
        state.dns.get(where)?.entries.set(entry, ["data web.shop.sdn.internal. 5 A 198.51.100.9"]),
      says: ({ where, entry }) =>
        `names of ${entry} in ${where} have web.shop.sdn.internal. 5 A 198.51.100.9, which is not ours`,
    },
  ],
  "dns-server": [
    {
      name: "ended",
      strike: (state, { where }) => {
        Object.assign(state.dns.get(where) ?? {}, { running: undefined });
      },
      says: ({ where }) => `the DNS server of ${where} does not run`,
    },
    {
      name: "started with other settings",
      strike: (state, { where }) => {
        Object.assign(state.dns.get(where) ?? {}, { running: "other settings" });
      },
      says: ({ where }) => `the DNS server of ${where} answers with other settings or names than were written`,
    },
    {
      name: "its configuration changed",
      strike: (state, { where }) => {
        Object.assign(state.dns.get(where) ?? {}, { configuration: "other settings" });
      },
      says: ({ where }) => `the configuration of the DNS server of ${where} was changed`,
    },
    {
      name: "forgotten",
      strike: (state, { where }) => state.dns.delete(where),
      says: ({ where }) => `the DNS server of ${where} is missing, or has another zone or other upstreams`,
    },
  ],
  "docker-connection": [
    {
      name: "disconnected",
      strike: (state, { container, network }) => state.docker.containers.get(container)?.networks.delete(network),
      says: ({ container, network }) => `container ${container} is not connected to ${network}`,
    },
    {
      name: "another address",
      strike: (state, { container, network }) =>
        state.docker.containers.get(container)?.networks.set(network, { ipv4: "198.51.100.9", ipv6: "" }),
      says: ({ container }) => `address of container ${container} is 198.51.100.9, should be `,
    },
  ],
};

/** What somebody may put into a table of ours, where it is said and how. `where`: a router, or the host itself. */
export const intrusions: readonly {
  readonly name: string;
  readonly strike: (state: ModelState, where: string | undefined) => void;
  readonly says: (where: string | undefined) => string;
  /** Only the host's tables have sets of ours. */
  readonly onlyHost?: true;
}[] = [
  {
    name: "a chain",
    strike: (state, where) => tableOf(state, where, "inet")?.chains.set("sneaky", [foreignRule]),
    says: (where) => `nftables chain inet sdn sneaky${place(where)} is not ours`,
  },
  {
    name: "a set",
    strike: (state, where) => tableOf(state, where, "inet")?.sets.set("sneaky", new Set(["10.9.9.9"])),
    says: (where) => `nftables set inet sdn sneaky${place(where)} is not ours`,
  },
  {
    name: "a map",
    strike: (state, where) =>
      tableOf(state, where, "inet")?.maps.set("sneaky", new Map([["10.9.9.9", { value: "10.9.9.8", mark: "" }]])),
    says: (where) => `nftables map inet sdn sneaky${place(where)} is not ours`,
  },
  {
    name: "a chain of the bridge table",
    onlyHost: true,
    strike: (state) => tableOf(state, undefined, "bridge")?.chains.set("sneaky", []),
    says: () => "nftables chain bridge sdn sneaky is not ours",
  },
  {
    name: "an element",
    onlyHost: true,
    strike: (state) => tableOf(state, undefined, "inet")?.sets.get("pairs")?.add("sdn-b-5001 . eth0"),
    says: () => "element sdn-b-5001 . eth0 of nftables set inet sdn pairs is not ours",
  },
  {
    name: "an element of the bridge table",
    onlyHost: true,
    strike: (state) => tableOf(state, undefined, "bridge")?.sets.get("router_ports")?.add("eth0"),
    says: () => "element eth0 of nftables set bridge sdn router_ports is not ours",
  },
  {
    name: "a port of an engine",
    onlyHost: true,
    strike: (state) => tableOf(state, undefined, "bridge")?.sets.get("sources4")?.add("veth12ab . 10.20.1.1"),
    says: () => "element veth12ab . 10.20.1.1 of nftables set bridge sdn sources4 is not ours",
  },
  {
    name: "more elements than a sentence names",
    onlyHost: true,
    strike: (state) => {
      for (let last = 1; last <= 7; last += 1)
        tableOf(state, undefined, "inet")?.sets.get("transit4")?.add(`10.9.9.${last}`);
    },
    says: () =>
      "elements 10.9.9.1, 10.9.9.2, 10.9.9.3, 10.9.9.4 and 3 more of nftables set inet sdn transit4 are not ours",
  },
  {
    name: "an element of a map",
    onlyHost: true,
    strike: (state) =>
      tableOf(state, undefined, "inet")
        ?.maps.get("ports4")
        ?.set("192.0.2.11 . tcp . 22", { value: "10.9.9.9", mark: "" }),
    says: () => "element 192.0.2.11 . tcp . 22 of nftables set inet sdn ports4 is not ours",
  },
];

const tableOf = (state: ModelState, where: string | undefined, family: string): ModelTable | undefined =>
  spaceOf(state, where)?.tables.get(`${family} sdn`);

/** Somebody else's thing with the name of ours, for the kinds that carry a mark. */
export const replacements: {
  readonly [K in StepKind]?: {
    readonly strike: (state: ModelState, step: StepOf<K>, mark: string) => void;
    /** What it is called in messages. */
    readonly called: (step: StepOf<K>) => string;
  };
} = {
  namespace: {
    strike: (state, { name }, mark) => {
      edit(state, name, "lo", { alias: mark });
      state.namespaces.get(name)?.links.set("eth0", link({}));
    },
    called: ({ name }) => `namespace ${name}`,
  },
  bridge: {
    strike: (state, { name }, alias) => {
      edit(state, undefined, name, { alias });
    },
    called: ({ name }) => `interface ${name}`,
  },
  vxlan: {
    strike: (state, { name }, alias) => {
      edit(state, undefined, name, { alias });
    },
    called: ({ name }) => `interface ${name}`,
  },
  veth: {
    strike: (state, { from, name }, alias) => {
      edit(state, from, name, { alias });
    },
    called: ({ name }) => `interface ${name}`,
  },
  macvlan: {
    strike: (state, { where, name }, alias) => {
      edit(state, where, name, { alias });
    },
    called: ({ name }) => `interface ${name}`,
  },
  "docker-network": {
    strike: (state, { name }, mark) => {
      const found = state.docker.networks.get(name);
      if (found !== undefined) state.docker.networks.set(name, { ...found, mark });
    },
    called: ({ name }) => `Docker network ${name}`,
  },
};
