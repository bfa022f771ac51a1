/** Runs of consecutive integers: what addresses and numbers have in common. */

/** Both ends belong to the span; `first` is not after `last`. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** What is left of a span when others, in any order and overlapping or not, are taken out: sorted, never adjacent. */
export function subtractSpans(from: Span, removed: readonly Span[]): readonly Span[] {
  const blocking = removed.filter(({ first, last }) => first <= from.last && last >= from.first);
  blocking.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const left: Span[] = [];
  let next = from.first;
  for (const { first, last } of blocking) {
    if (first > next) left.push({ first: next, last: first - 1n });
    if (last >= next) next = last + 1n;
  }
  if (next <= from.last) left.push({ first: next, last: from.last });
  return left;
}
