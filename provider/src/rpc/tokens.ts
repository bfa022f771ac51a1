/** From type and function tokens to handlers. */
import { SdnError } from "../model/error";
import type { Handlers } from "./handlers";

/** The type of the resource that a URN names: the last part of its third field. */
export function typeOfUrn(urn: string): string {
  const qualified = urn.split("::")[2] ?? "";
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

/** The name of the resource that a URN names; it may hold `::` itself. */
export function nameOfUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** Throws `not-found`, with the tokens that there are, for any other one. */
export function handlerOf<T>(
  known: ReadonlyMap<string, () => T>,
  token: string,
  what: "resource" | "component" | "function",
  { packageName, version }: Handlers,
): T {
  const make = known.get(token);
  if (make !== undefined) return make();
  const tokens = [...known.keys()].sort();
  throw new SdnError({
    code: "not-found",
    cause: `version ${version} of the ${packageName} provider has no ${what} of this type`,
    value: token,
    remedy: tokens.length > 0 ? `known are: ${tokens.join(", ")}` : `it has no ${what}s at all`,
  });
}
