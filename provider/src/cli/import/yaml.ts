import type { Declaration, Program, Property } from "./program";
import { keysOf, Reference } from "./program";

/** `Pulumi.yaml` with everything in it. `plugin`: the folder of the provider, where it is not on the path. */
export function yamlProgram({ project, declarations }: Program, plugin: string | undefined): string {
  const keys = keysOf(declarations, (name) => name);
  const resources = declarations.map((declaration) => resource(declaration, keys));
  return `${projectHead(project, "yaml", plugin)}\nresources:\n${resources.join("")}`;
}

/** The part of `Pulumi.yaml` that every language has. */
export function projectHead(project: string, runtime: string, plugin: string | undefined): string {
  const plugins = plugin === undefined ? "" : `plugins:\n  providers:\n    - { name: sdn, path: ${scalar(plugin)} }\n`;
  return `name: ${scalar(project)}\nruntime: ${runtime}\n${plugins}`;
}

function resource(declaration: Declaration, keys: ReadonlyMap<Declaration, string>): string {
  const { type, name, properties, comment } = declaration;
  const key = keys.get(declaration) ?? "";
  return [
    ...(comment === undefined ? [] : [`  # ${comment}`]),
    `  ${scalar(key)}:`,
    `    type: sdn:${type}`,
    ...(key === name ? [] : [`    name: ${scalar(name)}`]),
    "    properties:",
    ...Object.entries(properties).map(([property, value]) => `      ${property}: ${flow(value, keys)}`),
    "",
  ].join("\n");
}

/** A value on one line. */
function flow(property: Property, keys: ReadonlyMap<Declaration, string>): string {
  if (property instanceof Reference) return `"\${${keys.get(property.declaration) ?? ""}}"`;
  // A text that looks like an interpolation is none.
  if (typeof property === "string") return scalar(property.replaceAll("${", "$${"));
  if (typeof property !== "object") return String(property);
  if (Array.isArray(property)) return `[${(property as readonly Property[]).map((one) => flow(one, keys)).join(", ")}]`;
  const entries = Object.entries(property).map(([name, one]) => `${scalar(name)}: ${flow(one, keys)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/**
 * A text as a YAML scalar: plain where no reader of YAML can take it for anything else, else in double quotes, in
 * which JSON's escapes are YAML's. Whole numbers, `yes`, `null` and their like are quoted.
 */
function scalar(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)*$|^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(text);
  return plain && !/^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i.test(text) ? text : JSON.stringify(text);
}
