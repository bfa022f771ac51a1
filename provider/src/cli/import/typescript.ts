import type { Declaration, Program, Property } from "./program";
import { keysOf, Reference } from "./program";

const reserved = new Set([
  "sdn",
  "break",
  "case",
  "catch",
  "class",
  "const",
  "default",
  "delete",
  "do",
  "else",
  "enum",
  "export",
  "extends",
  "false",
  "finally",
  "for",
  "function",
  "if",
  "import",
  "in",
  "instanceof",
  "new",
  "null",
  "return",
  "super",
  "switch",
  "this",
  "throw",
  "true",
  "try",
  "typeof",
  "var",
  "void",
  "while",
  "with",
  "let",
  "static",
  "yield",
  "await",
  "implements",
  "interface",
  "package",
  "private",
  "protected",
  "public",
  "arguments",
  "eval",
]);

/** `index.ts`. */
export function typescriptProgram({ declarations }: Program): string {
  const keys = keysOf(declarations, identifier);
  const blocks = declarations.map((declaration) => {
    const { type, name, properties, comment } = declaration;
    const head = comment === undefined ? "" : `// ${comment}\n`;
    const key = keys.get(declaration) ?? "";
    return `${head}export const ${key} = new sdn.${type}(${JSON.stringify(name)}, ${written(properties, keys, "")});\n`;
  });
  return `import * as sdn from "pulumi-sdn";\n\n${blocks.join("\n")}`;
}

/** `web-1` → `web1`, `fabric-2` → `fabric2`, `data.center` → `dataCenter`. */
function identifier(name: string): string {
  const [first = "", ...rest] = name.split(/[^A-Za-z0-9]+/).filter((part) => part !== "");
  const joined = first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  const valid = /^[A-Za-z]/.test(joined) ? joined : `r${joined}`;
  return reserved.has(valid) ? `${valid}_` : valid;
}

const widest = 100;

function written(property: Property, keys: ReadonlyMap<Declaration, string>, indent: string): string {
  if (property instanceof Reference) return keys.get(property.declaration) ?? "";
  if (typeof property !== "object") return JSON.stringify(property);
  const inner = `${indent}    `;
  const list = Array.isArray(property);
  const items = list
    ? (property as readonly Property[]).map((one) => written(one, keys, inner))
    : Object.entries(property).map(([name, one]) => entry(name, written(one, keys, inner)));
  const [open, close, padding] = list ? ["[", "]", ""] : ["{", "}", " "];
  if (items.length === 0) return `${open}${close}`;
  const line = `${open}${padding}${items.join(", ")}${padding}${close}`;
  if (line.length + indent.length <= widest && !line.includes("\n")) return line;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}${close}`;
}

function entry(name: string, value: string): string {
  if (name === value) return name;
  return `${/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name)}: ${value}`;
}
