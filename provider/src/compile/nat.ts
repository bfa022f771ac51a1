import { familyBits, formatAddress, readAddress } from "../model/address";
import { formatCidr, inCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import type { DestinationNat, Nat, RouterIntent } from "./intent";
import { markOf, routerNamespace, uplinkName } from "./names";
import {
  accept,
  beforeDestinationNat,
  beforeFilter,
  beforeSourceNat,
  drop,
  established,
  iifname,
  ipOf,
  is,
  isNot,
  liesIn,
  masquerade,
  oifname,
  payload,
} from "./nft/expressions";
import type { Expression, Rule, Statement } from "./nft/json";
import type { Step } from "./step";

/** Addresses of the host that one network can use in its translations, of each family. */
export const maximumHostAddresses = 6;

const none: Nat = { source: [], destination: [] };
const isHostAddress = (address: string): boolean => address !== "host" && address !== "none";

/**
 * What translates between a network and its host. The router and the host each do their half; between them stands an
 * address of the link that means one address of the host, so tenants may overlap (decision 0012).
 */
export function natSteps(intent: RouterIntent): readonly Step[] {
  if (intent.egress === undefined) return [];
  const transit = transitAddresses(intent);
  return [...routerSteps(intent, transit), ...hostSteps(intent, transit)];
}

/** The host's address → the address of the link that stands for it. */
type Transit = ReadonlyMap<string, string>;

function transitAddresses(intent: RouterIntent): Transit {
  const { source, destination } = intent.nat ?? none;
  const wanted = [
    ...source.map(({ address }) => address).filter(isHostAddress),
    ...destination.map(({ address }) => address),
  ];
  const values = [...new Set(wanted)].sort().map((text) => ({ text, address: readAddress(text) }));
  const found = new Map<string, string>();
  for (const [family, link] of [
    [4, intent.egress?.ipv4],
    [6, intent.egress?.ipv6],
  ] as const) {
    const first = link === undefined ? undefined : readAddress(link.router);
    const taken = new Set<bigint>();
    for (const { text, address } of values) {
      if (address?.family !== family || first === undefined) continue;
      if (taken.size === maximumHostAddresses)
        throw new SdnError({ code: "internal", cause: "too many host addresses" });
      // By the address itself, so that another one that comes or goes seldom moves it.
      let slot = address.value % BigInt(maximumHostAddresses);
      while (taken.has(slot)) slot = (slot + 1n) % BigInt(maximumHostAddresses);
      taken.add(slot);
      found.set(text, formatAddress({ family, value: first.value + 1n + slot }));
    }
  }
  return found;
}

function routerSteps(intent: RouterIntent, transit: Transit): readonly Step[] {
  const where = routerNamespace(intent.vni, intent.scope);
  const { source, destination } = intent.nat ?? none;
  const leaving = is(oifname, "uplink");
  const postrouting: readonly Rule[] = [
    ...source.map(({ from, to, address }): Rule => {
      const matches = [leaving, liesIn("saddr", [from]), ...(to === undefined ? [] : [liesIn("daddr", [to])])];
      return [...matches, sourceAction(address, transit)];
    }),
    ...((intent.egress?.mode ?? "nat") === "nat" ? [[leaving, masquerade]] : []),
    // The endpoint may be on another host, whose router would not know what to do with its reply.
    ...destination
      .filter(({ preserveSource }) => preserveSource !== true)
      .map((one): Rule => [isNot(oifname, "uplink"), ...cameTo(one, transit), masquerade]),
  ];
  const prerouting = destination.map((one): Rule => [
    is(iifname, "uplink"),
    is(payload(ipOf(one.toAddress), "daddr"), transit.get(one.address) ?? ""),
    portIs(one.protocol, one.port, one.endPort),
    {
      dnat: {
        family: ipOf(one.toAddress),
        addr: one.toAddress,
        ...(one.endPort === undefined ? { port: one.toPort ?? one.port } : {}),
      },
    },
  ]);
  const steps: Step[] = [
    {
      kind: "nft-chain",
      where,
      chain: { name: "postrouting", type: "nat", hook: "postrouting", priority: beforeSourceNat, rules: postrouting },
    },
  ];
  if (prerouting.length > 0) {
    const priority = beforeDestinationNat;
    const chain = { name: "prerouting", type: "nat", hook: "prerouting", priority, rules: prerouting } as const;
    steps.push({ kind: "nft-chain", where, chain });
  }
  if (intent.egress?.mode === "none") {
    const rules: readonly Rule[] = [
      [leaving, established, accept],
      [leaving, drop],
    ];
    steps.push({
      kind: "nft-chain",
      where,
      chain: { name: "replies-only", type: "filter", hook: "forward", priority: beforeFilter, rules },
    });
  }
  return steps;
}

function sourceAction(address: string, transit: Transit): Statement {
  if (address === "none") return accept;
  if (address === "host") return masquerade;
  return { snat: { family: ipOf(address), addr: transit.get(address) ?? "" } };
}

/** The connection was opened to this address of the link and this port, whatever they were translated to. */
function cameTo({ protocol, address, port, endPort }: DestinationNat, transit: Transit): readonly Statement[] {
  const original = (key: "ip daddr" | "ip6 daddr" | "proto-dst"): Expression => ({ ct: { key, dir: "original" } });
  return [
    is({ meta: { key: "l4proto" } }, protocol),
    is(original(`${ipOf(address)} daddr`), transit.get(address) ?? ""),
    is(original("proto-dst"), portsOf(port, endPort)),
  ];
}

function portsOf(port: number, endPort: number | undefined): Expression {
  return endPort === undefined ? port : { range: [port, endPort] };
}

function portIs(protocol: "tcp" | "udp", port: number, endPort: number | undefined): Statement {
  return is(payload(protocol, "dport"), portsOf(port, endPort));
}

function hostSteps(intent: RouterIntent, transit: Transit): readonly Step[] {
  const { source, destination } = intent.nat ?? none;
  const device = uplinkName(intent.vni);
  const mark = markOf(intent);
  const routed = [...untranslatedSpaces(intent), ...[...transit.values()].map(single)];
  const sources = new Set(source.map(({ address }) => address).filter(isHostAddress));
  return [
    ...routed.flatMap((block): readonly Step[] => {
      const via = (block.includes(":") ? intent.egress?.ipv6 : intent.egress?.ipv4)?.router;
      return via === undefined ? [] : [{ kind: "route", where: undefined, destination: block, device, via }];
    }),
    ...[...sources].map((address): Step => {
      const key = [transit.get(address) ?? ""];
      return { kind: "nft-map", map: `sources${familyOf(address)}`, key, value: address, mark };
    }),
    ...destination.map((one): Step => {
      const ports = one.endPort === undefined ? String(one.port) : `${one.port}-${one.endPort}`;
      const key = [one.address, one.protocol, ports];
      return {
        kind: "nft-map",
        map: `ports${familyOf(one.address)}`,
        key,
        value: transit.get(one.address) ?? "",
        mark,
      };
    }),
  ];
}

/** What leaves with its own addresses: the host has routes back to it. */
export function untranslatedSpaces(intent: RouterIntent): readonly string[] {
  if (intent.egress === undefined) return [];
  const kept = (intent.nat ?? none).source.filter(({ address }) => address === "none").map(({ from }) => from);
  const whole =
    intent.egress.mode === "routed" ? [intent.cidr, intent.ipv6Cidr].filter((one) => one !== undefined) : [];
  return [...new Set([...whole, ...kept])];
}

/** The source with which a packet leaves: `host`, `none` or an address of the host. */
export function sourceOf(
  { mode, nat }: { readonly mode: string; readonly nat: Nat | undefined },
  from: string,
  to: string,
): string {
  const lies = (address: string, cidr: string | undefined): boolean => {
    const parsed = readAddress(address);
    return cidr === undefined || (parsed !== undefined && inCidr(parsed, parseCidr(cidr, "cidr")));
  };
  const rule = nat?.source.find((one) => lies(from, one.from) && lies(to, one.to));
  return rule?.address ?? (mode === "routed" ? "none" : "host");
}

/** `tcp 192.0.2.11:80`, as messages name it. */
export function portText({
  protocol,
  address,
  port,
  endPort,
}: Pick<DestinationNat, "protocol" | "address" | "port" | "endPort">): string {
  const shown = address.includes(":") ? `[${address}]` : address;
  return `${protocol} ${shown}:${port}${endPort === undefined ? "" : `-${endPort}`}`;
}

const familyOf = (text: string): 4 | 6 => (text.includes(":") ? 6 : 4);

function single(text: string): string {
  const address = readAddress(text);
  if (address === undefined) throw new SdnError({ code: "internal", cause: `${text} is no address` });
  return formatCidr({ family: address.family, base: address.value, prefixLength: familyBits(address.family) });
}
