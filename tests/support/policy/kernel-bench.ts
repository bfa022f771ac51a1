/**
 * A host as a network namespace: bridges of two networks with the same addresses, endpoints behind them, and the red
 * network's router between its two. Beside them somebody outside, and a container of which the host publishes port 80
 * as 8080, as an engine would.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Flow } from "../../../provider/src/compile/firewall/flows";
import type { NftCommand } from "../../../provider/src/compile/nft/program";
import { type Family, formatAddress, parseAddress } from "../../../provider/src/model/address";
import type { PlacedEndpoint } from "../../../provider/src/policy/world";
import { parseFlows } from "../../../provider/src/render/conntrack";
import { segments } from "./arbitraries";
import { ProbeAgents, type ProbeResult, type ProbeWords } from "./probe-agents";

export const ports = [80, 81, 443] as const;

/** `e3` is at home on another host: its side is not judged here. */
export const endpoints: readonly PlacedEndpoint[] = [
  place("e1", "red-a", "h1", { app: "web", env: "prod" }, 1),
  place("e2", "red-a", "h1", { app: "db", env: "prod" }, 2),
  place("e3", "red-a", "h2", { app: "web" }, 5),
  place("e4", "blue-a", "h1", { app: "db" }, 1),
  place("e5", "red-b", "h1", { app: "web", env: "test" }, 1),
  place("e6", "blue-a", "h1", { app: "web", env: "test" }, 2),
];

function place(
  name: string,
  segment: string,
  host: string,
  labels: Readonly<Record<string, string>>,
  number: number,
): PlacedEndpoint {
  const addresses = (segments.find((one) => one.name === segment)?.cidrs ?? []).map(({ family, base }) => ({
    family,
    value: base + BigInt(number),
  }));
  return { name, segment, host, labels, addresses };
}

/** The host, somebody outside with an address elsewhere, and a container of an engine: on no segment. */
export const [theHost, outsider, stranger, container] = [
  beside("h", "192.0.2.1", "2001:db8::1"),
  beside("x", "192.0.2.9", "2001:db8::9"),
  beside("x", "203.0.113.7", "2001:db8::7"),
  beside("c", "172.17.0.2", "fd00:17::2"),
] as const;
export const publishedPort = 8080;

function beside(name: string, ...addresses: readonly string[]): PlacedEndpoint {
  return { name, segment: "", host: "h1", labels: {}, addresses: addresses.map((one) => parseAddress(one, "test")) };
}

export const addressOf = (endpoint: PlacedEndpoint, family: Family): string =>
  formatAddress(endpoint.addresses.find((address) => address.family === family) ?? parseAddress("0.0.0.0", "test"));

export interface Pair {
  readonly source: PlacedEndpoint;
  readonly destination: PlacedEndpoint;
  readonly family: Family;
}

/** Of the host and those outside, in both directions. */
export const outsidePairs: readonly Pair[] = ([4, 6] as const).flatMap((family) => [
  { source: outsider, destination: theHost, family },
  { source: stranger, destination: theHost, family },
  { source: theHost, destination: outsider, family },
  { source: theHost, destination: stranger, family },
]);

export interface Probe extends Pair {
  readonly do: "tcp" | "udp" | "ping";
  readonly port: number;
  /** Default: one that no other probe has, so that no two are one flow. */
  readonly localPort?: number;
}

function wordsOf({ do: what, source, destination, family, port, localPort }: Probe): ProbeWords {
  const ends = { from: addressOf(source, family), to: addressOf(destination, family) };
  return { do: what, ...ends, port, ...(localPort === undefined ? {} : { localPort }) };
}

export class KernelBench {
  private readonly tag = `sdnfw${randomBytes(3).toString("hex")}`;
  private readonly host = `${this.tag}-h`;
  private readonly agents = new ProbeAgents();

  static async start(): Promise<KernelBench> {
    const bench = new KernelBench();
    execFileSync("sh", ["-ec", bench.script().join("\n")], { stdio: ["ignore", "ignore", "inherit"] });
    await Promise.all(
      [...endpoints, theHost, outsider, container].map(({ name }) => bench.agents.start(`${bench.tag}-${name}`, ports)),
    );
    return bench;
  }

  private script(): readonly string[] {
    const settings = [
      "net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1 net.netfilter.nf_conntrack_tcp_loose=0",
      // Else of many rejected packets only some are answered.
      "net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0",
    ].join(" ");
    return [
      `ip netns add ${this.host}`,
      `ip -n ${this.host} link set lo up`,
      `ip netns exec ${this.host} sysctl -qw ${settings}`,
      // Without a route to wherever, the kernel sends no resets into bridges.
      ...this.outsideScript(),
      `ip -n ${this.host} addr add 192.0.2.1/24 dev under0`,
      `ip -n ${this.host} addr add 2001:db8::1/64 dev under0 nodad`,
      `ip -n ${this.host} route add default via 192.0.2.254`,
      `ip -n ${this.host} route add default via 2001:db8::fe`,
      ...segments.flatMap(({ bridge }) => [
        `ip -n ${this.host} link add ${bridge} type bridge mcast_snooping 0`,
        `ip -n ${this.host} link set ${bridge} up`,
      ]),
      ...this.containerScript(),
      ...this.routerScript(),
      ...endpoints.flatMap((endpoint) => this.endpointScript(endpoint)),
    ];
  }

  private outsideScript(): readonly string[] {
    const x = `${this.tag}-x`;
    return [
      ...this.space("x"),
      `ip -n ${this.host} link add under0 type veth peer name under1 netns ${x}`,
      `ip -n ${this.host} link set under0 up`,
      `ip -n ${x} link set under1 up`,
      ...[outsider, stranger].flatMap((one) => [
        `ip -n ${x} addr add ${addressOf(one, 4)}/24 dev under1`,
        `ip -n ${x} addr add ${addressOf(one, 6)}/64 dev under1 nodad`,
      ]),
      `ip -n ${this.host} route add 203.0.113.0/24 dev under0`,
    ];
  }

  private containerScript(): readonly string[] {
    const c = `${this.tag}-c`;
    const published = (family: "ip" | "ip6", to: string): string =>
      `meta nfproto ${family === "ip" ? "ipv4" : "ipv6"} meta l4proto { tcp, udp } th dport ${publishedPort} dnat ${family} to ${to}:80`;
    return [
      ...this.space("c"),
      `ip netns exec ${this.host} sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`,
      `ip -n ${this.host} link add docker0 type bridge`,
      `ip -n ${this.host} addr add 172.17.0.1/24 dev docker0`,
      `ip -n ${this.host} addr add fd00:17::1/64 dev docker0 nodad`,
      `ip -n ${this.host} link set docker0 up`,
      `ip -n ${this.host} link add c0 type veth peer name eth0 netns ${c}`,
      `ip -n ${this.host} link set c0 master docker0 up`,
      `ip -n ${c} link set eth0 up`,
      `ip -n ${c} addr add 172.17.0.2/24 dev eth0`,
      `ip -n ${c} addr add fd00:17::2/64 dev eth0 nodad`,
      `ip -n ${c} route add default via 172.17.0.1`,
      `ip -n ${c} route add default via fd00:17::1`,
      `ip netns exec ${this.host} nft 'table inet engine { chain publish { type nat hook prerouting priority dstnat; ${published("ip", addressOf(container, 4))}; ${published("ip6", `[${addressOf(container, 6)}]`)}; }; }'`,
    ];
  }

  private space(name: string): readonly string[] {
    const settings = "net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0";
    return [
      `ip netns add ${this.tag}-${name}`,
      `ip netns exec ${this.tag}-${name} sysctl -qw ${settings}`,
      `ip -n ${this.tag}-${name} link set lo up`,
    ];
  }

  private plug(name: string, link: string, segment: string, number: number): readonly string[] {
    const { bridge, cidrs } = segments.find((one) => one.name === segment) ?? { bridge: "", cidrs: [] };
    const space = `${this.tag}-${name}`;
    return [
      `ip -n ${this.host} link add ${name}-${link} type veth peer name ${link} netns ${space}`,
      `ip -n ${this.host} link set ${name}-${link} master ${bridge} up`,
      `ip -n ${space} link set ${link} up`,
      ...cidrs.map(({ family, base, prefixLength }) => {
        const address = formatAddress({ family, value: base + BigInt(number) });
        return `ip -n ${space} addr add ${address}/${prefixLength} dev ${link}${family === 6 ? " nodad" : ""}`;
      }),
    ];
  }

  private routerScript(): readonly string[] {
    return [
      ...this.space("r"),
      `ip netns exec ${this.tag}-r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`,
      ...this.plug("r", "leg-a", "red-a", 6),
      ...this.plug("r", "leg-b", "red-b", 6),
    ];
  }

  private endpointScript({ name, segment, addresses }: PlacedEndpoint): readonly string[] {
    const number = Number((addresses[0]?.value ?? 0n) & 7n);
    const gateways = segment.startsWith("red")
      ? (segments.find((one) => one.name === segment)?.cidrs ?? []).map(({ family, base }) =>
          formatAddress({ family, value: base + 6n }),
        )
      : [];
    return [
      ...this.space(name),
      ...this.plug(name, "eth0", segment, number),
      ...gateways.map((gateway) => `ip -n ${this.tag}-${name} route add default via ${gateway}`),
    ];
  }

  probe(probe: Probe): Promise<ProbeResult> {
    return this.agents.probe(`${this.tag}-${probe.source.name}`, wordsOf(probe));
  }

  /** Opens a connection that stays; gives a function that tries it. */
  open(probe: Probe): ReturnType<ProbeAgents["open"]> {
    return this.agents.open(`${this.tag}-${probe.source.name}`, wordsOf(probe));
  }

  nft(commands: readonly NftCommand[]): void {
    const input = JSON.stringify({ nftables: commands });
    // By a pipe of the shell's: nft opens /dev/stdin by name, which a socket refuses.
    execFileSync("sh", ["-c", `cat | ip netns exec ${this.host} nft -j -f -`], {
      input,
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  list(table: string): readonly Readonly<Record<string, unknown>>[] {
    const text = this.inHost("nft", "-j", "list", "table", "inet", table);
    return (JSON.parse(text) as { nftables: readonly Readonly<Record<string, unknown>>[] }).nftables;
  }

  /** What conntrack has, in both families. */
  flows(): readonly Flow[] {
    const lines = ["ipv4", "ipv6"].flatMap((family) => this.inHost("conntrack", "-L", "-f", family).split("\n"));
    return parseFlows(lines);
  }

  /** Forgets all flows. */
  forget(): void {
    this.inHost("conntrack", "-F");
  }

  private inHost(...command: readonly string[]): string {
    return execFileSync("ip", ["netns", "exec", this.host, ...command], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Neighbours know each other, so that no probe waits for an answer about that. */
  async warmUp(): Promise<void> {
    const known = [
      ...this.pairs(),
      ...outsidePairs,
      ...outsidePairs.map((pair) => ({ ...pair, destination: container })),
    ];
    await Promise.all(known.map((pair) => this.probe({ ...pair, do: "ping", port: 0 })));
  }

  /** All pairs within a network, in both families. */
  pairs(): readonly Pair[] {
    const network = (endpoint: PlacedEndpoint): string => endpoint.segment.replace(/-.*/, "");
    return endpoints.flatMap((source) =>
      endpoints
        .filter((destination) => destination !== source && network(destination) === network(source))
        .flatMap((destination) => ([4, 6] as const).map((family) => ({ source, destination, family }))),
    );
  }

  async stop(): Promise<void> {
    await this.agents.stop();
    for (const name of ["h", "r", "x", "c", ...endpoints.map((endpoint) => endpoint.name)]) {
      execFileSync("ip", ["netns", "del", `${this.tag}-${name}`]);
    }
  }
}
