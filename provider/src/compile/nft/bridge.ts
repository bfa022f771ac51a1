/**
 * The host's table in the bridge family, where each frame is seen with the port by which it came: nobody behind a port
 * is somebody else. The rules are the same for any number of ports; what a port may say stands in sets.
 */
import type { Expression, Statement, Table } from "./json";
import { accept, drop, goto, iifname, is, isNot, oifname, payload, raw } from "./expressions";

// nft knows no name for these in the versions that hosts have.
const etherSource = raw("ll", 48, 48);
const arpSenderMac = raw("nh", 64, 48);
const ipv6Source = raw("nh", 64, 128);
/** Of a neighbour advertisement (RFC 4861, 4.4). */
const advertised = raw("th", 64, 128);
/** The first option of a neighbour message: its kind, and the link-layer address that it says. */
const optionKind = raw("th", 192, 8);
const optionMac = raw("th", 208, 48);

const set = (values: readonly (Expression | readonly [Expression, Statement])[]): Expression => ({ set: values });
const from = (source: Expression): Expression => ({ concat: [iifname, source] });
const icmpv6 = (...types: readonly Expression[]): Statement => is(payload("icmpv6", "type"), set(types));
const etherType = (type: string): Statement => is(payload("ether", "type"), type);
const arpSource = from(payload("arp", "saddr ip"));
const ipv4Source = from(payload("ip", "saddr"));
const isIpv6: Statement = is(payload("ether", "type"), "ip6");

/** Sources of the port, one by one and as blocks. */
const accepted = (source: Expression, name: string): readonly (readonly Statement[])[] => [
  [is(source, `@${name}`), accept],
  [is(source, `@${name}_blocks`), accept],
];

/** Drops what says that it is one of these addresses. */
const claims = (
  ipv4: readonly Statement[],
  arp: readonly Statement[],
  ipv6: (address: Expression) => Statement,
): readonly (readonly Statement[])[] => [
  [...arp, drop],
  [...ipv4, drop],
  [isIpv6, ipv6(ipv6Source), drop],
  [icmpv6("nd-neighbor-advert"), ipv6(advertised), drop],
];

const macIsAnothers = (mac: Expression): readonly Statement[] => [
  isNot(from(mac), "@senders"),
  isNot(iifname, "@any_sender"),
];

const prerouting = {
  name: "prerouting",
  type: "filter",
  hook: "prerouting",
  priority: -290,
  rules: [
    // A gateway is behind its router's port of this host and nowhere else.
    [is(payload("ether", "saddr"), "@gateway_macs"), isNot(iifname, "@router_ports"), drop],
    ...claims([is(ipv4Source, "@gateways")], [is(arpSource, "@gateways")], (one) => is(from(one), "@gateways6")),
    [is(iifname, "@guarded"), goto("guarded")],
    // The names of an engine's ports are not known before they are there, its pools never overlap.
    [is(iifname, "veth*"), goto("engine")],
  ],
} as const;

const guarded = {
  name: "guarded",
  rules: [
    [...macIsAnothers(etherSource), drop],
    [
      {
        vmap: {
          key: payload("ether", "type"),
          data: set([
            ["arp", goto("guarded_arp")],
            ["ip", goto("guarded_ipv4")],
            ["ip6", goto("guarded_ipv6")],
          ]),
        },
      },
    ],
    [drop],
  ],
} as const;

const guardedArp = {
  name: "guarded_arp",
  rules: [
    [...macIsAnothers(arpSenderMac), drop],
    ...accepted(arpSource, "sources4"),
    // A probe for an address that it has not yet (RFC 5227).
    [is(payload("arp", "operation"), "request"), is(payload("arp", "saddr ip"), "0.0.0.0"), accept],
    [drop],
  ],
} as const;

const guardedIpv4 = {
  name: "guarded_ipv4",
  rules: [
    ...accepted(ipv4Source, "sources4"),
    [is(payload("ip", "saddr"), "0.0.0.0"), is(payload("udp", "sport"), 68), is(payload("udp", "dport"), 67), accept],
    [drop],
  ],
} as const;

const guardedIpv6 = {
  name: "guarded_ipv6",
  rules: [
    // Routers are ours.
    [icmpv6("nd-router-advert", "nd-redirect"), drop],
    [
      icmpv6("nd-neighbor-advert"),
      isNot(from(advertised), "@sources6"),
      isNot(from(advertised), "@sources6_blocks"),
      drop,
    ],
    // One option fits; what stands behind it would not be looked at.
    [
      icmpv6("nd-neighbor-solicit", "nd-neighbor-advert"),
      { match: { op: ">", left: payload("ip6", "length"), right: 32 } },
      drop,
    ],
    [
      icmpv6("nd-neighbor-solicit", "nd-neighbor-advert"),
      is(optionKind, set([1, 2])),
      ...macIsAnothers(optionMac),
      drop,
    ],
    ...accepted(from(ipv6Source), "sources6"),
    // Before it has an address: duplicate address detection, multicast reports, a question for routers.
    [
      is(payload("ip6", "saddr"), "::"),
      icmpv6("nd-neighbor-solicit", "nd-router-solicit", "mld-listener-report", "mld2-listener-report"),
      accept,
    ],
    [drop],
  ],
} as const;

const engine = {
  name: "engine",
  rules: claims(
    [is(payload("ip", "saddr"), "@engine_gateways")],
    [is(payload("arp", "saddr ip"), "@engine_gateways")],
    (one) => is(one, "@engine_gateways6"),
  ),
} as const;

/** Each host answers for the gateway itself: a question for it never crosses the underlay. */
const forward = {
  name: "forward",
  type: "filter",
  hook: "forward",
  priority: -200,
  rules: [
    [
      etherType("arp"),
      is(payload("arp", "operation"), "request"),
      is({ concat: [oifname, payload("arp", "daddr ip")] }, "@gateways"),
      drop,
    ],
  ],
} as const;

export const hostBridge: Table = {
  family: "bridge",
  sets: [
    /** Ports at which nobody is the gateway: (port, gateway). */
    { name: "gateways", type: ["ifname", "ipv4_addr"] },
    { name: "gateways6", typeof: "iifname . @nh,64,128" },
    { name: "gateway_macs", type: "ether_addr" },
    { name: "router_ports", type: "ifname" },
    { name: "engine_gateways", type: "ipv4_addr" },
    { name: "engine_gateways6", typeof: "@nh,64,128" },
    /** Ports that may say only what stands in the sets below. */
    { name: "guarded", type: "ifname" },
    { name: "senders", typeof: "iifname . @ll,48,48" },
    /** Ports whose MAC address is not known: whoever is behind them. */
    { name: "any_sender", type: "ifname" },
    { name: "sources4", type: ["ifname", "ipv4_addr"] },
    { name: "sources4_blocks", type: ["ifname", "ipv4_addr"], flags: ["interval"] },
    { name: "sources6", typeof: "iifname . @nh,64,128" },
    { name: "sources6_blocks", typeof: "iifname . @nh,64,128", flags: ["interval"] },
  ],
  maps: [],
  chains: [guarded, guardedArp, guardedIpv4, guardedIpv6, engine, prerouting, forward],
};
