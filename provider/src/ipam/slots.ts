/** The search that every allocation here is: a space cut into equal slots, of which some are blocked. */

import { type Span, subtractSpans } from "../model/span";

export interface SlotSpace {
  /** The first slot begins at its first integer; a rest at the end that is shorter than a slot is not used. */
  readonly space: Span;
  /** Integers in a slot, at least 1. */
  readonly slotSize: bigint;
  /** Spans that no returned slot may touch, in any order. */
  readonly blocked: readonly Span[];
}

/**
 * The first integer of the first free slot at or after the preferred one, going on from the start of the space at its
 * end; `undefined` where no slot is free. The work grows with the number of blocked spans, not with that of slots:
 * an IPv6 space may have 2^64.
 *
 * @param preference any unsigned integer; the preferred slot is this modulo the number of slots
 */
export function firstFreeSlot(slots: SlotSpace, preference: bigint): bigint | undefined {
  const { space, slotSize } = slots;
  const count = (space.last - space.first + 1n) / slotSize;
  if (count <= 0n) return undefined;
  const preferred = preference % count;
  const runs = freeRuns(slots);
  const run = runs.find(({ last }) => last >= preferred) ?? runs[0];
  if (run === undefined) return undefined;
  const slot = run.first <= preferred && preferred <= run.last ? preferred : run.first;
  return space.first + slot * slotSize;
}

/** The same over several spaces: the preferred slot is counted over all of them, in their order. */
export function firstFreeSlotOf(
  spaces: readonly Span[],
  { slotSize, blocked }: Omit<SlotSpace, "space">,
  preference: bigint,
): bigint | undefined {
  const counts = spaces.map(({ first, last }) => (last - first + 1n) / slotSize);
  const total = counts.reduce((sum, count) => sum + count, 0n);
  if (total === 0n) return undefined;
  let local = preference % total;
  let start = 0;
  for (let count = counts[start]; count !== undefined && local >= count; count = counts[start]) {
    local -= count;
    start += 1;
  }
  for (const [offset, space] of [...spaces.slice(start), ...spaces.slice(0, start)].entries()) {
    const slot = firstFreeSlot({ space, slotSize, blocked }, offset === 0 ? local : 0n);
    if (slot !== undefined) return slot;
  }
  return undefined;
}

/** How many slots are free. */
export function countFreeSlots(slots: SlotSpace): bigint {
  return freeRuns(slots).reduce((count, { first, last }) => count + last - first + 1n, 0n);
}

/** Runs of free slots as indices, in order. */
function freeRuns({ space, slotSize, blocked }: SlotSpace): readonly Span[] {
  return subtractSpans(space, blocked).flatMap((gap) => {
    const first = (gap.first - space.first + slotSize - 1n) / slotSize;
    const last = (gap.last - space.first + 1n) / slotSize - 1n;
    return first <= last ? [{ first, last }] : [];
  });
}
