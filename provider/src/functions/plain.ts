import type { Value, ValueMap } from "../rpc/value";

type Plain = undefined | null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Plain data as property values: what is absent is left out, as the wire has no place for it. */
export function plain(value: { readonly [key: string]: Plain }): ValueMap {
  return plainValue(value) as ValueMap;
}

function plainValue(value: Plain): Value {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Plain[]).map(plainValue);
  const present = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(present.map(([name, one]) => [name, plainValue(one)]));
}
