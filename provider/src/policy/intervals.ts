/** Sets of points of a line (addresses, or the transport line) as intervals, in one canonical form. */

export type Point = number | bigint;

/** Both ends belong to it. */
export interface Interval<T extends Point> {
  readonly first: T;
  readonly last: T;
}

/** Sorted, disjoint and never adjacent, so that equal sets are equal data. */
export type IntervalSet<T extends Point> = readonly Interval<T>[];

export function successor<T extends Point>(point: T): T {
  return moved(point, 1n, 1) as T;
}

export function predecessor<T extends Point>(point: T): T {
  return moved(point, -1n, -1) as T;
}

function moved(point: Point, big: bigint, small: number): Point {
  return typeof point === "bigint" ? point + big : point + small;
}

const later = <T extends Point>(a: T, b: T): T => (a > b ? a : b);
const earlier = <T extends Point>(a: T, b: T): T => (a < b ? a : b);

/** The canonical form of intervals in any order that may overlap. */
export function intervalSet<T extends Point>(intervals: readonly Interval<T>[]): IntervalSet<T> {
  const sorted = intervals
    .filter(({ first, last }) => first <= last)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Interval<T>[] = [];
  for (const next of sorted) {
    const previous = merged.at(-1);
    if (previous === undefined || next.first > successor(previous.last)) merged.push(next);
    else merged[merged.length - 1] = { first: previous.first, last: later(previous.last, next.last) };
  }
  return merged;
}

export function uniteIntervals<T extends Point>(...sets: readonly IntervalSet<T>[]): IntervalSet<T> {
  const [only, ...others] = sets.filter((set) => set.length > 0);
  if (only === undefined) return [];
  return others.length === 0 ? only : intervalSet(sets.flat());
}

export function intersectIntervals<T extends Point>(a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  const found: Interval<T>[] = [];
  let i = 0;
  let j = 0;
  for (let x = a[i], y = b[j]; x !== undefined && y !== undefined; x = a[i], y = b[j]) {
    const first = later(x.first, y.first);
    const last = earlier(x.last, y.last);
    if (first <= last) found.push({ first, last });
    if (x.last < y.last) i += 1;
    else j += 1;
  }
  return found;
}

export function subtractIntervals<T extends Point>(from: IntervalSet<T>, removed: IntervalSet<T>): IntervalSet<T> {
  const left: Interval<T>[] = [];
  let j = 0;
  for (const { first, last } of from) {
    let start = first;
    while (j < removed.length && (removed[j] as Interval<T>).last < start) j += 1;
    for (let k = j; start <= last; k += 1) {
      const hole = removed[k];
      if (hole === undefined || hole.first > last) {
        left.push({ first: start, last });
        break;
      }
      if (hole.first > start) left.push({ first: start, last: predecessor(hole.first) });
      start = later(start, successor(hole.last));
    }
  }
  return left;
}

export function includesPoint<T extends Point>(set: IntervalSet<T>, point: T): boolean {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle] as Interval<T>).last < point) low = middle + 1;
    else high = middle;
  }
  const found = set[low];
  return found !== undefined && found.first <= point;
}

export function includesSet<T extends Point>(outer: IntervalSet<T>, inner: IntervalSet<T>): boolean {
  return subtractIntervals(inner, outer).length === 0;
}

export function sameIntervals<T extends Point>(a: IntervalSet<T>, b: IntervalSet<T>): boolean {
  return a.length === b.length && a.every(({ first, last }, i) => first === b[i]?.first && last === b[i].last);
}
