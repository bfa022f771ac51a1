import type { Value } from "./value";

/** What the schema says of a property, as far as differences are concerned. */

export interface PropertyFlags {
  /** A change here, or anywhere inside, replaces the resource. Default false. */
  readonly replaceOnChanges?: boolean;
  /** Where a change of a known value replaces only sometimes. */
  readonly replaceWhen?: (before: Value, after: Value) => boolean;
  /**
   * Content that must not show: a difference is reported at the property itself, never inside it. Default false; a
   * value that arrives as a secret is treated so anyway.
   */
  readonly secret?: boolean;
  /** A list whose order means nothing. Default false. */
  readonly unordered?: boolean;
  /** Never reported. Default false. */
  readonly ignore?: boolean;
  /** Flags of an object's properties, or of those of a list's items. `*` is for every name without flags of its own. */
  readonly properties?: Readonly<Record<string, PropertyFlags>>;
}

export interface DiffSpec {
  readonly properties: Readonly<Record<string, PropertyFlags>>;
  /** Whether a replacement must delete first, because the physical name stays. Default false. */
  readonly deleteBeforeReplace?: boolean;
}

/** The flags of one property of an object. */
export function flagsOf(declared: Readonly<Record<string, PropertyFlags>> | undefined, key: string): PropertyFlags {
  if (declared === undefined) return {};
  if (Object.hasOwn(declared, key)) return declared[key] ?? {};
  return Object.hasOwn(declared, "*") ? (declared["*"] ?? {}) : {};
}
