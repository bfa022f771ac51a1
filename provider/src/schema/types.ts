/** The part of Pulumi's package schema (pulumi-package metaschema) that we use. */

export interface TypeSpec {
  readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  readonly $ref?: string;
  readonly plain?: boolean;
}

export interface PropertySpec extends TypeSpec {
  readonly description: string;
  readonly default?: string | number | boolean;
  readonly secret?: boolean;
  readonly willReplaceOnChanges?: boolean;
}

export type Properties = Readonly<Record<string, PropertySpec>>;

export interface ObjectTypeSpec {
  readonly description: string;
  readonly type: "object";
  readonly properties: Properties;
  readonly required?: readonly string[];
}

export interface EnumTypeSpec {
  readonly description: string;
  readonly type: "string";
  readonly enum: readonly { readonly value: string; readonly description: string }[];
}

export interface ResourceSpec {
  readonly description: string;
  readonly isComponent?: boolean;
  readonly inputProperties: Properties;
  readonly requiredInputs?: readonly string[];
  /** Outputs; a component's inputs are not among them unless named. */
  readonly properties: Properties;
  readonly required?: readonly string[];
}

export interface FunctionSpec {
  readonly description: string;
  readonly inputs: ObjectTypeSpec;
  readonly outputs: ObjectTypeSpec;
}

export interface SchemaPart {
  readonly types?: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>>;
}

export const string = (description: string, more: Partial<PropertySpec> = {}): PropertySpec => ({
  type: "string",
  description,
  ...more,
});
export const integer = (description: string, more: Partial<PropertySpec> = {}): PropertySpec => ({
  type: "integer",
  description,
  ...more,
});
export const number = (description: string): PropertySpec => ({ type: "number", description });
export const boolean = (description: string, more: Partial<PropertySpec> = {}): PropertySpec => ({
  type: "boolean",
  description,
  ...more,
});
export const strings = (description: string): PropertySpec => ({
  type: "array",
  items: { type: "string" },
  description,
});
export const ofType = (name: string, description: string): PropertySpec => ({ $ref: `#/types/${name}`, description });
export const listOf = (name: string, description: string): PropertySpec => ({
  type: "array",
  items: { $ref: `#/types/${name}` },
  description,
});
export const ofResource = (name: string, description: string): PropertySpec => ({
  $ref: `#/resources/${name}`,
  description,
});
export const anything = (description: string): PropertySpec => ({ $ref: "pulumi.json#/Any", description });
