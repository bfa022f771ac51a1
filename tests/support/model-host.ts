/**
 * A host as a pure model: it reads the same instructions as the program on real hosts, keeps its state in memory and
 * gives the same report. The contract in tests/contract/program holds it to what the program does; with it the layers
 * above run at once and without root.
 */
import { encodeText } from "../../provider/src/render/words";
import type { Script } from "../../provider/src/targets/fake-target";
import { makeAgain } from "./model-host/again";
import { settleServers } from "./model-host/dns";
import {
  disarmLines,
  firewallAnswer,
  firewallKey,
  forgetFirewall,
  isPassing,
  rollBackOverdue,
} from "./model-host/firewall";
import { countPackets } from "./model-host/firewall-hits";
import { operations, Refusal, removeLink } from "./model-host/operations";
import { queryLines, reportLines } from "./model-host/report";
import type { ModelContainer, ModelLink, ModelState, ModelTable } from "./model-host/state";
import { copyOf, emptyNamespace, emptyState, link } from "./model-host/state";

export interface ModelOptions {
  readonly address?: string;
  readonly mtu?: number;
  readonly hostname?: string;
  readonly docker?: boolean;
  /** Facts that differ from a host that has everything. */
  readonly facts?: Readonly<Record<string, string>>;
}

interface Fragment {
  readonly key: string;
  readonly mark: string;
  readonly hash: string;
  readonly generation: number;
  readonly before: ModelState;
  readonly isNew: boolean;
  readonly words: string[];
  failed: boolean;
}

export class ModelHost {
  private state = emptyState();
  private fragment: Fragment | undefined;
  private scope = "-";
  private lines: string[] = [];
  private firewallTold = false;

  constructor(private readonly options: ModelOptions = {}) {
    const { address = "192.0.2.11", mtu = 1500 } = options;
    this.setLink("ens3", { kind: "", mtu, up: true, addresses: [`${address}/${address.includes(":") ? 64 : 24}`] });
  }

  /** What a `FakeTarget` runs. */
  readonly script: Script = (_program, stdin) => ({ exitCode: 0, stdout: this.run(stdin), stderr: "" });

  run(stdin: string): string {
    this.lines = [];
    this.firewallTold = false;
    const instructions = stdin.trimEnd().split("\n");
    if (instructions.at(-1) !== "done") {
      return `fatal ${encodeText("the instructions ended early; nothing was changed")}\n`;
    }
    for (const line of instructions.slice(0, -1)) this.perform(line.split(" "));
    settleServers(this.state);
    return [...this.lines, "complete", ""].join("\n");
  }

  // ---- what a test does to the host behind the provider's back ----

  setLink(name: string, properties: Partial<ModelLink>, where = "-"): void {
    const space = this.state.namespaces.get(where) ?? emptyNamespace();
    this.state.namespaces.set(where, space);
    space.links.set(name, link({ ...space.links.get(name), ...properties }));
  }

  removeLink(name: string, where = "-"): void {
    removeLink(this.state, where, name);
  }

  /** An engine that filters by iptables, as old ones do. */
  addDockerUser(): void {
    for (const tool of ["iptables", "ip6tables"]) this.state.docker.accepts.set(tool, new Set());
  }

  /** Floods to exactly these VTEPs. */
  setFlood(device: string, peers: readonly string[]): void {
    const prefix = `${device} 00:00:00:00:00:00 `;
    for (const key of [...this.state.fdb.keys()]) if (key.startsWith(prefix)) this.state.fdb.delete(key);
    for (const peer of peers) this.state.fdb.set(prefix + peer, { sticky: false });
  }

  sysctl(key: string): string {
    return this.state.namespaces.get("-")?.sysctls.get(key) ?? "0";
  }

  setSysctl(key: string, value: string): void {
    this.state.namespaces.get("-")?.sysctls.set(key, value);
  }

  addNamespace(name: string): void {
    this.state.namespaces.set(name, emptyNamespace());
  }

  setContainer(name: string, properties: Partial<ModelContainer> = {}): void {
    const container = { running: true, networkMode: "default", networks: new Map<string, never>(), ...properties };
    this.state.docker.containers.set(name, container);
    if (container.running) this.addNamespace(`container:${name}`);
  }

  setDockerNetwork(name: string, subnets: readonly string[], mark = ""): void {
    this.state.docker.networks.set(name, { mark, shape: "", bridge: `br-${name}`, subnets });
  }

  setPath(peer: string, largest: number): void {
    this.state.paths.set(peer, largest);
  }

  setLedger(key: string, entry: { generation: number; hash: string; mark: string; intent: string }): void {
    this.state.ledger.set(key, { ...entry, intent: encodeText(entry.intent), words: [], record: "whole" });
  }

  addRoute(destination: string, device: string, where = "-"): void {
    this.state.namespaces.get(where)?.routes.set(destination, { device, via: undefined });
  }

  removeRoute(destination: string, where = "-"): void {
    this.state.namespaces.get(where)?.routes.delete(destination);
  }

  /** The tables themselves: what is done to them is done behind the provider's back. */
  tablesOf(where: string): ReadonlyMap<string, ModelTable> {
    return this.state.namespaces.get(where)?.tables ?? new Map<string, ModelTable>();
  }

  /** `tcp 0.0.0.0:22`: a process of the host listens there. */
  addListener(protocol: "tcp" | "udp", local: string): void {
    const state = protocol === "tcp" ? "LISTEN" : "UNCONN";
    this.state.listeners.push(`${protocol}   ${state} 0      128          ${local}      0.0.0.0:*`);
  }

  /** Everything but what was written down goes, as with a power cut. */
  reboot(): void {
    const { ledger, docker, events, savedSysctls, firewall, dns, dnsVersion } = this.state;
    for (const one of dns.values()) one.running = undefined;
    firewall.tables.clear();
    const nic = this.state.namespaces.get("-")?.links.get("ens3");
    this.state = { ...emptyState(), ledger, docker, events, savedSysctls, firewall, dns, dnsVersion };
    this.setLink("ens3", nic ?? {});
  }

  /** What a bad disk leaves of a record, or an older version of the program. */
  spoilRecord(key: string, record: "damaged" | "old"): void {
    const entry = this.state.ledger.get(key);
    if (entry !== undefined) entry.record = record;
  }

  /** The host's clock goes on; what is armed is rolled back by its timer. */
  passTime(seconds: number): void {
    this.state.firewall.clock += seconds;
    rollBackOverdue(this.state);
  }

  /** Where the operator comes from, as sshd says it: client, its port, server, its port. */
  setSession(words: string): void {
    this.state.firewall.session = words;
  }

  /** Lines of conntrack that have a zone. */
  setFlows(lines: readonly string[]): void {
    this.state.firewall.flows = lines;
  }

  /** UDP packets that the host sends to a port of its own. */
  countPackets(port: number, packets: number): void {
    countPackets(this.state.firewall, port, packets);
  }

  /** Somebody else's tables, as nft's JSON. */
  setForeignTables(tables: readonly string[]): void {
    this.state.firewall.foreign = tables;
  }

  addEvent(kind: string, resource: string, detail: string): void {
    this.state.events.push({ kind, resource, detail });
  }

  hasLink(name: string, where = "-"): boolean {
    return this.state.namespaces.get(where)?.links.has(name) === true;
  }

  hasNamespace(name: string): boolean {
    return this.state.namespaces.has(name);
  }

  get ledgerKeys(): readonly string[] {
    return [...this.state.ledger.keys()];
  }

  /** All of it, to be compared. */
  get contents(): ModelState {
    return copyOf(this.state);
  }

  /** Back to what `contents` was once. */
  become(state: ModelState): void {
    this.state = copyOf(state);
  }

  /** Anything else that somebody does to it. */
  change(what: (state: ModelState) => void): void {
    what(this.state);
  }

  /** How it comes back by itself. */
  persistence = "systemd";

  /** While it is full, nothing can be written down. */
  diskFull = false;

  // ---- the program ----

  private perform([operation = "", ...words]: readonly string[]): void {
    if (operation.startsWith("query_")) {
      this.lines.push(...queryLines(this.state, operation, words));
      if (operation === "query_firewall" || operation === "query_firewall_hits") this.firewallTold = true;
      return;
    }
    switch (operation) {
      case "scope":
        this.scope = words[0] ?? "-";
        this.state.firewall.canFollow = this.scope === "-" && this.persistence === "systemd";
        return;
      case "lock":
        rollBackOverdue(this.state);
        return;
      case "firewall_disarm":
        rollBackOverdue(this.state);
        this.lines.push(...disarmLines(this.state, words[0] ?? "", words.slice(1)));
        this.restore();
        return;
      case "firewall_rollback":
        rollBackOverdue(this.state);
        this.lines.push(firewallAnswer(this.state, operation, words[0] ?? "", ""));
        this.restore();
        return;
      case "firewall_check":
        this.lines.push(firewallAnswer(this.state, operation, words[0] ?? "", words[1] ?? ""));
        return;
      case "keep":
        if (this.persistence === "damaged") this.persistence = "systemd";
        return;
      case "again":
        makeAgain(this.state, words[0] === "restore");
        return;
      case "facts":
        this.lines.push(...this.facts(), ...this.eventLines());
        return;
      case "report":
        this.lines.push(...reportLines(this.state, (name) => this.isOurs(name), this.firewallTold));
        return;
      case "restore":
        this.restore();
        return;
      case "begin":
        this.begin(words);
        return;
      case "end":
      case "forget":
        this.end(words[0]);
        return;
      case "unrecorded":
        this.leave();
        return;
      default:
        this.step(operation, words);
    }
  }

  private begin([key = "", expected = "-", mark = "", hash = ""]: readonly string[]): void {
    const entry = this.state.ledger.get(key);
    const generation = entry?.generation ?? 0;
    const before = copyOf(this.state);
    const isNew = entry === undefined || entry.record === "damaged" || entry.hash !== hash;
    this.fragment = { key, mark, hash, generation, before, isNew, words: [], failed: false };
    if (entry?.record === "damaged") {
      // What is left of it tells nothing.
      this.fragment = { ...this.fragment, generation: expected === "-" ? 0 : Number(expected) };
    } else if (entry !== undefined && entry.mark !== mark) {
      this.fail(new Refusal("conflict", `${key} belongs to another owner: ${entry.mark}`));
    } else if (entry !== undefined && expected !== "-" && Number(expected) !== generation && entry.hash !== hash) {
      const text = `${key} has generation ${generation} on the host, this state was written for ${expected}`;
      this.fail(new Refusal("stale", text));
    } else if (entry !== undefined && entry.hash !== hash && key !== firewallKey)
      this.lines.push(`previous ${key} ${entry.intent}`);
  }

  private step(operation: string, words: readonly string[]): void {
    const { fragment } = this;
    const perform = operations[operation];
    if (perform === undefined || fragment === undefined) throw new Error(`the program knows no ${operation} here`);
    if (fragment.failed) return;
    if (!operation.startsWith("remove_") && !isPassing(operation)) fragment.words.push([operation, ...words].join(" "));
    const warn = (message: string): void => {
      this.lines.push(`warning ${fragment.key} ${encodeText(message)}`);
    };
    try {
      const say = (line: string): void => void this.lines.push(line);
      const { isNew, hash } = fragment;
      perform({ state: this.state, key: fragment.key, warn, say, isNew, hash, diskFull: this.diskFull }, ...words);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      this.fail(thrown);
    }
  }

  private fail(refusal: Refusal): void {
    const { fragment } = this;
    if (fragment === undefined) throw refusal;
    fragment.failed = true;
    this.state = fragment.before;
    this.lines.push(`result ${fragment.key} ${refusal.code} ${encodeText(refusal.message)}`);
  }

  private leave(): void {
    const { fragment } = this;
    this.fragment = undefined;
    if (fragment?.failed === false) this.lines.push(`result ${fragment.key} ok ${fragment.generation}`);
  }

  private end(intent: string | undefined): void {
    const { fragment } = this;
    this.fragment = undefined;
    if (fragment === undefined || fragment.failed) return;
    const { key, hash, mark } = fragment;
    if (intent !== undefined && this.diskFull) {
      this.fragment = fragment;
      this.fail(new Refusal("remote-failure", `/var/lib/sdn/resources/${key} cannot be written (disk full?)`));
      this.fragment = undefined;
      return;
    }
    if (intent === undefined) {
      this.state.ledger.delete(key);
      this.lines.push(`result ${key} ok 0`);
      return;
    }
    const { patched } = this.state.firewall;
    const kept = intent === "=" ? (patched?.document ?? "") : intent;
    const words = fragment.words.map((line) =>
      line === "firewall_table =" ? `firewall_table ${patched?.table ?? ""}` : line,
    );
    this.state.firewall.patched = undefined;
    const known = this.state.ledger.get(key);
    const same = known?.hash === hash && known.record !== "damaged";
    const generation = same ? fragment.generation : fragment.generation + 1;
    this.state.ledger.set(key, { generation, hash, mark, intent: kept, words, record: "whole" });
    this.lines.push(`result ${key} ok ${generation}`);
  }

  private restore(): void {
    if (this.state.ledger.size > 0 || this.state.firewall.armed !== undefined) return;
    forgetFirewall(this.state);
    this.state.events.length = 0;
    const host = this.state.namespaces.get("-");
    host?.tables.clear();
    for (const [key, value] of this.state.savedSysctls) host?.sysctls.set(key, value);
    this.state.savedSysctls.clear();
  }

  private isOurs(namespace: string): boolean {
    if (!namespace.startsWith("sdn-r-")) return false;
    return this.scope === "-" ? !namespace.includes("--") : namespace.endsWith(`--${this.scope}`);
  }

  private eventLines(): readonly string[] {
    return this.state.events.map(
      ({ kind, resource, detail }, index) =>
        `event 2026-01-01T00:00:${String(index).padStart(2, "0")}Z ${kind} ${resource} ${encodeText(detail)}`,
    );
  }

  private facts(): readonly string[] {
    const { address = "192.0.2.11", hostname = "h1", docker = true, facts = {} } = this.options;
    const all: Readonly<Record<string, string>> = {
      kernel: "6.1.0",
      architecture: "x86_64",
      os: "Debian GNU/Linux 12 (bookworm)",
      hostname,
      iproute2: "6.1.0",
      nftables: "1.0.6",
      docker: docker ? "20.10.24 1.41" : "",
      "docker-pools": docker ? "null" : "",
      features: "bridge vxlan veth macvlan nftables nat nft-bridge ",
      underlay: address,
      uid: "0",
      persistence: this.persistence,
      ...facts,
    };
    const text = Object.entries(all).map(([name, value]) => `${name} ${value}\n`);
    return [`section facts - ${encodeText(text.join(""))}`];
  }
}
