/** Names on the model: files, and a server that was started with what they said. */
import { encodeText } from "../../../provider/src/render/words";
import type { Operation, Step } from "./operations";
import { space } from "./places";
import { Refusal } from "./refusal";
import type { ModelDns, ModelState } from "./state";

function dnsOf({ dns }: ModelState, where: string): ModelDns {
  const found = dns.get(where) ?? {
    server: undefined,
    entries: new Map(),
    running: undefined,
    configuration: undefined,
    changed: false,
  };
  dns.set(where, found);
  return found;
}

/** What the server's configuration is made of. */
const settingsOf = ({ server, entries }: ModelDns): string =>
  [server ?? "", ...[...new Set([...entries.values()].flat())].sort()].join("\n");

function settle(state: ModelState, where: string): void {
  const found = dnsOf(state, where);
  if (found.server === undefined) {
    if (found.entries.size === 0) state.dns.delete(where);
    Object.assign(found, { running: undefined, configuration: undefined, changed: false });
    return;
  }
  space(state, where);
  found.changed = false;
  found.configuration = settingsOf(found);
  found.running = found.configuration;
}

function ensureServer({ state, diskFull }: Step, where = "", zone = "", upstreams = ""): void {
  if (state.dnsVersion === "") {
    throw new Refusal("remote-failure", "unbound, which answers for names, is not installed");
  }
  if (diskFull === true) throw new Refusal("remote-failure", "/var/lib/sdn cannot be written (disk full?)");
  dnsOf(state, where).server = `${zone} ${upstreams}`;
  settle(state, where);
}

/** At the end of a run: servers are told of entries once. */
export function settleServers(state: ModelState): void {
  for (const [where, one] of [...state.dns]) {
    if (one.changed && state.namespaces.has(where)) settle(state, where);
  }
}

export const dnsOperations: Readonly<Record<string, Operation>> = {
  dns_entry: ({ state, diskFull }, where = "", entry = "", records = "") => {
    if (diskFull === true) throw new Refusal("remote-failure", "/var/lib/sdn cannot be written (disk full?)");
    const lines = atob(records)
      .split("\n")
      .filter((line) => line !== "");
    const found = dnsOf(state, where);
    if (found.entries.get(entry)?.join("\n") === lines.join("\n")) return;
    found.entries.set(entry, lines);
    found.changed = true;
  },
  dns_server: ensureServer,
  remove_dns_entry: ({ state }, where = "", entry = "") => {
    const found = state.dns.get(where);
    if (found?.entries.delete(entry) === true) found.changed = true;
    if (found?.server === undefined && found?.entries.size === 0) state.dns.delete(where);
  },
  remove_dns_server: ({ state }, where = "") => {
    const found = state.dns.get(where);
    if (found === undefined) return;
    Object.assign(found, { server: undefined, running: undefined, configuration: undefined });
    if (found.entries.size === 0) state.dns.delete(where);
  },
};

export function dnsLines(state: ModelState, operation: string, words: readonly string[]): readonly string[] {
  settleServers(state);
  const [where = "", ...settings] = words;
  const found = state.dns.get(where);
  switch (operation) {
    case "query_dns_facts":
      return [`dns-facts ${state.dnsVersion === "" ? "-" : state.dnsVersion} 192.0.2.53 -`];
    case "query_dns_entries": {
      const lines = [...(found?.entries ?? [])].flatMap(([entry, records]) =>
        (records.length === 0 ? [""] : records).map((record) => `${entry} ${record}\n`),
      );
      return [`dns-entries ${where} ${encodeText(lines.join(""))}`];
    }
    default:
      return [`dns-server ${where} ${serverState(found, settings.join(" "))}`];
  }
}

function serverState(found: ModelDns | undefined, server: string): string {
  if (found?.server !== server) return "missing";
  if (found.configuration !== settingsOf(found)) return "changed";
  if (found.running === undefined) return "stopped";
  return found.running === found.configuration ? "serving" : "outdated";
}
