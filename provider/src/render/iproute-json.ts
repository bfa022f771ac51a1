import { formatAddress, readAddress } from "../model/address";
import type { FdbEntry, LinkState, NamespaceState, RouteState, RuleState, Snapshot } from "../model/snapshot";

/** The parts of `ip -j` output that we read. Fields are optional: versions of iproute2 differ. */
interface IpLink {
  readonly ifname?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly ifalias?: string;
  readonly master?: string;
  readonly address?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: {
      readonly id?: number;
      readonly local?: string;
      readonly local6?: string;
      readonly port?: number;
    };
  };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[];
}
interface IpRoute {
  readonly dst?: string;
  readonly dev?: string;
  readonly gateway?: string;
  readonly type?: string;
  readonly metric?: number;
}
interface IpRule {
  readonly priority?: number;
  readonly src?: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly iif?: string;
  readonly table?: string;
  readonly action?: string;
  readonly suppress_prefixlen?: number;
}
interface IpNeighbour {
  readonly dst?: string;
  readonly dev?: string;
  readonly lladdr?: string;
}
/** An empty answer is an empty list: `ip` prints nothing where there is nothing. */
function parseList(text: string): readonly unknown[] {
  if (text.trim() === "") return [];
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? (parsed as readonly unknown[]) : [];
}

export function parseLinks(text: string): ReadonlyMap<string, LinkState> {
  return new Map(
    (parseList(text) as readonly IpLink[]).flatMap((link): [string, LinkState][] =>
      link.ifname === undefined ? [] : [[link.ifname, linkState(link, link.ifname)]],
    ),
  );
}

function linkState(link: IpLink, name: string): LinkState {
  const kind = link.linkinfo?.info_kind ?? "";
  const data = link.linkinfo?.info_data;
  return {
    name,
    mtu: link.mtu ?? 0,
    up: link.flags?.includes("UP") ?? false,
    kind,
    alias: link.ifalias ?? "",
    master: link.master ?? "",
    mac: link.address ?? "",
    addresses: (link.addr_info ?? []).flatMap(({ local, prefixlen, scope }) =>
      local === undefined || scope === "link" ? [] : [`${canonical(local)}/${prefixlen ?? ""}`],
    ),
    vxlan:
      kind === "vxlan"
        ? { vni: data?.id ?? 0, local: canonical(data?.local ?? data?.local6 ?? ""), port: data?.port ?? 0 }
        : undefined,
  };
}

export function parseRoutes(text: string, family: 4 | 6, table?: number): readonly RouteState[] {
  return (parseList(text) as readonly IpRoute[]).flatMap((route) => {
    const device = route.type === "blackhole" ? "blackhole" : route.dev;
    if (route.dst === undefined || device === undefined) return [];
    const { gateway: via, metric = 0 } = route;
    return [{ destination: destination(route.dst, family), device, via, table, metric }];
  });
}

export function parseRules(text: string, family: 4 | 6): readonly RuleState[] {
  const block = (address: string | undefined, length: number | undefined): string | undefined =>
    address === undefined || address === "all"
      ? address
      : `${canonical(address)}/${length ?? (family === 4 ? 32 : 128)}`;
  return (parseList(text) as readonly IpRule[]).map((rule) => ({
    family,
    priority: rule.priority ?? 0,
    from: block(rule.src, rule.srclen) ?? "all",
    to: block(rule.dst, rule.dstlen),
    arriving: rule.iif,
    action: `${rule.action ?? rule.table ?? ""}${rule.suppress_prefixlen === 0 ? "-but-default" : ""}`,
  }));
}

function destination(text: string, family: 4 | 6): string {
  if (text === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  const [address = "", length = family === 4 ? "32" : "128"] = text.split("/");
  return `${canonical(address)}/${length}`;
}

export function parseNeighbours(text: string): NamespaceState["neighbours"] {
  return (parseList(text) as readonly IpNeighbour[]).flatMap(({ dst, dev, lladdr }) =>
    dst === undefined || dev === undefined || lladdr === undefined
      ? []
      : [{ device: dev, address: canonical(dst), mac: lladdr }],
  );
}

/** Forwarding entries in the program's own short lines: `entry DEVICE MAC sticky|other`, `flood DEVICE VTEP,VTEP,…`. */
export function parseForwarding(text: string): Pick<Snapshot, "fdb" | "floods"> {
  const fdb: FdbEntry[] = [];
  const floods = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [kind, device = "", what = "", how] = line.split(" ");
    if (kind === "entry") fdb.push({ mac: what, device, sticky: how === "sticky" });
    else if (kind === "flood") floods.set(device, what);
  }
  return { fdb, floods };
}

function canonical(text: string): string {
  const address = readAddress(text);
  return address === undefined ? text : formatAddress(address);
}
