/** A host for the real program: a network namespace, and a witness of its state that shares no code with the program. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostProgram } from "../../../provider/src/render/program";
import { openNamespaceTarget } from "../../../provider/src/targets/namespace-target";
import type { RunResult, Target } from "../../../provider/src/targets/target";

const prefix = "sdnt";
const ledgers = "/var/lib/sdn/netns";

export function sh(script: string): string {
  return execFileSync("/bin/sh", ["-ec", script], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export class ProgramHost {
  readonly name: string;
  private readonly target: Target;

  private constructor(use: string) {
    this.name = `${prefix}-${process.pid}-${use}`;
    sh(`
      ip netns add ${this.name}
      ip -n ${this.name} link set lo up
      ip -n ${this.name} link add under0 type veth peer name under1
      ip -n ${this.name} link set under0 up
      ip -n ${this.name} link set under1 up
      ip -n ${this.name} addr add 192.0.2.11/24 dev under0
    `);
    this.target = openNamespaceTarget(this.name);
  }

  /** A fresh one. What a killed run of these tests left behind goes first. */
  static create(use: string): ProgramHost {
    removeLeftovers();
    return new ProgramHost(use);
  }

  /** Another namespace of this test's, which is removed with the host. */
  addNamespace(use: string): string {
    const name = `${this.name}.${use}`;
    sh(`ip netns add ${name}`);
    return name;
  }

  get ledger(): string {
    return `${ledgers}/${this.name}`;
  }

  /** Shell words in the host's namespace. */
  in(script: string): string {
    return execFileSync("nsenter", [`--net=/run/netns/${this.name}`, "/bin/sh", "-c", script], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  run(stdin: string, prologue = "", signal = new AbortController().signal): Promise<RunResult> {
    return this.target.run(`${prologue}${hostProgram}`, stdin, { signal, timeoutMs: 60_000 });
  }

  /**
   * Everything of the host that the program may touch, as text: links, addresses, routes, neighbours, forwarding
   * entries, nftables, DOCKER-USER, sysctls and the ledger, of the host and of every namespace that is its.
   */
  state(): string {
    const spaces = [this.name, ...namespaces().filter((name) => isPartOf(name, this.name))];
    return [...spaces.map((name) => `=== ${name}\n${stateOf(name)}`), `=== ledger\n${this.ledgerText()}`].join("\n");
  }

  private ledgerText(): string {
    if (!existsSync(this.ledger)) return "";
    return sh(`cd ${this.ledger} && find . -type f | sort | xargs -r grep -H . || true`);
  }

  /** Back to what `create` gave. */
  reset(): void {
    this.restart();
    rmSync(this.ledger, { recursive: true, force: true });
    sh(`rm -f /etc/unbound/sdn/*--${this.name}.conf; rmdir /etc/unbound/sdn 2>/dev/null || true`);
  }

  /** As after a power cut: only what is on disk is left. */
  restart(): void {
    for (const name of namespaces().filter((one) => /^sdn-r-/.test(one) && isPartOf(one, this.name))) {
      // Of the processes in it, a power cut leaves nothing either.
      sh(`ip netns pids ${name} | xargs -r kill -KILL; ip netns del ${name}`);
    }
    this.in(`
      nft flush ruleset
      for link in $(ip -o link show | sed -n 's/^[0-9]*: \\([^:@]*\\)[:@].*/\\1/p'); do
        case $link in lo | under0 | under1) ;; *) ip link del dev "$link" 2>/dev/null ;; esac
      done
      sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
    `);
  }

  /** What a bad disk leaves of a record, or an older version of the program. */
  spoilRecord(key: string, how: "damaged" | "old"): void {
    const file = `${this.ledger}/resources/${key}`;
    const text = readFileSync(file, "utf8");
    const lines = text.split("\n");
    writeFileSync(file, how === "old" ? `${lines.slice(0, 4).join("\n")}\n` : text.slice(0, text.length - 20));
  }

  async remove(): Promise<void> {
    await this.target.close();
    this.reset();
    for (const name of namespaces().filter((one) => isPartOf(one, this.name))) sh(`ip netns del ${name}`);
    sh(`ip netns del ${this.name}`);
    removeLedger(this.name);
  }
}

const namespaces = (): readonly string[] => (existsSync("/run/netns") ? readdirSync("/run/netns") : []);

/** Namespaces whose names end in the host's (routers) or begin with it (added ones). */
function isPartOf(name: string, host: string): boolean {
  return name.endsWith(`--${host}`) || name.startsWith(`${host}.`);
}

function removeLedger(name: string): void {
  rmSync(`${ledgers}/${name}`, { recursive: true, force: true });
  for (const folder of [ledgers, "/var/lib/sdn"]) {
    try {
      rmdirSync(folder);
    } catch {
      return; // somebody else's are in it
    }
  }
}

function removeLeftovers(): void {
  for (const name of namespaces()) {
    const [, host, pid] = /(?:^|--)(sdnt-(\d+)-[a-z0-9]+)/.exec(name) ?? [];
    if (host === undefined || existsSync(`/proc/${pid}`)) continue;
    sh(`ip netns del ${name}`);
    removeLedger(host);
  }
}

const sysctls = [
  "net.ipv4.ip_forward",
  "net.ipv6.conf.all.forwarding",
  "net.ipv4.conf.all.arp_ignore",
  "net.ipv4.conf.all.arp_announce",
  "net.ipv4.conf.all.rp_filter",
  "net.ipv4.conf.default.rp_filter",
];

function stateOf(name: string): string {
  return execFileSync("nsenter", [`--net=/run/netns/${name}`, "/bin/sh", "-c", stateScript], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

// Left out: numbers of interfaces, what the kernel makes by itself for link-local IPv6, and what it learns.
const stateScript = `
ip -o link show | sed -E 's/^[0-9]+: ([^:@]+)(@[^:]*)?: <([^>]*)>/\\1 <,\\3,>/; s/<.*,UP,.*>/up/; s/<.*>/down/; s/ (qdisc|state|mode|group|qlen|link-netns|link-netnsid) [^ \\\\]*//g; s/ promiscuity.*//' | sort
ip -d -o link show type vxlan | sed -nE 's/^[0-9]+: ([^:@]+).*(vxlan id.* dstport [0-9]+).*/\\1 \\2/p'
ip -o addr show | sed -E 's/^[0-9]+: //; s/valid_lft.*//' | grep -v 'inet6 fe80' | sort
ip -4 route show table all | sed -E 's/ (linkdown|dead)//g' | sort
ip -6 route show table all | grep -vE 'fe80|ff00::' | sort
ip neigh show nud permanent | sort
bridge fdb show | grep -E 'static|sticky|dst ' | sort
nft list ruleset 2>/dev/null
for tool in iptables ip6tables; do $tool -S DOCKER-USER 2>/dev/null; done
sysctl ${sysctls.join(" ")} 2>/dev/null
true
`;
