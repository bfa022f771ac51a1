import { balancerLacks } from "../model/snapshot";
import type {
  BalancerLack,
  ContainerState,
  DockerNetworkState,
  HostEvent,
  HostFacts,
  LedgerEntry,
  ListenerState,
  NamespaceState,
  Persistence,
  ServicePathState,
  Snapshot,
} from "../model/snapshot";
import { parseAddressPools, parseContainer, parseDockerNetworks } from "./docker-json";
import { FirewallBuilder } from "./firewall-builder";
import { parseForwarding, parseLinks, parseNeighbours, parseRoutes, parseRules } from "./iproute-json";
import { DnsBuilder } from "./dns-builder";
import { parseListeners } from "./listeners";
import { parseTables } from "./nft-json";
import { recordedIntent } from "./recorded-intent";
import { decodeText } from "./words";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type NamespaceDraft = Mutable<NamespaceState>;

const emptyNamespace = (): NamespaceDraft => ({
  links: new Map(),
  routes: [],
  rules: [],
  neighbours: [],
  tables: new Map(),
});

const jsonLine = /^json (\S+) (\S+) /;

/** Collects the lines of a report into a snapshot. Lines that it does not know are passed over. */
export class SnapshotBuilder {
  private readonly facts = new Map<string, string>();
  private readonly host = emptyNamespace();
  private readonly namespaces = new Map<string, NamespaceDraft>();
  private readonly containers = new Map<string, ContainerState>();
  private readonly ledger = new Map<string, LedgerEntry>();
  private readonly damaged = new Set<string>();
  private readonly events: HostEvent[] = [];
  private readonly sysctls = new Map<string, string>();
  private readonly forwards = new Map<string, string>();
  private readonly paths = new Map<string, { sent: number; passed: number | undefined }>();
  private readonly servicePaths = new Map<number, ServicePathState[]>();
  private readonly balancers = new Map<string, readonly BalancerLack[]>();
  private readonly containerPorts = new Map<string, string>();
  private readonly firewall = new FirewallBuilder();
  private readonly names = new DnsBuilder();
  private listeners: readonly ListenerState[] = [];
  private forwarding: Pick<Snapshot, "fdb" | "floods"> = { fdb: [], floods: new Map() };
  private dockerNetworks: readonly DockerNetworkState[] = [];

  /** A line whose last part is JSON, blanks and all; whether it was one. */
  takeJson(line: string): boolean {
    const [, title = "", where = ""] = jsonLine.exec(line) ?? [];
    if (title === "") return false;
    const text = line.slice("json  ".length + title.length + where.length).trim();
    if (text !== "") this.section(title, where, text);
    return true;
  }

  take(kind: string, words: readonly string[]): void {
    const [first = "", second = "", third = "", fourth = ""] = words;
    if (this.firewall.take(kind, words) || this.names.take(kind, words)) return;
    if (kind === "ledger") this.record(first, words);
    else if (kind === "damaged") this.damaged.add(first);
    else if (kind === "event" && isEventKind(second)) {
      this.events.push({ time: first, kind: second, resource: third, detail: decodeText(fourth) });
    } else if (kind === "sysctl") this.sysctls.set(`${first} ${second}`, third);
    else if (kind === "forward") this.forwards.set(`${first} ${second} ${third}`, fourth);
    else if (kind === "path") {
      this.paths.set(first, { sent: Number(second), passed: third === "-" ? undefined : Number(third) });
    } else if (kind === "service-path") {
      const paths = this.servicePaths.get(Number(first)) ?? [];
      this.servicePaths.set(Number(first), [...paths, { place: second, lacks: third.split(",") }]);
    } else if (kind === "balancer") {
      this.balancers.set(
        `${first} ${second}`,
        balancerLacks.filter((lack) => third.split(",").includes(lack)),
      );
    } else if (kind === "port") this.containerPorts.set(`${first} ${second}`, third);
    else if (kind === "section" && third !== "") this.section(first, second, decodeText(third));
  }

  private record(resource: string, words: readonly string[]): void {
    const entry = ledgerEntry(words);
    if (entry === undefined) this.damaged.add(resource);
    else this.ledger.set(resource, entry);
  }

  private section(title: string, where: string, text: string): void {
    switch (title) {
      case "facts":
        for (const [, name = "", value = ""] of text.matchAll(/^(\S+) (.*)$/gm)) this.facts.set(name, value.trim());
        return;
      case "fdb":
        this.forwarding = parseForwarding(text);
        return;
      case "listeners":
        this.listeners = parseListeners(text);
        return;
      case "docker-networks":
        this.dockerNetworks = parseDockerNetworks(text);
        return;
      case "container": {
        const container = parseContainer(text);
        if (container !== undefined) this.containers.set(where.replace(/^container:/, ""), container);
        return;
      }
      case "table4":
      case "table6":
        this.tableSection(title === "table4" ? 4 : 6, where, text);
        return;
      default:
        this.namespaceSection(title, this.draft(where), text);
    }
  }

  private namespaceSection(title: string, draft: NamespaceDraft, text: string): void {
    switch (title) {
      case "addresses":
        // Of a namespace that is not ours, each endpoint in it asks for its own interface.
        draft.links = new Map([...draft.links, ...parseLinks(text)]);
        return;
      case "routes4":
      case "routes6":
        draft.routes = [...draft.routes, ...parseRoutes(text, title === "routes4" ? 4 : 6)];
        return;
      case "rules4":
      case "rules6":
        draft.rules = [...draft.rules, ...parseRules(text, title === "rules4" ? 4 : 6)];
        return;
      case "neighbours":
        draft.neighbours = parseNeighbours(text);
        return;
      case "nft":
      case "nft-bridge":
        draft.tables = new Map([...draft.tables, ...parseTables(text)]);
    }
  }

  /** `NAMESPACE/TABLE`: a routing table of its own. */
  private tableSection(family: 4 | 6, place: string, text: string): void {
    const [where = "", table = ""] = place.split("/");
    const draft = this.draft(where);
    draft.routes = [...draft.routes, ...parseRoutes(text, family, Number(table))];
  }

  private draft(where: string): NamespaceDraft {
    if (where === "-") return this.host;
    const draft = this.namespaces.get(where) ?? emptyNamespace();
    this.namespaces.set(where, draft);
    return draft;
  }

  build(): Snapshot {
    return {
      facts: this.facts.size === 0 ? undefined : hostFacts(this.facts),
      host: this.host,
      ...this.forwarding,
      namespaces: this.namespaces,
      dockerNetworks: this.dockerNetworks,
      containers: this.containers,
      ledger: this.ledger,
      damaged: this.damaged,
      firewall: this.firewall.build(),
      ...this.names.build(),
      events: this.events,
      sysctls: this.sysctls,
      forwards: this.forwards,
      containerPorts: this.containerPorts,
      listeners: this.listeners,
      servicePaths: this.servicePaths,
      balancers: this.balancers,
      paths: this.paths,
    };
  }
}

function hostFacts(facts: ReadonlyMap<string, string>): HostFacts {
  const fact = (name: string): string => facts.get(name) ?? "";
  const [version = "", apiVersion = ""] = fact("docker").split(" ");
  return {
    kernel: fact("kernel"),
    architecture: fact("architecture"),
    os: fact("os"),
    hostname: fact("hostname"),
    iproute2: fact("iproute2"),
    nftables: fact("nftables"),
    docker: version === "" ? undefined : { version, apiVersion, addressPools: parseAddressPools(fact("docker-pools")) },
    features: new Set(
      fact("features")
        .split(" ")
        .filter((name) => name !== ""),
    ),
    underlayHint: fact("underlay"),
    uid: Number(fact("uid")),
    persistence: persistences.find((one) => one === fact("persistence")) ?? "none",
  };
}

const persistences: readonly Persistence[] = ["systemd", "none", "read-only", "damaged"];

const eventKinds: readonly HostEvent["kind"][] = ["restored", "repaired", "rolled-back", "failed", "damaged"];
const isEventKind = (word: string): word is HostEvent["kind"] => eventKinds.some((kind) => kind === word);

/** Resource, generation, hash, mark, intent in base64, and whether the words that make it are saved with it. */
function ledgerEntry(words: readonly string[]): LedgerEntry | undefined {
  const [resource = "", generation = "0", hash = "", mark = "", intent = "", state = ""] = words;
  const json = recordedIntent(intent);
  if (json === undefined) return undefined;
  return { resource, generation: Number(generation), hash, mark, intent: json, restorable: state === "whole" };
}
