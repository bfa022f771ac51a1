import type { Intent } from "../compile/intent";
import { resourceKey } from "../compile/names";
import type { LedgerEntry } from "../model/snapshot";

/** What this run wants on each host, so that two resources that exclude each other meet before either is made. */
export class Declared {
  private readonly hosts = new Map<string, Map<string, Intent>>();

  note(uri: string, intent: Intent): void {
    const intents = this.hosts.get(uri) ?? new Map<string, Intent>();
    this.hosts.set(uri, intents.set(resourceKey(intent), intent));
  }

  forget(uri: string, intent: Intent): void {
    this.hosts.get(uri)?.delete(resourceKey(intent));
  }

  /** All on the host: as this run wants it, else as the host's own records have it. */
  all(uri: string, ledger: ReadonlyMap<string, LedgerEntry>): readonly Intent[] {
    const all = new Map<string, Intent>();
    for (const [key, entry] of ledger) all.set(key, JSON.parse(entry.intent) as Intent);
    for (const [key, noted] of this.hosts.get(uri) ?? []) all.set(key, noted);
    return [...all.values()];
  }

  /** All others on the host: as this run wants them, else as the host's own records have them. */
  others(uri: string, intent: Intent, ledger: ReadonlyMap<string, LedgerEntry>): readonly Intent[] {
    const own = resourceKey(intent);
    return this.all(uri, ledger).filter((other) => resourceKey(other) !== own);
  }
}
