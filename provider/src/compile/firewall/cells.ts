/**
 * Cuts the space of (peer, transport) of one class into cells that have one outcome each. First match is settled
 * here: cells of a layer are disjoint, so that a host may keep them in sets, which have no order. A layer has only what
 * differs from the layers below it, so that one host's exception to a block's thousand ports is one cell.
 */

import { type Family, familyBits } from "../../model/address";
import { SdnError } from "../../model/error";
import { allAddresses, isEveryAddress } from "../../policy/address-set";
import { type Interval, includesSet, type IntervalSet, predecessor, successor } from "../../policy/intervals";
import { anyTransport } from "../../policy/transport";
import { type Entry, passableTiers, reachable } from "./entry";
import { groundLine, joined, type Line, type LinePart, overlay, type Part, wholeLine } from "./line";
import type { Outcome, Outcomes } from "./outcome";
import { type Stretch, sweep } from "./sweep";

export interface PeerCell extends Interval<bigint> {
  readonly parts: readonly Part[];
}

export interface Cells {
  /** Narrow blocks of peers before wide ones: in this order a host looks. */
  readonly layers: readonly { readonly name: string; readonly cells: readonly PeerCell[] }[];
  /** For all peers that have nothing of their own there. */
  readonly background: readonly Part[];
  /** For all the rest. */
  readonly rest: Outcome;
}

/** More elements than this for one class are refused: they would take a host seconds and hundreds of megabytes. */
export const mostCells = 200_000;

/** @throws SdnError `exhausted` where the entries cut each other into too many cells */
export function cellsOf(entries: readonly Entry[], family: Family, outcomes: Outcomes): Cells {
  const present = entries.filter((entry) => entry.transport[family].length > 0);
  const byLayer = Map.groupBy(present, (entry) => layerOf(entry.peers[family], family));
  const context: Context = { family, outcomes, passable: passableTiers(present), room: { left: mostCells } };
  const ground = groundLine(transportStretches(byLayer.get(groundLayer) ?? [], context), outcomes);
  const background = joined(wholeLine(ground));
  const rest = widest(background);
  const layers: { name: string; cells: readonly PeerCell[] }[] = [];
  let floor: readonly Floor[] = allAddresses(family).map((all) => ({ ...all, line: ground }));
  for (let layer = layerCount - 1; layer >= 0; layer -= 1) {
    const built = buildLayer(byLayer.get(layer) ?? [], floor, context);
    if (built.cells.length > 0) layers.unshift({ name: `layer${layer}`, cells: built.cells });
    floor = built.floor;
  }
  return { layers, background: background.filter((part) => part.outcome !== rest), rest };
}

interface Context {
  readonly family: Family;
  readonly outcomes: Outcomes;
  readonly passable: ReadonlySet<string>;
  readonly room: { left: number };
}

/** A stretch of peers, and what becomes of the transport line there by the layers so far. */
interface Floor extends Interval<bigint> {
  readonly line: Line;
}

const layerCount = 4;
const groundLayer = layerCount;
const noLayer = -1;

/** By the size of the largest block: a quarter of the address's bits a layer. */
function layerOf(peers: IntervalSet<bigint>, family: Family): number {
  if (peers.length === 0) return noLayer;
  if (isEveryAddress(peers, family)) return groundLayer;
  const largest = peers.reduce((most, { first, last }) => (last - first > most ? last - first : most), 0n);
  const bits = largest === 0n ? 0 : largest.toString(2).length;
  return Math.min(Math.floor(bits / (familyBits(family) / layerCount)), layerCount - 1);
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

function widest(parts: readonly Part[]): Outcome {
  const widths = new Map<Outcome, number>();
  for (const { first, last, outcome } of parts) widths.set(outcome, (widths.get(outcome) ?? 0) + last - first + 1);
  return [...widths].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function buildLayer(
  entries: readonly Entry[],
  floor: readonly Floor[],
  context: Context,
): { readonly cells: readonly PeerCell[]; readonly floor: readonly Floor[] } {
  if (entries.length === 0) return { cells: [], floor };
  const { family, passable, room } = context;
  const whole = new Set(entries.filter((entry) => includesSet(entry.transport[family], anyTransport)));
  const stretches = sweep(
    entries,
    (entry) => entry.peers[family],
    (active) => reachable(active, (entry) => whole.has(entry), passable),
  );
  const changes = new Changes(context);
  const cells: PeerCell[] = [];
  const next: Floor[] = [];
  for (const { first, last, below, entries: found } of crossed(stretches, floor)) {
    if (found.length === 0) {
      next.push({ first, last, line: below });
      continue;
    }
    const { line, parts } = changes.over(found, below);
    next.push({ first, last, line });
    const previous = cells.at(-1);
    if (previous?.parts === parts && successor(previous.last) === first)
      cells[cells.length - 1] = { ...previous, last };
    else if (parts.length > 0) {
      take(room, parts.length);
      cells.push({ first, last, parts });
    }
  }
  return { cells, floor: next };
}

interface Crossed extends Interval<bigint> {
  readonly below: Line;
  readonly entries: readonly Entry[];
}

/** The floor, cut where stretches begin and end. */
function crossed(stretches: readonly Stretch<bigint, Entry>[], floor: readonly Floor[]): readonly Crossed[] {
  const result: Crossed[] = [];
  let index = 0;
  for (const { first, last, line } of floor) {
    let from = first;
    while (from <= last) {
      while (index < stretches.length && (stretches[index] as Stretch<bigint, Entry>).last < from) index += 1;
      const stretch = stretches[index];
      const isIn = stretch !== undefined && stretch.first <= from;
      const end =
        stretch === undefined || stretch.first > last ? last : isIn ? stretch.last : predecessor(stretch.first);
      const to = end < last ? end : last;
      result.push({ first: from, last: to, below: line, entries: isIn ? stretch.entries : [] });
      from = successor(to);
    }
  }
  return result;
}

interface Change {
  readonly line: Line;
  /** Where the outcome is another than below. */
  readonly parts: readonly Part[];
}

/** What entries change about the line below, computed once for equal entries. */
class Changes {
  private readonly known = new Map<Line, Map<string, Change>>();
  private readonly same = new Map<string, readonly Part[]>();

  constructor(private readonly context: Context) {}

  over(entries: readonly Entry[], below: Line): Change {
    let known = this.known.get(below);
    if (known === undefined) this.known.set(below, (known = new Map<string, Change>()));
    const key = entries.map((entry) => entry.order).join();
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = this.compute(entries, below)));
    return found;
  }

  private compute(entries: readonly Entry[], below: Line): Change {
    const { outcomes, passable, room } = this.context;
    const merged: LinePart[] = [];
    const changed: Part[] = [];
    for (const stretch of transportStretches(entries, this.context)) {
      const under = below.within(stretch.first, stretch.last);
      take(room, under.length);
      for (const part of under) {
        const all = [...stretch.entries, ...part.entries].sort((a, b) => a.order - b.order);
        const reached = reachable(all, () => true, passable);
        const outcome = outcomes.of(reached);
        merged.push({ first: part.first, last: part.last, entries: reached, outcome });
        if (outcome !== part.outcome) changed.push({ first: part.first, last: part.last, outcome });
      }
    }
    return { line: overlay(merged, below), parts: this.intern(joined(changed)) };
  }

  private intern(parts: readonly Part[]): readonly Part[] {
    const key = parts.map((part) => `${part.first}-${part.last} ${part.outcome.key}`).join(";");
    const found = this.same.get(key);
    if (found === undefined) this.same.set(key, parts);
    return found ?? parts;
  }
}

function take(room: { left: number }, count: number): void {
  room.left -= count;
  if (room.left >= 0) return;
  throw new SdnError({
    code: "exhausted",
    cause: `rules cut each other into more than ${mostCells} cells for one class of endpoints`,
    remedy: "do not mix many rules for ports of all peers with many rules for all ports of single peers",
  });
}
