/** Questions to and transformations of property values. Pure. */
import { isDeepStrictEqual } from "node:util";

import { Archive, Asset, isValueMap, OutputValue, ResourceReference, Secret, unknown, Unknown } from "./value";
import type { Value, ValueMap } from "./value";

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** `value` without the secrets and outputs around it; what lies deeper stays. An unknown output is `unknown`. */
export function unwrap(value: Value): Value {
  if (value instanceof Secret) return unwrap(value.value);
  if (value instanceof OutputValue) return value.value === undefined ? unknown : unwrap(value.value);
  return value;
}

/** Whether the value itself is unknown, be it in a secret or an output. */
export function isUnknown(value: Value | undefined): boolean {
  return value !== undefined && unwrap(value) instanceof Unknown;
}

/** Whether an unknown is anywhere in the value. The unknown id of a referenced resource does not count. */
export function containsUnknown(value: Value | undefined): boolean {
  return some(value, (node) => node instanceof Unknown || (node instanceof OutputValue && node.value === undefined));
}

/** Whether a secret is anywhere in the value. */
export function containsSecret(value: Value | undefined): boolean {
  return some(value, (node) => node instanceof Secret || (node instanceof OutputValue && node.secret));
}

/** The value with every secret and output replaced by its content, at any depth; an unknown output by `unknown`. */
export function stripSecrets(value: ValueMap): ValueMap;
export function stripSecrets(value: Value): Value;
export function stripSecrets(value: Value): Value {
  return mapValue(value, unwrap);
}

/** The value with every output replaced by a secret, `unknown` or plain value, at any depth. */
export function settleOutputs(value: ValueMap): ValueMap;
export function settleOutputs(value: Value): Value;
export function settleOutputs(value: Value): Value {
  return mapValue(value, (node) => (node instanceof OutputValue ? settled(node) : node));
}

/** One output as the secret, `unknown` or plain value that it stands for. */
export function settled(output: OutputValue): Value {
  const inner = output.value === undefined ? unknown : output.value;
  const content = inner instanceof OutputValue ? settled(inner) : inner;
  return output.secret && !(content instanceof Secret) ? new Secret(content) : content;
}

/** The URNs that outputs anywhere in the value depend on, each once, sorted. */
export function dependenciesOf(value: Value | undefined): readonly string[] {
  const found = new Set<string>();
  some(value, (node) => {
    if (node instanceof OutputValue) node.dependencies.forEach((urn) => found.add(urn));
    return false;
  });
  return [...found].sort();
}

/**
 * Rebuilds a value from its leaves up: `visit` gets every node after its children were replaced, those inside secrets
 * and outputs included.
 */
export function mapValue(value: Value, visit: (node: Value) => Value): Value {
  const inner = (child: Value): Value => mapValue(child, visit);
  if (isList(value)) return visit(value.map(inner));
  if (value instanceof Secret) return visit(new Secret(inner(value.value)));
  if (value instanceof OutputValue) {
    const content = value.value === undefined ? undefined : inner(value.value);
    return visit(new OutputValue(content, value.secret, value.dependencies));
  }
  if (isValueMap(value)) return visit(mapEntries(value, inner));
  return visit(value);
}

/** The map with each value replaced. An entry that is `undefined` at run time is left out. */
export function mapEntries(map: ValueMap, replace: (value: Value, key: string) => Value): ValueMap {
  const entries: [string, Value][] = [];
  for (const [key, value] of Object.entries(map) as [string, Value | undefined][]) {
    if (value !== undefined) entries.push([key, replace(value, key)]);
  }
  return Object.fromEntries(entries);
}

/**
 * Whether two values are the same in structure and content. A secret equals only a secret, `unknown` equals `unknown`,
 * the dependencies of outputs are compared as sets, an absent key differs from `null`.
 */
export function deepEqual(left: Value, right: Value): boolean {
  if (isList(left)) {
    return (
      isList(right) && left.length === right.length && left.every((item, at) => deepEqual(item, right[at] ?? null))
    );
  }
  if (left instanceof Secret) return right instanceof Secret && deepEqual(left.value, right.value);
  if (left instanceof OutputValue) return right instanceof OutputValue && sameOutput(left, right);
  if (left instanceof ResourceReference) {
    return right instanceof ResourceReference && sameReference(left, right);
  }
  if (left instanceof Asset) return right instanceof Asset && isDeepStrictEqual(left.wire, right.wire);
  if (left instanceof Archive) return right instanceof Archive && isDeepStrictEqual(left.wire, right.wire);
  if (isValueMap(left)) return isValueMap(right) && sameMap(left, right);
  return left === right || (Number.isNaN(left) && Number.isNaN(right));
}

function sameOutput(left: OutputValue, right: OutputValue): boolean {
  if (left.secret !== right.secret) return false;
  if (!isDeepStrictEqual(new Set(left.dependencies), new Set(right.dependencies))) return false;
  if (left.value === undefined || right.value === undefined) return left.value === right.value;
  return deepEqual(left.value, right.value);
}

function sameMap(left: ValueMap, right: ValueMap): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => {
    const [a, b] = [left[key], right[key]];
    return Object.hasOwn(right, key) && a !== undefined && b !== undefined && deepEqual(a, b);
  });
}

/** Whether `predicate` holds for the value or anything inside it. */
function some(value: Value | undefined, predicate: (node: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (predicate(value)) return true;
  const inner = (child: Value | undefined): boolean => some(child, predicate);
  if (isList(value)) return value.some(inner);
  if (value instanceof Secret || value instanceof OutputValue) return inner(value.value);
  return isValueMap(value) && Object.values(value).some(inner);
}

function sameReference(left: ResourceReference, right: ResourceReference): boolean {
  return left.urn === right.urn && left.id === right.id && left.packageVersion === right.packageVersion;
}
