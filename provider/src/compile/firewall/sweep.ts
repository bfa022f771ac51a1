/** Cuts a line where any of several sets begins or ends, and says for each stretch which sets are there. */

import { type Interval, type IntervalSet, type Point, predecessor, successor } from "../../policy/intervals";

export interface Stretch<T extends Point, E> extends Interval<T> {
  /** In their order. */
  readonly entries: readonly E[];
}

/**
 * Stretches on which at least one set is, in order of the line.
 *
 * @param keep what of the entries of a stretch is of interest, as a new list
 */
export function sweep<T extends Point, E extends { readonly order: number }>(
  entries: readonly E[],
  setOf: (entry: E) => IntervalSet<T>,
  keep: (entries: readonly E[]) => readonly E[],
): readonly Stretch<T, E>[] {
  const events = entries
    .flatMap((entry) =>
      setOf(entry).flatMap(({ first, last }) => [
        { at: first, entry, begins: true },
        { at: successor(last), entry, begins: false },
      ]),
    )
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const stretches: Stretch<T, E>[] = [];
  const active: E[] = [];
  let from: T | undefined;
  for (const { at, entry, begins } of events) {
    if (from !== undefined && at > from && active.length > 0) {
      stretches.push({ first: from, last: predecessor(at), entries: keep(active) });
    }
    from = at;
    const place = placeOf(active, entry.order);
    if (begins) active.splice(place, 0, entry);
    else active.splice(place, 1);
  }
  return stretches;
}

function placeOf(active: readonly { readonly order: number }[], order: number): number {
  let low = 0;
  let high = active.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((active[middle] as { readonly order: number }).order < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
