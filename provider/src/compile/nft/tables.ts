import { hostBridge } from "./bridge";
import {
  accept,
  beforeFilter,
  beforeSourceNat,
  drop,
  established,
  iifname,
  is,
  isNot,
  oifname,
  payload,
} from "./expressions";
import type { Table } from "./json";
import { exampleSetLines, tableCommands } from "./json";

const neighbourDiscovery = is(payload("icmpv6", "type"), { set: ["nd-neighbor-solicit", "nd-neighbor-advert"] });

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
  maps: [],
  chains: [
    {
      name: "input",
      type: "filter",
      hook: "input",
      priority: beforeFilter,
      rules: [
        [is(iifname, "@bridges"), drop],
        [is(iifname, "@uplinks"), neighbourDiscovery, accept],
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
        [is(payload("ip", "saddr"), "@transit4"), isNot(oifname, "@uplinks"), { masquerade: null }],
        [is(payload("ip6", "saddr"), "@transit6"), isNot(oifname, "@uplinks"), { masquerade: null }],
      ],
    },
  ],
};

/** A router's table: what leaves by the uplink takes the transit address; nothing comes in uninvited. */
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
        [is(iifname, "uplink"), drop],
        [
          is(oifname, "uplink"),
          is({ "&": [payload("tcp", "flags"), "syn"] }, "syn"),
          { mangle: { key: { "tcp option": { name: "maxseg", field: "size" } }, value: { rt: { key: "mtu" } } } },
        ],
      ],
    },
    {
      name: "postrouting",
      type: "nat",
      hook: "postrouting",
      priority: beforeSourceNat,
      rules: [[is(oifname, "uplink"), { masquerade: null }]],
    },
  ],
};

/** Sets that the transaction below takes for granted. */
export const hostSets = exampleSetLines(hostBridge);
export const hostTables = [...tableCommands(hostInet), ...tableCommands(hostBridge)];
export const routerTables = tableCommands(routerInet);

/** `FAMILY sdn/CHAIN` → number of rules that it must have. */
export function ruleCounts(commands: readonly Readonly<Record<string, unknown>>[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const command of commands) {
    const add = command["add"] as { chain?: Named; rule?: Named & { chain: string } } | undefined;
    if (add?.chain !== undefined) counts.set(`${add.chain.family} ${add.chain.table}/${add.chain.name}`, 0);
    if (add?.rule !== undefined) {
      const key = `${add.rule.family} ${add.rule.table}/${add.rule.chain}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

interface Named {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}
