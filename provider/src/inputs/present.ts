type Optional<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };
type Required_<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] };

/** Only what is there: what is left out of an intent is left out of state. */
export function present<T extends object>(entries: T): Required_<T> & Optional<T> {
  const found = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as Required_<T> & Optional<T>;
}
