/** What was found on a host in one read, parsed. */

export interface LinkState {
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  /** `bridge`, `vxlan`, `veth`, `macvlan`, … or empty for a physical one. */
  readonly kind: string;
  /** The mark of its owner, where it has one. */
  readonly alias: string;
  readonly master: string;
  readonly mac: string;
  /** With prefix lengths; link-local IPv6 addresses are left out. */
  readonly addresses: readonly string[];
  readonly vxlan: { readonly vni: number; readonly local: string; readonly port: number } | undefined;
}

/** What is missing of the way that services' packets take by one bridge, or by a router. */
export interface ServicePathState {
  /** A bridge or a router's namespace. */
  readonly place: string;
  readonly lacks: readonly string[];
}

/** What is wrong with a load balancer that is a process. */
export const balancerLacks = ["program", "socat", "stream", "process", "config", "running", "unit"] as const;
export type BalancerLack = (typeof balancerLacks)[number];

export interface RouteState {
  readonly destination: string;
  readonly device: string;
  readonly via: string | undefined;
  /** Number of its routing table; `undefined` for the main one. */
  readonly table: number | undefined;
  /** The lower one is asked first. */
  readonly metric: number;
}

/** A rule that chooses a routing table. */
export interface RuleState {
  readonly family: 4 | 6;
  readonly priority: number;
  /** A CIDR, or `all`. */
  readonly from: string;
  readonly to: string | undefined;
  /** The interface on which a packet arrives. */
  readonly arriving: string | undefined;
  /** A table's number or name, `main-but-default`, or what else is done, such as `blackhole`. */
  readonly action: string;
}

export interface NamespaceState {
  readonly links: ReadonlyMap<string, LinkState>;
  readonly routes: readonly RouteState[];
  /** Only where they were asked for. */
  readonly rules: readonly RuleState[];
  /** Permanent entries only. */
  readonly neighbours: readonly { readonly device: string; readonly address: string; readonly mac: string }[];
  readonly tables: ReadonlyMap<string, TableState>;
}

/** One nftables table of ours: rules per chain, and the elements of its sets and maps. */
export interface TableState {
  readonly chains: ReadonlyMap<string, number>;
  /** Chain → the comment of each rule, empty where it has none. */
  readonly comments: ReadonlyMap<string, readonly string[]>;
  /** Set name → its elements, the parts of a concatenation joined by " . ". */
  readonly sets: ReadonlyMap<string, ReadonlySet<string>>;
  /** Map name → key → value. */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export interface FdbEntry {
  readonly mac: string;
  readonly device: string;
  readonly sticky: boolean;
}

export interface DockerNetworkState {
  /** The engine's own identifier. */
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly mark: string;
  readonly bridge: string;
  readonly subnets: readonly string[];
  /** Running containers on it, with addresses without prefix lengths. */
  readonly containers: readonly {
    readonly name: string;
    readonly ipv4: string;
    readonly ipv6: string;
    readonly mac: string;
  }[];
}

export interface ContainerState {
  readonly name: string;
  readonly running: boolean;
  /** `default`, `bridge`, a network's name, `host`, `none`, `container:<id>`. */
  readonly networkMode: string;
  readonly networks: ReadonlyMap<string, { readonly ipv4: string; readonly ipv6: string; readonly mac: string }>;
}

export interface LedgerEntry {
  readonly resource: string;
  readonly generation: number;
  readonly hash: string;
  readonly mark: string;
  /** JSON text of the inputs that were applied, without the connection. */
  readonly intent: string;
  /** Whether it has what the host needs to make the resource again by itself; an older version left that out. */
  readonly restorable: boolean;
}

/** What a host says of its firewall; all but the record only where it was asked for. */
export interface FirewallState {
  /** Its intent is the host's document; `undefined` where it was not asked for. */
  readonly record: (Omit<LedgerEntry, "resource" | "intent"> & { readonly intent: string | undefined }) | undefined;
  /** Whether its record cannot be read any more. */
  readonly damaged: boolean;
  /** The live table, compared with the recorded one; `none`: neither is there. */
  readonly table: "same" | "changed" | "missing" | "none" | undefined;
  /** Whether a unit fills in what only the host knows; `none`: there is nothing, or no systemd to run it. */
  readonly follow: "active" | "inactive" | "none" | undefined;
  /** Whether the second table of a rollout is in force. */
  readonly next: boolean;
  /** Whether the host could not make the new record from the one that it has. */
  readonly unpatched: boolean;
  /** A change that has to be proved. */
  readonly armed: ArmedChange | undefined;
  /** What passes nothing until a program knows it; without an address, the whole bridge. */
  readonly held: readonly HeldPlace[];
  /** The operator's own, where there is one. */
  readonly session: SshSession | undefined;
  /** Lines of conntrack that have a zone; render/conntrack.ts reads them. */
  readonly flows: readonly string[];
  /** Those that have none: of the host itself, and what it passes on. */
  readonly ownFlows: readonly string[];
  /** The table with its counters, as nft's JSON. */
  readonly tableJson: string | undefined;
  /** What its rules have counted. */
  readonly hits: readonly HitCount[] | undefined;
  readonly foreign: ForeignTables | undefined;
  /** Who answered of those that the host was to reach. */
  readonly reached: readonly ReachedAddress[];
  /** By the name that the asker gave: what nft has against a table; `undefined` where nothing. */
  readonly checks: ReadonlyMap<string, string | undefined>;
  /** By nonce: whether that change was still armed, and stays now. */
  readonly disarmed: ReadonlyMap<string, boolean>;
  /** By nonce: whether that change was still armed, and is undone now. */
  readonly rolledBack: ReadonlyMap<string, boolean>;
}

export interface ArmedChange {
  readonly nonce: string;
  /** Seconds since 1970, by the host's clock. */
  readonly deadline: number;
}

/** What all of a host's table with one name has counted, over loads of the table and starts of the host. */
export interface HitCount {
  /** `POLICY/RULE`, `POLICY/default`; without a `/`, what no policy decides: `held`, `invalid`, … */
  readonly name: string;
  /** Whether it was not dropped, but would have been: its policy only watches. */
  readonly watched: boolean;
  readonly packets: number;
  readonly bytes: number;
  /** Seconds since 1970, by the host's clock: since when it is counted. */
  readonly since: number;
  /** Of the last look that found more packets than the one before. */
  readonly last: number | undefined;
}

export interface ReachedAddress {
  readonly address: string;
  /** What it is to the host; `undefined` where the asker named it. */
  readonly kind: "gateway" | "underlay" | undefined;
}

export interface HeldPlace {
  readonly bridge: string;
  readonly address: string | undefined;
}

export interface SshSession {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** What others filter. */
export interface ForeignTables {
  /** As nft lists them, without counters and with priorities as numbers. */
  readonly tables: string;
  /** What `iptables-save` says where the kernel has rules of before nftables. */
  readonly legacy: readonly string[];
}

/** What a host did by itself, without Pulumi. */
export interface HostEvent {
  /** UTC, RFC 3339. */
  readonly time: string;
  readonly kind: "restored" | "repaired" | "rolled-back" | "failed" | "damaged";
  /** The resource's key; `-` for all of them. */
  readonly resource: string;
  /** What was wrong; of `restored`, how many resources were made again. */
  readonly detail: string;
}

/**
 * Whether a host comes back by itself: `systemd`; `none` where systemd does not run it; `read-only` where units cannot
 * be written; `damaged` where what was saved for it is.
 */
export type Persistence = "systemd" | "none" | "read-only" | "damaged";

export interface DockerFacts {
  readonly version: string;
  readonly apiVersion: string;
  /** The CIDRs from which it takes the addresses of networks that were given none. */
  readonly addressPools: readonly string[];
}

export interface HostFacts {
  readonly kernel: string;
  readonly architecture: string;
  readonly os: string;
  readonly hostname: string;
  readonly iproute2: string;
  readonly nftables: string;
  /** `undefined` where no engine answers. */
  readonly docker: DockerFacts | undefined;
  /** What a throw-away namespace could make: bridge, vxlan, veth, macvlan, nftables, nat, nft-bridge. */
  readonly features: ReadonlySet<string>;
  /** The host's address that a VTEP would use, where it could be told. */
  readonly underlayHint: string;
  readonly uid: number;
  readonly persistence: Persistence;
}

/** A port that a process of the host listens on. */
export interface ListenerState {
  readonly protocol: "tcp" | "udp";
  /** `undefined` for every address. */
  readonly address: string | undefined;
  readonly port: number;
}

/** The DNS server of a network on a host, as the host compares it with what it was told. */
export type DnsServerState =
  /** Answers with what the host's files say. */
  | "serving"
  /** Runs, but with other settings or names. */
  | "outdated"
  /** Somebody changed its configuration. */
  | "changed"
  | "stopped"
  /** The host was never told of it. */
  | "missing";

/** What a host has to offer for DNS. */
export interface DnsFacts {
  /** Of unbound; `undefined` where it is not installed. */
  readonly version: string | undefined;
  /** The host's resolvers that a network's server could ask: neither on its loopback nor addresses of its own. */
  readonly resolvers: readonly string[];
  /** Whether Docker's embedded server asks a resolver on the host's loopback, so that it passes us by. */
  readonly loopback: boolean;
}

export interface Snapshot {
  readonly facts: HostFacts | undefined;
  /** The host's own namespace. */
  readonly host: NamespaceState;
  /** Forwarding entries that were set, but for those of `floods`. */
  readonly fdb: readonly FdbEntry[];
  /** VXLAN device → the VTEPs that it floods to, joined by ",": in a large fleet, most of what a host says. */
  readonly floods: ReadonlyMap<string, string>;
  /** Router namespaces by name, and `container:NAME` where one was asked for. */
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly dockerNetworks: readonly DockerNetworkState[];
  readonly containers: ReadonlyMap<string, ContainerState>;
  /** All but the firewall's. */
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  readonly firewall: FirewallState;
  /** Resources whose record cannot be read any more. */
  readonly damaged: ReadonlySet<string>;
  /** Oldest first; only where facts were asked for. */
  readonly events: readonly HostEvent[];
  /** Values that were asked for, by `WHERE KEY`, where `-` is the host. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** VNI of a network with services → what its services' packets miss on their way. Where it was asked for. */
  readonly servicePaths: ReadonlyMap<number, readonly ServicePathState[]>;
  /** `DRIVER VNI` → what is wrong with it. Where it was asked for. */
  readonly balancers: ReadonlyMap<string, readonly BalancerLack[]>;
  /** Peer → bytes of the packet that was sent to it undivided, and of the largest that it answered, if any. */
  readonly paths: ReadonlyMap<string, { readonly sent: number; readonly passed: number | undefined }>;
  /** `CONTAINER NETWORK` → the host's end of its interface there. */
  readonly containerPorts: ReadonlyMap<string, string>;
  /** Where they were asked for. */
  readonly listeners: readonly ListenerState[];
  /** Where it was asked for. */
  readonly dns: DnsFacts | undefined;
  /** Router namespace → its DNS server, where it was asked for. */
  readonly dnsServers: ReadonlyMap<string, DnsServerState>;
  /** Router namespace → entry → its records, where they were asked for. */
  readonly dnsEntries: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** `TOOL IN OUT` → yes, no or unneeded. */
  readonly forwards: ReadonlyMap<string, string>;
}
