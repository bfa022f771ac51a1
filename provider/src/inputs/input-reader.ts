import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import { formatPath } from "../rpc/property-path";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap, Secret, Unknown, unknown } from "../rpc/value";

/**
 * Reads typed values out of a property map, collecting every problem on the way. A value that is not known yet is
 * `undefined` and remembered: what depends on it is left for the run in which it is known.
 */
export class InputReader {
  private readonly known = new Set<string>();

  constructor(
    private readonly values: ValueMap,
    readonly problems: Problems,
    /** Where the map itself is; empty for a resource's own properties. */
    readonly path: string,
    /** Paths that are unknown; shared with nested readers. */
    readonly unknowns: Set<string> = new Set(),
  ) {}

  static of(values: ValueMap): InputReader {
    return new InputReader(values, new Problems(), "");
  }

  /** The names that are given, for maps whose keys are the user's. */
  get names(): readonly string[] {
    return Object.keys(this.values);
  }

  at(name: string): string {
    const step = formatPath([name]);
    return this.path === "" || step.startsWith("[") ? `${this.path}${step}` : `${this.path}.${step}`;
  }

  /** Whether there is something, known or not. */
  given(name: string): boolean {
    this.known.add(name);
    return (this.values[name] ?? null) !== null;
  }

  /** What was read, or `unknown` where that is not known yet. */
  orUnknown<T>(name: string, read: T | undefined): T | Unknown | undefined {
    return read ?? (this.unknowns.has(this.at(name)) ? unknown : undefined);
  }

  private raw(name: string): Value | undefined {
    this.known.add(name);
    let value = this.values[name];
    while (value instanceof Secret) value = value.value;
    if (value instanceof Unknown) {
      this.unknowns.add(this.at(name));
      return undefined;
    }
    return value ?? undefined;
  }

  private refuse(name: string, wanted: string, value: Value): undefined {
    const shown = typeof value === "object" ? {} : { value };
    this.problems.add(
      new SdnError({ code: "invalid-input", property: this.at(name), cause: `must be ${wanted}`, ...shown }),
    );
    return undefined;
  }

  /** Says that a required property is missing, unless it is merely unknown. */
  require<T>(name: string, value: T | undefined, wanted: string): T | undefined {
    if (value !== undefined || this.unknowns.has(this.at(name)) || (this.values[name] ?? null) !== null) return value;
    this.problems.add(
      new SdnError({
        code: "invalid-input",
        property: this.at(name),
        cause: "is required and missing",
        remedy: `give ${wanted}`,
      }),
    );
    return undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    return typeof value === "string" ? value : this.refuse(name, "a text", value);
  }

  /** A text that a grammar turns into a value. */
  parsed<T>(name: string, parse: (text: string, property: string) => T): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.problems.collect(() => parse(text, this.at(name)));
  }

  /** The same; a whole number is taken as its digits, which nobody puts in quotes in YAML. */
  parsedDigits<T>(name: string, parse: (text: string, property: string) => T): T | undefined {
    const value = this.raw(name);
    if (typeof value !== "number" || !Number.isInteger(value)) return this.parsed(name, parse);
    return this.problems.collect(() => parse(String(value), this.at(name)));
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    return typeof value === "boolean" ? value : this.refuse(name, "true or false", value);
  }

  integer(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    return this.refuse(name, `a whole number from ${minimum} to ${maximum}`, value);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice === text);
    return found ?? this.refuse(name, `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`, text);
  }

  /** The items as they are; an unknown item makes the whole list unknown. */
  list(name: string): readonly Value[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.refuse(name, "a list", value);
    const items = value as readonly Value[];
    if (!items.some((item) => item instanceof Unknown)) return items;
    this.unknowns.add(this.at(name));
    return undefined;
  }

  texts(name: string, parse: (text: string, property: string) => string): readonly string[] | undefined {
    return this.list(name)?.flatMap((item, index) => {
      const property = `${this.at(name)}[${index}]`;
      const parsed = this.problems.collect(() => {
        if (typeof item !== "string") throw new SdnError({ code: "invalid-input", property, cause: "must be a text" });
        return parse(item, property);
      });
      return parsed === undefined ? [] : [parsed];
    });
  }

  object(name: string): InputReader | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!isValueMap(value)) return this.refuse(name, "an object", value);
    return new InputReader(value, this.problems, this.at(name), this.unknowns);
  }

  /** A list of objects; what is not one is a problem. */
  objects(name: string): readonly InputReader[] | undefined {
    return this.list(name)?.flatMap((item, index) => {
      const inner = item instanceof Secret ? item.value : item;
      const path = `${this.at(name)}[${index}]`;
      if (isValueMap(inner)) return [new InputReader(inner, this.problems, path, this.unknowns)];
      this.problems.add(new SdnError({ code: "invalid-input", property: path, cause: "must be an object" }));
      return [];
    });
  }

  value(name: string): Value | undefined {
    return this.raw(name);
  }

  /** Names that nothing asked for are mistakes: say so, with the nearest name. */
  finish(): void {
    for (const name of Object.keys(this.values)) {
      if (this.known.has(name) || name.startsWith("__")) continue;
      this.problems.add(
        new SdnError({
          code: "invalid-input",
          property: this.at(name),
          cause: "is not a property here",
          remedy: `the properties are ${[...this.known].sort().join(", ")}`,
        }),
      );
    }
  }
}
