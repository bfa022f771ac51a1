/** A host as a network namespace with a bridge, and two endpoints behind it: one sends, the other answers. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Command } from "./contenders";
import { bridge, destination, ports, source } from "./policy";

const agent = join(__dirname, "traffic.py");

export class Wire {
  private readonly tag = `sdnfb${randomBytes(3).toString("hex")}`;
  private readonly host = `${this.tag}-h`;
  private readonly sides = [
    { space: `${this.tag}-s`, link: "s0", address: source },
    { space: `${this.tag}-d`, link: "d0", address: destination },
  ] as const;
  private server: ChildProcess | undefined;

  static async start(): Promise<Wire> {
    const wire = new Wire();
    try {
      execFileSync("sh", ["-ec", wire.script().join("\n")], { stdio: ["ignore", "ignore", "inherit"] });
      await wire.serve();
    } catch (error) {
      await wire.remove();
      throw error;
    }
    return wire;
  }

  private script(): readonly string[] {
    return [
      `ip netns add ${this.host}`,
      `ip -n ${this.host} link add ${bridge} type bridge mcast_snooping 0`,
      `ip -n ${this.host} link set ${bridge} up`,
      // Seen by all that filter IP; a connection begins with a SYN.
      `ip netns exec ${this.host} sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.netfilter.nf_conntrack_tcp_loose=0`,
      ...this.sides.flatMap(({ space, link, address }) => [
        `ip netns add ${space}`,
        `ip -n ${this.host} link add ${link} type veth peer name eth0 netns ${space}`,
        `ip -n ${this.host} link set ${link} master ${bridge} up`,
        `ip -n ${space} addr add ${address}/24 dev eth0`,
        `ip -n ${space} link set eth0 up`,
      ]),
    ];
  }

  private serve(): Promise<void> {
    const words = [destination, ports.count, ports.flow, ports.closed].map(String);
    const args = ["netns", "exec", this.sides[1].space, "python3", agent, "serve", ...words];
    const server = spawn("ip", args, { stdio: ["pipe", "pipe", "inherit"] });
    this.server = server;
    return new Promise((resolve, reject) => {
      server.stdout.once("data", () => resolve());
      server.once("exit", () => reject(new Error("the bench's server ended before it was ready")));
    });
  }

  inHost(command: Command): string {
    return execFileSync("ip", this.hostWords(command), {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** For those who start `ip` with them on their own. */
  hostWords(command: Command): readonly string[] {
    return ["netns", "exec", this.host, ...command];
  }

  /** Forgets all flows. */
  forget(): void {
    this.inHost(["conntrack", "-F"]);
  }

  private send(...words: readonly (string | number)[]): number {
    const [what = "", ...rest] = words.map(String);
    const args = ["netns", "exec", this.sides[0].space, "python3", agent, what, destination, ...rest];
    return Number(execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
  }

  /** A second. */
  connects(count: number): number {
    return this.send("connects", ports.count, count, longest);
  }

  /** New UDP flows a second. */
  datagrams(count: number): number {
    return this.send("datagrams", ports.count, count, longest);
  }

  /** Bytes a second of one flow. */
  stream(seconds: number): number {
    return this.send("stream", ports.flow, seconds.toFixed(2));
  }

  reaches(port: number): boolean {
    return this.send("reaches", port) === 1;
  }

  async remove(): Promise<void> {
    const { server } = this;
    if (server?.exitCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.stdin?.end();
      await ended;
    }
    for (const space of [this.host, ...this.sides.map((side) => side.space)]) {
      execFileSync("sh", ["-c", `! ip netns pids ${space} >/dev/null 2>&1 || ip netns del ${space}`]);
    }
  }
}

/** Seconds after which whoever is slow may stop counting. */
const longest = "2.0";
