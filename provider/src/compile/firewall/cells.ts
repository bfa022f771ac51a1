/**
 * Cuts the space of (peer, transport) of one class into cells that have one outcome each. First match is settled
 * here: cells are disjoint, so that a host may keep them in sets, which have no order.
 */

import type { Family } from "../../model/address";
import { isEveryAddress } from "../../policy/address-set";
import { type Interval, includesSet, successor } from "../../policy/intervals";
import { anyTransport, lastTransport } from "../../policy/transport";
import { type Entry, passableTiers, reachable } from "./entry";
import type { Outcome, Outcomes } from "./outcome";
import { type Stretch, sweep } from "./sweep";

/** A stretch of the transport line with one outcome. */
export interface Part extends Interval<number> {
  readonly outcome: Outcome;
}

export interface Cells {
  /** Where the peer matters: looked at first. */
  readonly peers: readonly (Interval<bigint> & { readonly parts: readonly Part[] })[];
  /** For all peers that have nothing of their own there. */
  readonly background: readonly Part[];
  /** For all the rest. */
  readonly rest: Outcome;
}

export function cellsOf(entries: readonly Entry[], family: Family, outcomes: Outcomes): Cells {
  const ground: Entry[] = [];
  const specific: Entry[] = [];
  for (const entry of entries) {
    if (entry.transport[family].length === 0) continue;
    (isEveryAddress(entry.peers[family], family) ? ground : specific).push(entry);
  }
  const context: Context = { family, outcomes, passable: passableTiers(entries) };
  const background = groundOf(ground, context);
  const rest = widest(background);
  return {
    peers: peerCells(specific, background, context),
    background: background.filter((part) => part.outcome !== rest),
    rest,
  };
}

interface Context {
  readonly family: Family;
  readonly outcomes: Outcomes;
  readonly passable: ReadonlySet<string>;
}

/** Part of the background, with the entries that made it. */
interface GroundPart extends Part {
  readonly entries: readonly Entry[];
}

/** The stretches of the transport line that entries cover. */
function transportStretches(
  entries: readonly Entry[],
  { family, passable }: Context,
): readonly Stretch<number, Entry>[] {
  return sweep(
    entries,
    (entry) => entry.transport[family],
    (active) => reachable(active, () => true, passable),
  );
}

/** The whole transport line. */
function groundOf(entries: readonly Entry[], context: Context): readonly GroundPart[] {
  const { outcomes } = context;
  const parts: GroundPart[] = [];
  let next = 0;
  const nothing = outcomes.of([]);
  for (const { first, last, entries: found } of transportStretches(entries, context)) {
    if (first > next) parts.push({ first: next, last: first - 1, entries: [], outcome: nothing });
    parts.push({ first, last, entries: found, outcome: outcomes.of(found) });
    next = last + 1;
  }
  if (next <= lastTransport) parts.push({ first: next, last: lastTransport, entries: [], outcome: nothing });
  return parts;
}

function widest(parts: readonly Part[]): Outcome {
  const widths = new Map<Outcome, number>();
  for (const { first, last, outcome } of parts) widths.set(outcome, (widths.get(outcome) ?? 0) + last - first + 1);
  return [...widths].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function peerCells(entries: readonly Entry[], ground: readonly GroundPart[], context: Context): Cells["peers"] {
  const { family, passable } = context;
  const isWhole = (entry: Entry): boolean => includesSet(entry.transport[family], anyTransport);
  const known = new Map<string, readonly Part[]>();
  const same = new Map<string, readonly Part[]>();
  const cells: (Interval<bigint> & { readonly parts: readonly Part[] })[] = [];
  for (const stretch of sweep(
    entries,
    (entry) => entry.peers[family],
    (active) => reachable(active, isWhole, passable),
  )) {
    const key = stretch.entries.map((entry) => entry.order).join();
    let parts = known.get(key);
    if (parts === undefined) {
      parts = intern(same, partsOver(stretch.entries, ground, context));
      known.set(key, parts);
    }
    const previous = cells.at(-1);
    if (previous?.parts === parts && successor(previous.last) === stretch.first) {
      cells[cells.length - 1] = { ...previous, last: stretch.last };
    } else cells.push({ first: stretch.first, last: stretch.last, parts });
  }
  return cells.filter((cell) => cell.parts.length > 0);
}

function intern(same: Map<string, readonly Part[]>, parts: readonly Part[]): readonly Part[] {
  const key = parts.map((part) => `${part.first}-${part.last} ${part.outcome.key}`).join(";");
  const found = same.get(key);
  if (found === undefined) same.set(key, parts);
  return found ?? parts;
}

/** Where the entries change something about the background. */
function partsOver(entries: readonly Entry[], ground: readonly GroundPart[], context: Context): readonly Part[] {
  const parts: Part[] = [];
  for (const stretch of transportStretches(entries, context)) {
    for (const under of partsWithin(ground, stretch)) {
      const first = Math.max(stretch.first, under.first);
      const last = Math.min(stretch.last, under.last);
      const merged = [...stretch.entries, ...under.entries].sort((a, b) => a.order - b.order);
      const outcome = context.outcomes.of(reachable(merged, () => true, context.passable));
      if (outcome === under.outcome) continue;
      const previous = parts.at(-1);
      if (previous?.outcome === outcome && previous.last + 1 === first) {
        parts[parts.length - 1] = { first: previous.first, last, outcome };
      } else parts.push({ first, last, outcome });
    }
  }
  return parts;
}

function partsWithin(ground: readonly GroundPart[], { first, last }: Stretch<number, Entry>): readonly GroundPart[] {
  let low = 0;
  let high = ground.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ground[middle] as GroundPart).last < first) low = middle + 1;
    else high = middle;
  }
  const within: GroundPart[] = [];
  for (let part = ground[low]; part !== undefined && part.first <= last; part = ground[(low += 1)]) within.push(part);
  return within;
}
