import type {
  ArmedChange,
  FirewallState,
  ForeignTables,
  HeldPlace,
  HitCount,
  ReachedAddress,
  SshSession,
} from "../model/snapshot";
import { parseHits } from "./firewall-hits";
import { recordedIntent } from "./recorded-intent";
import { decodeText } from "./words";

/** The resource's key on a host: one record for all policies of all stacks. */
const firewallKey = "firewall";

/** Collects what a report says of the firewall. */
export class FirewallBuilder {
  private record: FirewallState["record"];
  private damaged = false;
  private table: FirewallState["table"];
  private follow: FirewallState["follow"];
  private next = false;
  private unpatched = false;
  private armed: ArmedChange | undefined;
  private readonly held: HeldPlace[] = [];
  private session: SshSession | undefined;
  private flows: readonly string[] = [];
  private ownFlows: readonly string[] = [];
  private tableJson: string | undefined;
  private hits: readonly HitCount[] | undefined;
  private foreign: ForeignTables | undefined;
  private readonly reached: ReachedAddress[] = [];
  private readonly checks = new Map<string, string | undefined>();
  private readonly disarmed = new Map<string, boolean>();
  private readonly rolledBack = new Map<string, boolean>();

  /** Whether the line is about the firewall. */
  take(kind: string, words: readonly string[]): boolean {
    const [first = "", second = "", third = ""] = words;
    switch (kind) {
      case "ledger":
        if (first === firewallKey) this.remember(words);
        return first === firewallKey;
      case "damaged":
        if (first === firewallKey) this.damaged = true;
        return first === firewallKey;
      case "section":
        return this.section(first, second, third);
      default:
        return this.line(kind, words);
    }
  }

  private line(kind: string, words: readonly string[]): boolean {
    const [first = "", second = "", third = ""] = words;
    switch (kind) {
      case "firewall-table":
        this.table = tableStates.find((one) => one === first);
        return true;
      case "firewall-follow":
        this.follow = followStates.find((one) => one === first);
        return true;
      case "firewall-next":
        this.next = true;
        return true;
      case "firewall-unpatched":
        this.unpatched = true;
        return true;
      case "firewall-armed":
        this.armed = { nonce: first, deadline: Number(second) };
        return true;
      case "firewall-held":
        this.held.push({ bridge: first, address: second === "-" ? undefined : second });
        return true;
      case "reach":
        this.reached.push({ address: second, kind: reachedKinds.find((one) => one === first) });
        return true;
      case "firewall-session":
        this.session = sessionOf(words);
        return true;
      case "firewall-checked":
        this.checks.set(first, second === "ok" ? undefined : decodeText(third));
        return true;
      case "firewall-disarmed":
        this.disarmed.set(first, second === "yes");
        return true;
      case "firewall-rolled-back":
        this.rolledBack.set(first, second === "yes");
        return true;
      default:
        return false;
    }
  }

  private section(title: string, where: string, content: string): boolean {
    switch (title) {
      case "flows":
        this.flows = linesOf(content);
        return true;
      case "own-flows":
        this.ownFlows = linesOf(content);
        return true;
      case "firewall-table":
        this.tableJson = content === "" ? undefined : decodeText(content);
        return true;
      case "firewall-hits":
        this.hits = parseHits(linesOf(content));
        return true;
      case "foreign":
        this.foreign = { tables: decodeText(content), legacy: this.foreign?.legacy ?? [] };
        return true;
      case "foreign-legacy":
        if (where !== "" && content !== "") {
          const { tables = "", legacy = [] } = this.foreign ?? {};
          this.foreign = { tables, legacy: [...legacy, decodeText(content)] };
        }
        return true;
      default:
        return false;
    }
  }

  /** Generation, hash, mark, and the document in base64, or `-` where it was not asked for. */
  private remember(words: readonly string[]): void {
    const [, generation = "0", hash = "", mark = "", encoded = "-", state = ""] = words;
    const intent = encoded === "-" ? undefined : recordedIntent(encoded);
    if (encoded !== "-" && intent === undefined) this.damaged = true;
    else this.record = { generation: Number(generation), hash, mark, intent, restorable: state === "whole" };
  }

  build(): FirewallState {
    const { record, damaged, table, follow, next, armed, held, session, flows, ownFlows, tableJson, hits } = this;
    const { foreign, unpatched, reached } = this;
    const { checks, disarmed, rolledBack } = this;
    return {
      record,
      damaged,
      table,
      follow,
      next,
      unpatched,
      armed,
      held,
      session,
      flows,
      ownFlows,
      tableJson,
      hits,
      foreign,
      reached,
      checks,
      disarmed,
      rolledBack,
    };
  }
}

const reachedKinds = ["gateway", "underlay"] as const;
const followStates = ["active", "inactive", "none"] as const;
const tableStates = ["same", "changed", "missing", "none"] as const;

const linesOf = (content: string): readonly string[] =>
  content === ""
    ? []
    : decodeText(content)
        .split("\n")
        .filter((line) => line !== "");

/** As sshd writes it in SSH_CONNECTION. */
function sessionOf(words: readonly string[]): SshSession | undefined {
  const [clientAddress = "", clientPort = "", serverAddress = "", serverPort = ""] = words;
  if (serverAddress === "") return undefined;
  return { clientAddress, clientPort: Number(clientPort), serverAddress, serverPort: Number(serverPort) };
}
