/** What becomes of every point of the transport line, for one stretch of peers. */

import type { Interval } from "../../policy/intervals";
import { lastTransport } from "../../policy/transport";
import type { Entry } from "./entry";
import type { Outcome, Outcomes } from "./outcome";
import type { Stretch } from "./sweep";

/** A stretch of the transport line with one outcome. */
export interface Part extends Interval<number> {
  readonly outcome: Outcome;
}

/** With the entries that made the outcome. */
export interface LinePart extends Part {
  readonly entries: readonly Entry[];
}

export interface Line {
  /** Parts that cover exactly the interval, in order. */
  within(first: number, last: number): readonly LinePart[];
}

/** Entries on some stretches, nothing elsewhere. */
export function groundLine(stretches: readonly Stretch<number, Entry>[], outcomes: Outcomes): Line {
  const nothing: Line = {
    within: (first, last) => [{ first, last, entries: [], outcome: outcomes.of([]) }],
  };
  return overlay(
    stretches.map(({ first, last, entries }) => ({ first, last, entries, outcome: outcomes.of(entries) })),
    nothing,
  );
}

/** Some parts, and elsewhere what is below. */
export function overlay(parts: readonly LinePart[], below: Line): Line {
  return {
    within(first, last) {
      const found: LinePart[] = [];
      let next = first;
      for (let index = firstEndingAt(parts, first); index < parts.length && next <= last; index += 1) {
        const part = parts[index] as LinePart;
        if (part.first > last) break;
        if (part.first > next) found.push(...below.within(next, part.first - 1));
        const end = Math.min(part.last, last);
        found.push({ ...part, first: Math.max(part.first, next), last: end });
        next = end + 1;
      }
      if (next <= last) found.push(...below.within(next, last));
      return found;
    },
  };
}

export const wholeLine = (line: Line): readonly LinePart[] => line.within(0, lastTransport);

/** Index of the first part that ends at the point or after it. */
function firstEndingAt(parts: readonly LinePart[], point: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle] as LinePart).last < point) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Neighbours with one outcome as one part. */
export function joined(parts: readonly Part[]): readonly Part[] {
  const result: Part[] = [];
  for (const { first, last, outcome } of parts) {
    const previous = result.at(-1);
    if (previous?.outcome === outcome && previous.last + 1 === first) {
      result[result.length - 1] = { first: previous.first, last, outcome };
    } else result.push({ first, last, outcome });
  }
  return result;
}
