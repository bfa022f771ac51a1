/**
 * Keeps secrets out of the engine's error messages. The engine prints the value of the input that a failure names, and
 * prints secrets in clear (measured with 3.259.0: `errorToMessage` in source_eval.go for components,
 * `issueCheckFailures` in step_generator.go for resources). A name that leads nowhere makes it print none.
 */
import { parsePath } from "./property-path";
import type { ValueMap } from "./value";
import { containsSecret } from "./values";

const mark = "(value not shown)";

/** A path that the engine cannot follow, yet a person can read. */
export function withoutValue(property: string): string {
  return `${property} ${mark}`.trimStart();
}

/** For a component. The engine follows paths; the empty one, and so perhaps one that we cannot read, leads to all. */
export function componentFailurePath(property: string, inputs: ValueMap): string {
  const root = parsePath(property)?.[0];
  if (root === undefined) return containsSecret(inputs) ? withoutValue(property) : property;
  const named = String(root);
  return Object.hasOwn(inputs, named) && containsSecret(inputs[named]) ? withoutValue(property) : property;
}

/** For a resource. The engine looks up the whole text as a name among the inputs, so a nested path shows nothing. */
export function resourceFailurePath(property: string, inputs: ValueMap): string {
  return Object.hasOwn(inputs, property) && containsSecret(inputs[property]) ? withoutValue(property) : property;
}
