/**
 * Property values as they travel between engine and provider, without loss: unknowns, secrets, outputs with
 * dependencies, resource references and assets stay what they are.
 */

export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | ValueMap
  | Unknown
  | Secret
  | OutputValue
  | ResourceReference
  | Asset
  | Archive;

export interface ValueMap {
  readonly [key: string]: Value;
}

/** A value that is not known yet (during preview). There is one instance, `unknown`. */
export class Unknown {
  private readonly brand = "unknown";
  toString(): string {
    return `<${this.brand}>`;
  }
}
export const unknown = new Unknown();

/** A value that must not appear in clear in state or logs. Its string form hides it. */
export class Secret {
  constructor(readonly value: Value) {}
  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
}

/** An output with its dependencies; `value` is `undefined` where it is unknown. */
export class OutputValue {
  constructor(
    readonly value: Value | undefined,
    readonly secret: boolean,
    readonly dependencies: readonly string[],
  ) {}
}

export class ResourceReference {
  constructor(
    readonly urn: string,
    /** `undefined` for a component; `unknown` for a custom resource that does not exist yet. */
    readonly id: string | Unknown | undefined,
    readonly packageVersion: string,
  ) {}
}

/** An asset, kept as the wire has it. */
export class Asset {
  constructor(readonly wire: Readonly<Record<string, unknown>>) {}
}

/** An archive, kept as the wire has it. */
export class Archive {
  constructor(readonly wire: Readonly<Record<string, unknown>>) {}
}

export function isValueMap(value: Value | undefined): value is ValueMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof Secret) &&
    !(value instanceof OutputValue) &&
    !(value instanceof ResourceReference) &&
    !(value instanceof Asset) &&
    !(value instanceof Archive)
  );
}
