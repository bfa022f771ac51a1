/** A field of an object as it was written: read as a type, or refused with its path. */

import { SdnError } from "../../model/error";
import { parseLabelKey, parseLabelValue } from "../../model/label";
import { shown } from "../../model/shown";
import type { FieldPath } from "../documents";
import type { Labels, PortReference } from "../objects";

/** Says of which field it is. */
export class FieldError extends SdnError {
  constructor(
    readonly path: FieldPath,
    value: unknown,
    cause: string,
  ) {
    super({
      code: "invalid-input",
      property: pathText(path),
      cause,
      ...(isPlain(value) ? { value: shownValue(value) } : {}),
    });
  }
}

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);
const shownValue = (value: string | number | boolean): unknown => (typeof value === "string" ? shown(value) : value);

function pathText(path: FieldPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

export class Field {
  constructor(
    readonly value: unknown,
    readonly path: FieldPath = [],
  ) {}

  /** Not written, or written as nothing: Kubernetes takes both the same. */
  get missing(): boolean {
    return this.value === undefined || this.value === null;
  }

  refuse(cause: string): FieldError {
    return new FieldError(this.path, this.value, cause);
  }

  at(...keys: readonly string[]): Field {
    return keys.reduce<Field>((field, key) => {
      const inner = field.missing ? undefined : field.record()[key];
      return new Field(inner, [...field.path, key]);
    }, this);
  }

  record(): Readonly<Record<string, unknown>> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      throw this.refuse("the field must have fields of its own");
    }
    return this.value as Readonly<Record<string, unknown>>;
  }

  items(): readonly Field[] {
    if (this.missing) return [];
    if (!Array.isArray(this.value)) throw this.refuse("the field must be a list");
    return this.value.map((item: unknown, index) => new Field(item, [...this.path, index]));
  }

  text(): string {
    if (typeof this.value !== "string") throw this.refuse("the field must be a text");
    return this.value;
  }

  textOr<T>(otherwise: T): string | T {
    return this.missing || this.value === "" ? otherwise : this.text();
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.refuse(`the field must be a whole number from ${least} to ${most}`);
  }

  port(): number {
    return this.integer(1, 65_535);
  }

  portReference(): PortReference {
    return typeof this.value === "string" ? this.text() : this.port();
  }

  boolean(): boolean {
    if (this.missing) return false;
    if (typeof this.value !== "boolean") throw this.refuse("the field must be true or false");
    return this.value;
  }

  labels(): Labels {
    if (this.missing) return {};
    return Object.fromEntries(Object.keys(this.record()).map((key) => [key, this.at(key).textOr("")]));
  }

  /** A label's key or value that a selector names: a server refuses a selector with others. */
  labelKey(): string {
    return this.parsed(this.text(), parseLabelKey);
  }

  labelValue(): string {
    return this.missing ? "" : this.parsed(this.text(), parseLabelValue);
  }

  /** The field's own key, as a label's. */
  keyOfLabel(): string {
    return this.parsed(String(this.path.at(-1)), parseLabelKey);
  }

  private parsed(text: string, parse: (text: string, property: string) => string): string {
    try {
      return parse(text, "");
    } catch (thrown) {
      if (thrown instanceof SdnError) throw this.refuse(thrown.detail.cause);
      throw thrown;
    }
  }

  /** The fields that are written. */
  keys(): readonly string[] {
    if (this.missing) return [];
    return Object.keys(this.record()).filter((key) => !this.at(key).missing);
  }

  /** Fields that this kind of object does not have: a server would not store them. */
  unknown(known: readonly string[]): readonly Field[] {
    return this.keys()
      .filter((key) => !known.includes(key))
      .map((key) => this.at(key));
  }

  /** The one field that is written of those that exclude each other. */
  only<T extends string>(choices: readonly T[]): T {
    const given = choices.filter((choice) => !this.at(choice).missing);
    const [choice] = given;
    if (choice === undefined || given.length > 1) {
      throw this.refuse(`exactly one of the fields ${choices.join(", ")} must be given`);
    }
    return choice;
  }
}
