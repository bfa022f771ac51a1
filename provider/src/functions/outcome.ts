import type { CheckFailure } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";

/** What a function answers with. */
export type Outcome = { readonly result: ValueMap } | { readonly failures: readonly CheckFailure[] };

/** The answer of a preview in which an argument is not known yet. */
export function unknownResult(...outputs: readonly string[]): Outcome {
  return { result: Object.fromEntries(outputs.map((name) => [name, unknown])) };
}
