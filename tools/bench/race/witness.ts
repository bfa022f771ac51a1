/** What the kernel of a host has, read without any code of the contenders'; and taking it all away. */
import type { LabHost } from "../../../tests/lab/harness/lab";

type Json = Readonly<Record<string, unknown>>;

const settings = [
  "net.ipv4.ip_forward",
  "net.ipv6.conf.all.forwarding",
  "net.ipv4.conf.all.arp_ignore",
  "net.ipv4.conf.all.arp_announce",
  "net.ipv4.conf.all.rp_filter",
  "net.ipv4.conf.default.rp_filter",
].join(" ");

// One part a line, so that a part that is empty is still there.
const look = `
one() { "$@" 2>/dev/null | tr -d '\\n'; echo; }
one ip -j -d addr show
one ip -j -4 route show table all
one ip -j neigh show nud permanent
one bridge -j fdb show
one nft -j list ruleset
sysctl ${settings} 2>/dev/null | tr '\\n' ' '; echo
for file in /proc/sys/net/ipv6/conf/sdn-b-*/disable_ipv6 /proc/sys/net/ipv4/conf/sdn-b-*/arp_ignore /proc/sys/net/ipv6/conf/a*/accept_dad; do
  [ ! -e "$file" ] || printf '%s ' "$file" "$(cat "$file")"
done
echo
`;

/** The host and its router namespaces as sorted lines of text, without what the kernel numbers, draws or counts. */
export async function kernelState(host: LabHost): Promise<string> {
  const routers = (await host.run("ip netns list | sed 's/ .*//' | sort")).split("\n").filter((name) => name !== "");
  const own = await host.run(["sh", "-c", look]);
  const inside = routers.map((name) => host.run(["ip", "netns", "exec", name, "sh", "-c", look]));
  return [namespaceState(own), ...(await Promise.all(inside)).map(namespaceState)].join("\n=== a router\n");
}

function namespaceState(output: string): string {
  const [links, routes, neighbours, forwarding, rules, values = "", files = ""] = output.split("\n");
  const parts: readonly (readonly string[])[] = [
    list(links).map(linkLine),
    list(routes).map((one) => pick(one, ["type", "dst", "gateway", "dev", "prefsrc"])),
    list(neighbours).map((one) => pick(one, ["dst", "dev", "lladdr"])),
    list(forwarding).flatMap(forwardingLine),
    ((rules === undefined || rules === "" ? {} : JSON.parse(rules)) as { nftables?: Json[] }).nftables?.map(ruleLine) ??
      [],
    [values, files],
  ];
  return parts.flatMap((part) => [...part].sort()).join("\n");
}

const list = (text: string | undefined): readonly Json[] =>
  text === undefined || text === "" ? [] : (JSON.parse(text) as Json[]);
const pick = (from: Json, names: readonly string[]): string =>
  JSON.stringify(Object.fromEntries(names.map((name) => [name, from[name]])));
/** Ours have our prefixes; the others are drawn by the kernel. */
const macOf = (mac: unknown): unknown => (typeof mac === "string" && /^0[ae]:5d/.test(mac) ? mac : "drawn");

function linkLine(link: Json): string {
  const info = (link["linkinfo"] ?? {}) as { info_kind?: string; info_data?: Json };
  const addresses = ((link["addr_info"] ?? []) as Json[]).filter(({ scope }) => scope !== "link");
  return JSON.stringify([
    pick(link, ["ifname", "mtu", "master", "ifalias"]),
    macOf(link["address"]),
    (link["flags"] as readonly string[] | undefined)?.includes("UP"),
    info.info_kind,
    pick(info.info_data ?? {}, ["id", "local", "port", "mode", "mcast_snooping", "learning"]),
    addresses.map(({ local, prefixlen }) => `${String(local)}/${String(prefixlen)}`).sort(),
  ]);
}

/** What was set; not what was learned, and not what each port has of its own. */
function forwardingLine(entry: Json): readonly string[] {
  const set =
    entry["mac"] === "00:00:00:00:00:00" || (entry["flags"] as readonly string[] | undefined)?.includes("sticky");
  return set === true ? [pick(entry, ["mac", "ifname", "dst", "flags", "state"])] : [];
}

function ruleLine(item: Json): string {
  return JSON.stringify(item, (key, value: unknown) => {
    if (key === "handle" || key === "metainfo") return undefined;
    if (key !== "elem" || !Array.isArray(value)) return value;
    return value.map((one: unknown) => JSON.stringify(one)).sort();
  });
}

/** The first line in which two states differ, of both; `undefined` where they are the same. */
export function firstDifference(one: string, other: string): string | undefined {
  const [left, right] = [one.split("\n"), other.split("\n")];
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, line) => line);
  const at = lines.find((line) => left[line] !== right[line]);
  return at === undefined ? undefined : `${left[at] ?? "(nothing)"}\n${right[at] ?? "(nothing)"}`;
}

const wipe = `
for name in $(ip netns list | sed 's/ .*//' | grep '^sdn-r-'); do ip netns del "$name"; done
for link in $(ip -o link show | sed -nE 's/^[0-9]+: (sdn-[^:@]*)[:@].*/\\1/p'); do ip link del dev "$link" 2>/dev/null; done
nft delete table inet sdn 2>/dev/null
nft delete table bridge sdn 2>/dev/null
rm -rf /var/lib/sdn
sysctl -qw net.ipv4.ip_forward=0
true
`;

/** Takes everything away that any of the contenders made. */
export async function wipeHosts(hosts: readonly LabHost[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.run(wipe)));
}
