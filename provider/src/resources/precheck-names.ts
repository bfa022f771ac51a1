import { routerNamespace } from "../compile/names";
import type { ServiceIntent } from "../compile/service/intent";
import type { Words } from "../compile/steps";
import type { Snapshot } from "../model/snapshot";
import type { Say } from "./precheck";

/** What `namesFit` and `namesWarnings` look at. */
export const namesQueries: readonly Words[] = [["query_dns_facts"]];

/** `others`: what else is called something on this host. */
export function namesFit(
  intent: ServiceIntent,
  { dns }: Pick<Snapshot, "dns">,
  others: readonly ServiceIntent[],
  say: Say,
): void {
  if (dns?.version === undefined && dns !== undefined) {
    say({
      code: "missing-capability",
      property: "dns",
      cause: "unbound, which answers for the names of a network, is not installed",
      remedy:
        "install it there: `apt-get install unbound && systemctl disable --now unbound` (Debian's own unit is not needed)",
    });
  }
  const where = routerNamespace(intent.routerVni, intent.scope);
  for (const other of others) {
    if (routerNamespace(other.routerVni, other.scope) !== where || other.name === intent.name) continue;
    refuseSameName(intent, other, say);
    refuseOtherServer(intent, other, say);
  }
}

function refuseSameName(intent: ServiceIntent, other: ServiceIntent, say: Say): void {
  for (const name of intent.dns.names.filter((one) => other.dns.names.includes(one))) {
    say({
      code: "conflict",
      property: "dns.names",
      value: name,
      cause: `the entry ${other.label} of the same network has this name`,
      remedy: "give one of the two another name",
    });
  }
}

/** All entries of a network are answered for by one server. */
function refuseOtherServer({ dns }: ServiceIntent, other: ServiceIntent, say: Say): void {
  const text = (upstreams: ServiceIntent["dns"]["upstreams"]): string =>
    upstreams === "host" ? upstreams : upstreams.join(", ") || "none";
  for (const [property, mine, theirs] of [
    ["dns.zone", dns.zone, other.dns.zone],
    ["dns.upstreams", text(dns.upstreams), text(other.dns.upstreams)],
  ] as const) {
    if (mine === theirs) continue;
    say({
      code: "conflict",
      property,
      value: mine,
      cause: `the entry ${other.label} of the same network has ${theirs}, and one server answers for both`,
      remedy: "let both have the same",
    });
  }
}

/** What fits the host today and may still surprise somebody. */
export function namesWarnings(intent: ServiceIntent, host: Pick<Snapshot, "dns" | "facts">): readonly string[] {
  return [...resolverWarnings(intent, host), ...engineWarnings(host)];
}

function resolverWarnings({ dns: { upstreams } }: ServiceIntent, { dns }: Pick<Snapshot, "dns">): readonly string[] {
  if (upstreams !== "host" || dns?.resolvers.length !== 0) return [];
  return [
    "the host has no resolver that a network could ask (what it has is on its loopback or its own addresses), so" +
      " entries' names are answered and all others refused: name servers in Fabric.nameservers",
  ];
}

function engineWarnings({ dns, facts }: Pick<Snapshot, "dns" | "facts">): readonly string[] {
  if (dns?.loopback !== true || facts?.docker === undefined) return [];
  return [
    "Docker's embedded DNS server asks the resolver on the host's loopback (/etc/resolv.conf) past the network, so" +
      " containers do not learn the network's names: start them with --dns and any address, or set `dns` in the" +
      " engine's daemon.json",
  ];
}
