/** Numbers taken from a range, such as VNIs. */

import { SdnError } from "../model/error";
import { hash64 } from "../model/hash";
import type { Span } from "../model/span";
import { firstFreeSlot } from "./slots";

/** Both ends belong to the range; they are safe integers. */
export interface NumberRange {
  readonly start: number;
  readonly end: number;
}

/** A number in use. Numbers outside the range are allowed and mean nothing. */
export interface TakenNumber {
  readonly value: number;
  /** Who holds it, as messages name it. */
  readonly owner: string;
}

export interface NumberRequest {
  readonly range: NumberRange;
  /** Decides the preferred number and names the asker. One key stands for one number. */
  readonly key: string;
  readonly taken: readonly TakenNumber[];
  /** What the numbers are, for messages: `VNI`. Default `number`. */
  readonly noun?: string | undefined;
}

/**
 * A free number: the one in the range that `taken` shows with `key` as its owner, else the one that `hash64(key)`
 * prefers or the next free one, going on from the range's start at its end.
 *
 * @throws SdnError `exhausted`
 */
export function allocateNumber({ range, key, taken, noun = "number" }: NumberRequest): number {
  const others = taken.filter(({ owner }) => owner !== key);
  const held = taken.find(({ value, owner }) => owner === key && value >= range.start && value <= range.end)?.value;
  if (held !== undefined && !others.some(({ value }) => value === held)) return held;
  const value = firstFreeNumber(range, others, hash64(key));
  if (value !== undefined) return value;
  throw new SdnError({
    code: "exhausted",
    cause: `the ${noun} range ${range.start}-${range.end} has no free ${noun} for ${key}`,
    remedy: `widen the range or release a ${noun}`,
  });
}

export interface NumberClaim {
  readonly range: NumberRange;
  readonly value: number;
  /** Who wants it; numbers that `taken` shows with this owner do not stand in the way. */
  readonly owner: string;
  readonly taken: readonly TakenNumber[];
  readonly noun?: string | undefined;
}

/**
 * Whether a number that the user names can be had: every reason against it, empty where there is none. Codes:
 * `invalid-input` where it is not in the range, `conflict` where another has it.
 */
export function claimNumber({ range, value, owner, taken, noun = "number" }: NumberClaim): readonly SdnError[] {
  const others = taken.filter((each) => each.owner !== owner);
  const inside = value >= range.start && value <= range.end;
  const free = firstFreeNumber(range, others, inside ? BigInt(value - range.start) : 0n);
  const remedy = free !== undefined ? `choose a free one, for example ${free}` : `widen the range or release a ${noun}`;
  const errors: SdnError[] = [];
  if (!inside) {
    const cause = `${noun} ${value} is not in the range ${range.start}-${range.end}`;
    errors.push(new SdnError({ code: "invalid-input", cause, remedy }));
  }
  for (const other of others.filter((each) => each.value === value)) {
    errors.push(new SdnError({ code: "conflict", cause: `${noun} ${value} is taken by ${other.owner}`, remedy }));
  }
  return errors;
}

function firstFreeNumber(range: NumberRange, taken: readonly TakenNumber[], preference: bigint): number | undefined {
  const space: Span = { first: BigInt(range.start), last: BigInt(range.end) };
  const blocked = taken.map(({ value }) => ({ first: BigInt(value), last: BigInt(value) }));
  const value = firstFreeSlot({ space, slotSize: 1n, blocked }, preference);
  return value !== undefined ? Number(value) : undefined;
}
