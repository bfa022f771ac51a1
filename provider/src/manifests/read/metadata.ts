/** Names and namespaces of objects. */

import type { Labels } from "../objects";
import type { Field } from "./field";

export interface Metadata {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
}

/** A little more than a server takes, and nothing that could be mistaken for another part of a line. */
const nameGrammar = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const kindGrammar = /^[A-Z][A-Za-z0-9]{0,62}$/;

export function nameOf(field: Field): string {
  const name = field.text();
  if (!nameGrammar.test(name)) throw field.refuse("the field must be a name of letters, digits, ., _ and -");
  return name;
}

export function kindOf(field: Field): string {
  const kind = field.text();
  if (!kindGrammar.test(kind)) throw field.refuse("the field must be a kind such as ReplicaSet");
  return kind;
}

/** An object without a namespace is in `default`, as with `kubectl apply`. */
export function metadataOf(object: Field): Metadata {
  const metadata = object.at("metadata");
  const [namespace, name, start] = [metadata.at("namespace"), metadata.at("name"), metadata.at("generateName")];
  const isNamed = name.textOr("") !== "" || start.textOr("") === "";
  return {
    namespace: namespace.textOr("") === "" ? "default" : nameOf(namespace),
    name: isNamed ? nameOf(name) : generatedName(start),
    labels: metadata.at("labels").labels(),
  };
}

/** A server puts letters after it. */
function generatedName(start: Field): string {
  const text = start.text();
  if (!nameGrammar.test(`${text}x`)) throw start.refuse("the field must begin a name of letters, digits, ., _ and -");
  return text;
}

/** Kinds whose objects are in no namespace, whatever they say. */
const clusterKinds = new Set([
  "Namespace",
  "Node",
  "AdminNetworkPolicy",
  "BaselineAdminNetworkPolicy",
  "ClusterNetworkPolicy",
]);

/** The same for two objects that a server takes for one; `undefined` for what it names itself. */
export function identityOf(object: Field, kind: string): string | undefined {
  const { namespace, name } = metadataOf(object);
  if (object.at("metadata", "name").textOr("") === "") return undefined;
  return `${kind} ${clusterKinds.has(kind) ? "" : namespace}/${name}`;
}
