import type { Document, YAMLMap } from "yaml";

import type { Declaration, Program, Property } from "./program";
import { keysOf, Reference } from "./program";

/** `Pulumi.yaml` with everything in it. `plugin`: the folder of the provider, where it is not on the path. */
export async function yamlProgram({ project, declarations }: Program, plugin: string | undefined): Promise<string> {
  const keys = keysOf(declarations, (name) => name);
  const document = await projectDocument(project, "yaml", plugin);
  const resources = document.createNode({}) as YAMLMap;
  for (const declaration of declarations) resources.add(resource(declaration, keys, document));
  const title = document.createNode("resources");
  title.spaceBefore = true;
  document.add(document.createPair(title, resources));
  return written(document);
}

/** The `Pulumi.yaml` of a program in another language. */
export async function yamlProject(project: string, runtime: string, plugin: string | undefined): Promise<string> {
  return written(await projectDocument(project, runtime, plugin));
}

async function projectDocument(project: string, runtime: string, plugin: string | undefined): Promise<Document> {
  // Loaded where a program is written, and nowhere else.
  const { Document } = await import("yaml");
  // What a reader of YAML 1.1 takes for something else than a text is quoted: `no`, `017`, a date. Pulumi's is one.
  const document = new Document({ name: project, runtime }, { version: "1.1" });
  if (plugin !== undefined) {
    const provider = document.createNode({ name: "sdn", path: plugin }, { flow: true });
    document.set("plugins", document.createNode({ providers: [provider] }));
  }
  return document;
}

function resource(declaration: Declaration, keys: ReadonlyMap<Declaration, string>, document: Document) {
  const { type, name, properties, comment } = declaration;
  const key = document.createNode(keys.get(declaration) ?? "");
  if (comment !== undefined) key.commentBefore = ` ${comment}`;
  const values = document.createNode({}) as YAMLMap;
  for (const [property, value] of Object.entries(properties)) {
    // A value on one line.
    values.add(document.createPair(property, document.createNode(plain(value, keys), { flow: true })));
  }
  const named = key.value === name ? {} : { name };
  return document.createPair(key, document.createNode({ type: `sdn:${type}`, ...named, properties: values }));
}

/** A property as Pulumi's YAML has it: references are interpolations, and a text that looks like one is none. */
function plain(property: Property, keys: ReadonlyMap<Declaration, string>): unknown {
  if (property instanceof Reference) return `\${${keys.get(property.declaration) ?? ""}}`;
  if (typeof property === "string") return property.replaceAll("${", () => "$${");
  if (typeof property !== "object") return property;
  if (Array.isArray(property)) return (property as readonly Property[]).map((one) => plain(one, keys));
  return Object.fromEntries(Object.entries(property).map(([name, one]) => [name, plain(one, keys)]));
}

async function written(document: Document): Promise<string> {
  const { visit } = await import("yaml");
  visit(document, {
    Scalar: (_, node) => {
      // Interpolations are quoted as people quote them; to Pulumi `0o17` is a number, too; and a line stays one line.
      if (typeof node.value === "string" && /\$\{|\n|^[-+]?0o/.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity });
}
