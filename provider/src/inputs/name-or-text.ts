import type { InputReader } from "./input-reader";
import { SdnError } from "../model/error";
import { nameOfUrn } from "../rpc/tokens";
import type { Value } from "../rpc/value";
import { ResourceReference } from "../rpc/value";

/** A text, or the name of a resource that is given itself. */
export function nameOrText(reader: InputReader, property: string): string | undefined {
  const value: Value | undefined = reader.value(property);
  if (value === undefined || typeof value === "string") return value;
  if (value instanceof ResourceReference) return nameOfUrn(value.urn);
  reader.problems.add(new SdnError({ code: "invalid-input", property, cause: "must be a text or a resource" }));
  return undefined;
}
