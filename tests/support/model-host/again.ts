/** What a host does by itself: at its start, and by timer. */
import { damageOf, firewallKey, rollBackUnproved } from "./firewall";
import { lookAtHits } from "./firewall-hits";
import { listingOf } from "./firewall-table";
import { operations, Refusal } from "./operations";
import type { ModelState } from "./state";
import { copyOf } from "./state";

const order = [firewallKey, "router", "segment", "peering", "service", "port"];
const rank = (key: string): number => order.indexOf(key.replace(/-.*/, ""));
/** At the start there is no Docker yet, nor what others make: such a resource is left alone as a whole. */
const comesLater = (line: string): boolean => /^docker_connection| container:|container_guard|^adopt_/.test(line);

export function makeAgain(state: ModelState, atStart: boolean): void {
  if (atStart) rollBackUnproved(state);
  else lookAtHits(state.firewall);
  let made = 0;
  const saved = new Set(state.savedSysctls.keys());
  for (const [key, entry] of [...state.ledger].sort(([a], [b]) => rank(a) - rank(b))) {
    if (entry.record === "damaged") {
      note(state, "damaged", key, damageOf(state, key));
      continue;
    }
    if (entry.record === "old" || (key === firewallKey && state.firewall.armed !== undefined)) continue;
    if (atStart && entry.words.some(comesLater)) continue;
    const lines = entry.words.filter((line) => !(atStart && line.startsWith("docker_")));
    if (lines.length === 0) continue;
    const before = copyOf(state);
    try {
      for (const line of lines) perform(state, key, line);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      Object.assign(state, before);
      if (!/; what was adopted is not made anew$/.test(thrown.message)) note(state, "failed", key, thrown.message);
      continue;
    }
    made += 1;
    const detail = [...missing(before, state), ...tableDamage(before, state)];
    if (!atStart && detail.length > 0) note(state, "repaired", key, detail.join(", "));
  }
  // What a start finds is not what the host had before us.
  for (const key of [...state.savedSysctls.keys()]) if (!saved.has(key)) state.savedSysctls.delete(key);
  if (atStart && made > 0) note(state, "restored", "-", String(made));
}

function perform(state: ModelState, key: string, line: string): void {
  const [operation = "", ...words] = line.split(" ");
  operations[operation]?.({ state, key, warn: () => undefined }, ...words);
}

function missing(before: ModelState, now: ModelState): readonly string[] {
  return [...now.namespaces].flatMap(([where, { links }]) =>
    [...links.keys()]
      .filter((name) => before.namespaces.get(where)?.links.has(name) !== true)
      .map((name) => `interface ${name}${where === "-" ? "" : ` in ${where}`} was missing`),
  );
}

function tableDamage({ firewall: before }: ModelState, { firewall: now }: ModelState): readonly string[] {
  return [...now.tables].flatMap(([name, commands]) => {
    const was = before.tables.get(name);
    if (was === undefined) return [`table inet ${name} was missing`];
    const same = JSON.stringify(shown(was)) === JSON.stringify(shown(commands));
    return same ? [] : [`table inet ${name} was changed`];
  });
}
function shown(commands: Parameters<typeof listingOf>[0]): unknown {
  const { chains = [], sets = [] } = listingOf(commands) ?? {};
  return [[...chains], [...sets].map(([name, elements]) => [name, [...elements]])];
}

/** What stays wrong is said once. */
function note({ events }: ModelState, kind: string, resource: string, detail: string): void {
  const last = events.findLast((event) => event.resource === resource);
  const stays = kind === "failed" || kind === "damaged";
  if (stays && last?.kind === kind && last.detail === detail) return;
  events.push({ kind, resource, detail });
}
