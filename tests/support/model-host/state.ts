import type { PatchedRecord } from "./firewall-patch";
import type { NftCommand } from "./firewall-table";

/** What the model of a host remembers. Plain data, so that a copy is all that undoing a fragment needs. */

export interface ModelLink {
  kind: string;
  mtu: number;
  up: boolean;
  alias: string;
  master: string;
  mac: string;
  addresses: string[];
  vxlan: { id: number; local: string; port: number } | undefined;
  /** The link that it stands on, in the same namespace. */
  lower: string | undefined;
  peer: { readonly where: string; readonly name: string } | undefined;
}

export interface ModelNamespace {
  readonly links: Map<string, ModelLink>;
  /** By destination: one route each, as `ip route replace` keeps them. */
  readonly routes: Map<string, { readonly device: string; readonly via: string | undefined; readonly metric?: number }>;
  /** By table, then by destination. A table without routes is none. */
  readonly routingTables: Map<string, Map<string, { readonly device: string; readonly via: string }>>;
  /** By `FAMILY PRIORITY`, in the words of the program. */
  readonly rules: Map<
    string,
    { readonly from: string; readonly to: string; readonly arriving: string; readonly action: string }
  >;
  /** By `DEVICE ADDRESS`. */
  readonly neighbours: Map<string, string>;
  /** By `FAMILY NAME`. */
  readonly tables: Map<string, ModelTable>;
  readonly sysctls: Map<string, string>;
}

export interface ModelTable {
  /** Chain → the comments of its rules. */
  readonly chains: Map<string, string[]>;
  readonly sets: Map<string, Set<string>>;
  readonly maps: Map<string, Map<string, { readonly value: string; readonly mark: string }>>;
}

export interface ModelDockerNetwork {
  readonly mark: string;
  /** Everything that it was made with. */
  readonly shape: string;
  readonly bridge: string;
  readonly subnets: readonly string[];
}

export interface ModelContainer {
  running: boolean;
  networkMode: string;
  readonly networks: Map<string, { readonly ipv4: string; readonly ipv6: string }>;
}

export interface ModelRecord {
  readonly generation: number;
  readonly hash: string;
  readonly mark: string;
  readonly intent: string;
  /** The lines that make the resource. */
  readonly words: readonly string[];
  record: "whole" | "old" | "damaged";
}

export interface ModelHits {
  packets: number;
  bytes: number;
  /** Whether there are packets that nobody looked at yet. */
  more: boolean;
  /** Seconds since 1970. */
  readonly since: number;
  last: number | undefined;
}

export interface ModelPicture {
  readonly json: string;
  readonly table: string;
  readonly guarded: readonly string[];
  /** How many lines of it went and came since. */
  readonly pending: { readonly gone: number; readonly come: number } | undefined;
  /** Whether the table was seen to be another one. */
  distrusted?: boolean;
}

export interface ModelFirewall {
  /** Tables of the family `inet` by name, as the commands that made them. */
  readonly tables: Map<string, readonly NftCommand[]>;
  /** Of the last load: its JSON as one word, what the table was then, and the bridges that it guards. */
  picture: ModelPicture | undefined;
  /** What came of `firewall_patch` in the fragment under way. */
  patched: PatchedRecord | undefined;
  /** What it has to fill in, a thing a line; and whether its unit runs. */
  dynamics: string;
  following: boolean;
  /** Whether it has systemd, to run one. */
  canFollow: boolean;
  /** What names resolve to. */
  readonly names: Map<string, readonly string[]>;
  /** Whether the fragment under way has changed the table already, and what it said that would go and come. */
  changed: boolean;
  pending: ModelPicture["pending"];
  /** `BRIDGE ADDRESS|-` */
  held: readonly string[];
  armed:
    | {
        readonly nonce: string;
        readonly deadline: number;
        readonly before: ModelRecord | undefined;
        readonly held: readonly string[];
      }
    | undefined;
  /** Seconds since 1970. */
  clock: number;
  /** As sshd says it: client, its port, server, its port. */
  session: string | undefined;
  /** Lines of conntrack. */
  flows: readonly string[];
  /** Addresses that answer it, and what they are to it. */
  answering: readonly { readonly kind: "gateway" | "underlay"; readonly address: string }[];
  /** By the comment of what counts, in all. */
  readonly hits: Map<string, ModelHits>;
  /** Tables of others, as nft's JSON. */
  foreign: readonly string[];
}

export interface ModelDns {
  /** Zone and upstreams, as the words say them; `undefined` where the host was not told of a server. */
  server: string | undefined;
  /** Entry → its records. */
  readonly entries: Map<string, readonly string[]>;
  /** What the running server was started with, and what its configuration says; `undefined` where there is none. */
  running: string | undefined;
  configuration: string | undefined;
  /** Whether the server has still to be told of what this run changed. */
  changed: boolean;
}

export interface ModelState {
  /** By name; "-" is the host's own. */
  readonly namespaces: Map<string, ModelNamespace>;
  /** By `DEVICE MAC REMOTE`. */
  readonly fdb: Map<string, { readonly sticky: boolean }>;
  /** `undefined`: no engine. */
  readonly docker: {
    readonly networks: Map<string, ModelDockerNetwork>;
    readonly containers: Map<string, ModelContainer>;
    /** Our rules in DOCKER-USER, by tool; no tool where the engine has no such chain. */
    readonly accepts: Map<string, Set<string>>;
  };
  readonly ledger: Map<string, ModelRecord>;
  readonly firewall: ModelFirewall;
  /** By router namespace. */
  readonly dns: Map<string, ModelDns>;
  /** Of unbound; empty where it is not installed. */
  dnsVersion: string;
  /** What it did by itself: kind, resource, detail. */
  readonly events: { readonly kind: string; readonly resource: string; readonly detail: string }[];
  /** Lines of `ss`. */
  readonly listeners: string[];
  /** Values of the host's own sysctls before we changed them. */
  readonly savedSysctls: Map<string, string>;
  /** Bridge → the words of the path of its services' packets, while its network has services. */
  readonly servicePaths: Map<string, string>;
  /** VNI of a network with services → the blocks of addresses that end in its router. */
  readonly servicePools: Map<string, string>;
  /** `DRIVER VNI` → the load balancer that is a process: the records' lines as it was started with them, and as they lie there. */
  readonly balancers: Map<string, { file: string; running: string | undefined; unit: boolean }>;
  /** Programs that are not installed, by the word that a query says. */
  readonly withoutPrograms: Set<string>;
  /** Peer → the largest packet that gets there, 0 for none; every size where a peer is not in it. */
  readonly paths: Map<string, number>;
}

export function emptyNamespace(): ModelNamespace {
  const lo = link({ kind: "", mtu: 65536 });
  return {
    links: new Map([["lo", lo]]),
    routes: new Map(),
    routingTables: new Map(),
    rules: new Map(),
    neighbours: new Map(),
    tables: new Map(),
    sysctls: new Map(),
  };
}

export function link(properties: Partial<ModelLink>): ModelLink {
  return {
    kind: "dummy",
    mtu: 1500,
    up: false,
    alias: "",
    master: "",
    mac: "02:00:00:00:00:01",
    addresses: [],
    vxlan: undefined,
    lower: undefined,
    peer: undefined,
    ...properties,
  };
}

export function emptyState(): ModelState {
  return {
    namespaces: new Map([["-", emptyNamespace()]]),
    fdb: new Map(),
    docker: { networks: new Map(), containers: new Map(), accepts: new Map() },
    ledger: new Map(),
    firewall: emptyFirewall(),
    dns: new Map(),
    dnsVersion: "1.17.1",
    events: [],
    listeners: [],
    savedSysctls: new Map(),
    servicePaths: new Map(),
    servicePools: new Map(),
    balancers: new Map(),
    withoutPrograms: new Set(),
    paths: new Map(),
  };
}

function emptyFirewall(): ModelFirewall {
  return {
    tables: new Map(),
    picture: undefined,
    dynamics: "",
    following: false,
    canFollow: true,
    names: new Map([["localhost", ["127.0.0.1", "::1"]]]),
    changed: false,
    pending: undefined,
    patched: undefined,
    answering: [],
    held: [],
    armed: undefined,
    clock: 1_767_225_600,
    session: undefined,
    flows: [],
    hits: new Map(),
    foreign: [],
  };
}

/** A copy that shares nothing with the original. (What `structuredClone` makes are another realm's maps under jest.) */
export function copyOf<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (Object.isFrozen(value)) return value;
  if (value instanceof Map)
    return new Map([...(value as Map<unknown, unknown>)].map(([key, one]) => [key, copied(one)]));
  if (value instanceof Set) return new Set(value as Set<unknown>);
  if (Array.isArray(value)) return (value as readonly unknown[]).map(copied);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copied(one)]));
}
