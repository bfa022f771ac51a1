import { hostBridge } from "./bridge";
import { detourMark } from "../service/balancing";
import {
  accept,
  afterDestinationNat,
  beforeConntrack,
  beforeDestinationNat,
  beforeFilter,
  beforeSourceNat,
  drop,
  established,
  goto,
  iifname,
  is,
  isNot,
  masquerade,
  oifname,
  payload,
  translated,
} from "./expressions";
import type { Branch, Expression, Family, Rule, Table } from "./json";
import { exampleSetLines, tableCommands } from "./json";

const neighbourDiscovery = is(payload("icmpv6", "type"), { set: ["nd-neighbor-solicit", "nd-neighbor-advert"] });

const ctMark: Expression = { ct: { key: "mark" } };

/** A service's address is looked up once a connection, by the network that the client is in: decision 0022. */
const services: Branch = {
  name: "services",
  rules: [
    [{ mangle: { key: ctMark, value: { map: { key: iifname, data: "@networks" } } } }],
    ...(["ip", "ip6"] as const).map((family): Rule => {
      const key = {
        concat: [ctMark, payload(family, "daddr"), { meta: { key: "l4proto" } }, payload("th", "dport")],
      } as const;
      return [{ vmap: { key, data: family === "ip" ? "@services4" : "@services6" } }];
    }),
    // No service of the network has it.
    [{ mangle: { key: ctMark, value: 0 } }],
  ],
};

const intoNetworks: readonly Rule[] = (["ip", "ip6"] as const).map((family) => {
  const key = { concat: [payload(family, "daddr"), { meta: { key: "l4proto" } }, payload("th", "dport")] } as const;
  return [{ dnat: { family, addr: { map: { key, data: family === "ip" ? "@ports4" : "@ports6" } } } }];
});

const zoneOf = (bridge: Expression): Rule => [
  { mangle: { key: { ct: { key: "zone" } }, value: { map: { key: bridge, data: "@zones" } } } },
];

/**
 * The host's own tables: nothing that a tenant sends reaches the host or another tenant, except what an uplink
 * carries outside. Bridged frames pass `forward` with the bridge as both interfaces (br_netfilter), so a frame that
 * a tenant addressed to the bridge itself, to be routed by the host, shows as a pair that is not in `pairs`.
 */
const hostInet: Table = {
  family: "inet",
  sets: [
    { name: "bridges", type: "ifname" },
    { name: "pairs", type: ["ifname", "ifname"] },
    { name: "uplinks", type: "ifname" },
    { name: "transit4", type: "ipv4_addr" },
    { name: "transit6", type: "ipv6_addr" },
  ],
  maps: [
    // Ports of the host that lead into a network: to an address of its router's link.
    { name: "ports4", type: ["ipv4_addr", "inet_proto", "inet_service"], map: "ipv4_addr", flags: ["interval"] },
    { name: "ports6", type: ["ipv6_addr", "inet_proto", "inet_service"], map: "ipv6_addr", flags: ["interval"] },
    // Addresses of routers' links that leave with a chosen address of the host.
    { name: "sources4", type: "ipv4_addr", map: "ipv4_addr" },
    { name: "sources6", type: "ipv6_addr", map: "ipv6_addr" },
    // Bridges' conntrack zones: they are there before the first policy, so that it ends no flow that it allows.
    { name: "zones", typeof: "iifname", map: "ct zone" },
    // Bridge → VNI of its network, where that has services.
    { name: "networks", type: "ifname", map: "mark" },
    { name: "services4", type: ["mark", "ipv4_addr", "inet_proto", "inet_service"], map: "verdict" },
    { name: "services6", type: ["mark", "ipv6_addr", "inet_proto", "inet_service"], map: "verdict" },
  ],
  chains: [
    {
      name: "zone_in",
      type: "filter",
      hook: "prerouting",
      priority: beforeConntrack,
      rules: [zoneOf(iifname)],
    },
    { name: "zone_out", type: "filter", hook: "output", priority: beforeConntrack, rules: [zoneOf(oifname)] },
    {
      name: "prerouting",
      type: "nat",
      hook: "prerouting",
      priority: beforeDestinationNat,
      // A bridged frame passes here too (br_netfilter), on its way to its own router: it is not the host's yet.
      rules: [
        [is(iifname, "@bridges"), goto(services.name)],
        ...intoNetworks.map((rule): Rule => [isNot(iifname, "@bridges"), ...rule]),
      ],
    },
    services,
    {
      // Each packet of such a connection takes its way by the router, which the bridge's routes choose by the mark.
      name: "detours",
      type: "filter",
      hook: "prerouting",
      priority: afterDestinationNat,
      rules: [
        [
          is(iifname, "@bridges"),
          is({ ct: { key: "direction" } }, "original"),
          is({ "&": [ctMark, detourMark] }, detourMark),
          { mangle: { key: { meta: { key: "mark" } }, value: detourMark } },
        ],
      ],
    },
    { name: "output", type: "nat", hook: "output", priority: beforeDestinationNat, rules: intoNetworks },
    {
      name: "input",
      type: "filter",
      hook: "input",
      priority: beforeFilter,
      rules: [
        [is(iifname, "@bridges"), drop],
        [is(iifname, "@uplinks"), neighbourDiscovery, accept],
        // The host has asked one of its own ports that lead into a network.
        [is(iifname, "@uplinks"), established, translated, accept],
        [is(iifname, "@uplinks"), drop],
      ],
    },
    {
      name: "forward",
      type: "filter",
      hook: "forward",
      priority: beforeFilter,
      rules: [
        [is(iifname, "@bridges"), isNot({ concat: [iifname, oifname] }, "@pairs"), drop],
        [is(oifname, "@bridges"), isNot({ concat: [iifname, oifname] }, "@pairs"), drop],
        // A port of the host is there for everybody outside, another network included.
        [is(oifname, "@uplinks"), translated, accept],
        [is(iifname, "@uplinks"), is(oifname, "@uplinks"), drop],
        [is(oifname, "@uplinks"), established, accept],
        [is(oifname, "@uplinks"), drop],
      ],
    },
    {
      name: "postrouting",
      type: "nat",
      hook: "postrouting",
      priority: beforeSourceNat,
      rules: [
        ...(["ip", "ip6"] as const).map((family): Rule => {
          const data = family === "ip" ? "@sources4" : "@sources6";
          return [{ snat: { family, addr: { map: { key: payload(family, "saddr"), data } } } }];
        }),
        [is(payload("ip", "saddr"), "@transit4"), masquerade],
        [is(payload("ip6", "saddr"), "@transit6"), masquerade],
      ],
    },
  ],
};

/** A router's table: nothing comes in uninvited. What leaves is translated by a chain of its own (`nat.ts`). */
const routerInet: Table = {
  family: "inet",
  sets: [],
  maps: [],
  chains: [
    {
      name: "forward",
      type: "filter",
      hook: "forward",
      priority: beforeFilter,
      rules: [
        [is(iifname, "uplink"), established, accept],
        [is(iifname, "uplink"), translated, accept],
        [is(iifname, "uplink"), drop],
        [
          is(oifname, "uplink"),
          is({ "&": [payload("tcp", "flags"), "syn"] }, "syn"),
          { mangle: { key: { "tcp option": { name: "maxseg", field: "size" } }, value: { rt: { key: "mtu" } } } },
        ],
      ],
    },
  ],
};

/** Sets and maps that the transaction below takes for granted. */
export const hostSets = [...exampleSetLines(hostInet), ...exampleSetLines(hostBridge)];
export const hostTables = [...tableCommands(hostInet), ...tableCommands(hostBridge)];
export const routerTables = tableCommands(routerInet);

/** What a table of ours has when nobody but us has been there; `sets` are its maps, too. */
export interface TableNames {
  readonly family: Family;
  readonly chains: ReadonlySet<string>;
  readonly sets: ReadonlySet<string>;
}
const namesOf = ({ family, chains, sets, maps }: Table): TableNames => ({
  family,
  chains: new Set(chains.map(({ name }) => name)),
  sets: new Set([...sets, ...maps].map(({ name }) => name)),
});
export const hostNames: readonly TableNames[] = [namesOf(hostInet), namesOf(hostBridge)];
export const routerNames = namesOf(routerInet);

/** Table (`FAMILY sdn`) → chain → fingerprints of the rules that it must have. */
export function wantedRules(
  commands: readonly Readonly<Record<string, unknown>>[],
): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const tables = new Map<string, Map<string, string[]>>();
  for (const command of commands) {
    const add = command["add"] as { chain?: Named; rule?: Named & { chain: string; comment: string } } | undefined;
    const at = add?.chain ?? add?.rule;
    if (at === undefined) continue;
    const chains = tables.get(`${at.family} ${at.table}`) ?? new Map<string, string[]>();
    tables.set(`${at.family} ${at.table}`, chains);
    if (add?.chain !== undefined) chains.set(add.chain.name, []);
    if (add?.rule !== undefined) chains.get(add.rule.chain)?.push(add.rule.comment);
  }
  return tables;
}

interface Named {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}
