/** Names and namespaces of objects. */

import type { Labels } from "../objects";
import type { Field } from "./field";

export interface Metadata {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
}

/** An object without a namespace is in `default`, as with `kubectl apply`. */
export function metadataOf(object: Field): Metadata {
  const metadata = object.at("metadata");
  return {
    namespace: metadata.at("namespace").textOr("default"),
    name: metadata.at("name").textOr(metadata.at("generateName").textOr("")),
    labels: metadata.at("labels").labels(),
  };
}
