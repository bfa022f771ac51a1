import type { RouterIntent } from "./intent";
import { natSteps } from "./nat";
import { markOf, routerNamespace, uplinkName } from "./names";
import type { Step } from "./step";

/** A router is a namespace: tenants may overlap, and nothing in it is reachable from the host's own addresses. */
export function routerSteps(intent: RouterIntent): readonly Step[] {
  const where = routerNamespace(intent.vni, intent.scope);
  const mark = markOf(intent);
  return [
    { kind: "nft-table", where: undefined, table: "host" },
    { kind: "namespace", name: where, mark },
    ...settings(where),
    // Also without a way out: then nothing is left to be taken away when a network loses it.
    { kind: "nft-table", where, table: "router" },
    ...[...spaces(intent), ...(intent.blackholes ?? [])].map((destination): Step => {
      // Unallotted addresses of the network must not leak out by the uplink.
      return { kind: "route", where, destination, device: "blackhole", via: undefined };
    }),
    ...(intent.egress === undefined ? [] : egressSteps(intent, intent.egress, where, mark)),
  ];
}

const spaces = (intent: RouterIntent): readonly string[] =>
  [intent.cidr, intent.ipv6Cidr].filter((cidr) => cidr !== undefined);

function settings(where: string): readonly Step[] {
  const values: readonly (readonly [string, string])[] = [
    ["net.ipv4.ip_forward", "1"],
    ["net.ipv6.conf.all.forwarding", "1"],
    // The gateway's address and the router's own are on two links of one segment: each answers for its own only.
    ["net.ipv4.conf.all.arp_ignore", "1"],
    ["net.ipv4.conf.all.arp_announce", "2"],
    // Packets arrive on the gateway's link and their senders are routed by the other.
    ["net.ipv4.conf.all.rp_filter", "0"],
    ["net.ipv4.conf.default.rp_filter", "0"],
  ];
  return values.map(([key, value]) => ({ kind: "sysctl", where, key, value }));
}

function egressSteps(
  intent: RouterIntent,
  egress: NonNullable<RouterIntent["egress"]>,
  where: string,
  mark: string,
): readonly Step[] {
  const uplink = uplinkName(intent.vni);
  const links = [egress.ipv4, egress.ipv6].filter((link) => link !== undefined);
  const steps: Step[] = [
    // Isolation first: the link is never up without it.
    { kind: "nft-element", family: "inet", set: "uplinks", value: [uplink] },
    { kind: "veth", name: uplink, where, peer: "uplink", mtu: intent.mtu, mac: undefined, bridge: undefined, mark },
    { kind: "addresses", where: undefined, link: uplink, addresses: links.map((link) => transit(link.host)) },
    { kind: "addresses", where, link: "uplink", addresses: links.map((link) => transit(link.router)) },
    ...natSteps(intent),
    { kind: "forward-accept", in: uplink, out: "+", mark },
    { kind: "forward-accept", in: "+", out: uplink, mark },
  ];
  if (egress.ipv4 !== undefined) {
    steps.push(
      { kind: "route", where, destination: "0.0.0.0/0", device: "uplink", via: egress.ipv4.host },
      { kind: "nft-element", family: "inet", set: "transit4", value: [egress.ipv4.router] },
      { kind: "sysctl", where: undefined, key: "net.ipv4.ip_forward", value: "1" },
    );
  }
  if (egress.ipv6 !== undefined) {
    steps.push(
      { kind: "route", where, destination: "::/0", device: "uplink", via: egress.ipv6.host },
      { kind: "nft-element", family: "inet", set: "transit6", value: [egress.ipv6.router] },
      { kind: "forwarding6" },
    );
  }
  return steps;
}

/** A point-to-point link: two addresses (RFC 3021, RFC 6164). */
function transit(address: string): string {
  return `${address}/${address.includes(":") ? 127 : 31}`;
}
