import type { DnsFacts, DnsServerState, Snapshot } from "../model/snapshot";
import { decodeText } from "./words";

/** The lines of a report that are about DNS. */
export class DnsBuilder {
  private facts: DnsFacts | undefined;
  private readonly servers = new Map<string, DnsServerState>();
  private readonly entries = new Map<string, ReadonlyMap<string, readonly string[]>>();

  /** Whether the line was one of these. */
  take(kind: string, words: readonly string[]): boolean {
    const [first = "", second = "", third = ""] = words;
    switch (kind) {
      case "dns-facts":
        this.facts = {
          version: first === "-" ? undefined : first,
          resolvers: second === "-" ? [] : second.split(","),
          loopback: third === "loopback",
        };
        return true;
      case "dns-server": {
        const state = serverStates.find((one) => one === second);
        if (state !== undefined) this.servers.set(first, state);
        return true;
      }
      case "dns-entries":
        this.entries.set(first, entriesOf(decodeText(second)));
        return true;
      default:
        return false;
    }
  }

  build(): Pick<Snapshot, "dns" | "dnsServers" | "dnsEntries"> {
    return { dns: this.facts, dnsServers: this.servers, dnsEntries: this.entries };
  }
}

const serverStates: readonly DnsServerState[] = ["serving", "outdated", "changed", "stopped", "missing"];

/** `ENTRY RECORD`, a line each. */
function entriesOf(text: string): ReadonlyMap<string, readonly string[]> {
  const entries = new Map<string, string[]>();
  for (const [, entry = "", record = ""] of text.matchAll(/^(\S+) ?(.*)$/gm)) {
    const records = entries.get(entry) ?? [];
    if (record !== "") records.push(record);
    entries.set(entry, records);
  }
  return entries;
}
