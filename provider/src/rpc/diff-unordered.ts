/** Pairs the items of two lists whose order means nothing. */
import { flagsOf } from "./diff-spec";
import type { PropertyFlags } from "./diff-spec";
import { isValueMap } from "./value";
import type { Value } from "./value";
import { containsUnknown, isList, stripSecrets } from "./values";

export interface Unmatched {
  /** Indices of the left list without an equal on the right. */
  readonly removed: ReadonlySet<number>;
  /** Indices of the right list without an equal on the left. */
  readonly added: ReadonlySet<number>;
}

/**
 * Equal items are paired one to one, those at the same index first, so that an index that stays unpaired on both sides
 * really holds different items. An item with an unknown in it pairs with none. Linear in the number of items.
 */
export function matchUnordered(left: readonly Value[], right: readonly Value[], item: PropertyFlags): Unmatched {
  const leftKeys = left.map((value) => keyOf(value, item));
  const rightKeys = right.map((value) => keyOf(value, item));
  const removed = new Map<string, number[]>();
  const alone = new Set<number>();
  leftKeys.forEach((key, at) => {
    if (key === undefined) alone.add(at);
    else if (key !== rightKeys[at]) indicesOf(removed, key).push(at);
  });
  const added = new Set<number>();
  rightKeys.forEach((key, at) => {
    if (key !== undefined && key === leftKeys[at]) return;
    const partner = key === undefined ? undefined : removed.get(key)?.shift();
    if (partner === undefined) added.add(at);
  });
  return { removed: new Set([...alone, ...[...removed.values()].flat()].sort((a, b) => a - b)), added };
}

function indicesOf(byKey: Map<string, number[]>, key: string): number[] {
  const indices = byKey.get(key) ?? [];
  byKey.set(key, indices);
  return indices;
}

/** A text that equal items share; `undefined` for an item that equals none. */
function keyOf(value: Value, flags: PropertyFlags): string | undefined {
  return containsUnknown(value) ? undefined : JSON.stringify(canonical(stripSecrets(value), flags));
}

/** Plain JSON in which what the diff does not distinguish is the same. */
function canonical(value: Value, flags: PropertyFlags): unknown {
  if (isList(value)) {
    const { unordered, ...item } = flags;
    const items = value.map((inner) => canonical(inner, item));
    return unordered === true ? items.map((inner) => JSON.stringify(inner)).sort() : items;
  }
  if (!isValueMap(value)) return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => ({ key, inner, own: flagsOf(flags.properties, key) }))
    .filter(({ inner, own }) => inner !== null && own.ignore !== true)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, inner, own }) => [key, canonical(inner, own)]);
  return { map: entries };
}
