/**
 * The one diff engine: compares what the user wrote before with what the user writes now, led by flags of the schema.
 * Pure. The notation of paths and kinds is the engine's (`detailedDiff` of the provider protocol).
 */
import { flagsOf } from "./diff-spec";
import type { DiffSpec, PropertyFlags } from "./diff-spec";
import { matchUnordered } from "./diff-unordered";
import type { DiffResult, PropertyDiff, PropertyDiffKind } from "./handlers";
import { formatPath, parsePath, pathContains } from "./property-path";
import type { PropertyPath } from "./property-path";
import { Asset, Archive, isValueMap, OutputValue, ResourceReference, Secret, Unknown } from "./value";
import type { Value, ValueMap } from "./value";
import { deepEqual, isList, unwrap } from "./values";

export type { DiffSpec, PropertyFlags };

interface Difference {
  readonly path: PropertyPath;
  readonly kind: "add" | "delete" | "update";
  readonly replace: boolean;
}

interface Scope {
  readonly path: PropertyPath;
  readonly flags: PropertyFlags;
  /** Whether an ancestor is replaced on changes. */
  readonly replace: boolean;
  /** Whether the left side holds only some of the properties of declared objects. */
  readonly partial: boolean;
  readonly ignored: readonly PropertyPath[];
}

/**
 * What changes from `oldInputs` to `news`.
 *
 * `null` and absent are the same. A secret is compared by its content. A new value that is unknown counts as changed,
 * and as replacing where anything inside it could replace. `ignoreChanges` holds paths; whatever lies at or below one
 * is not reported.
 *
 * `actual` holds what a refresh found, for some of the inputs: properties of the resource and of objects that the spec
 * declares may be missing in it, lists, items of unordered lists and free-form maps are complete, `null` says that the
 * host has no such value. Where it differs from `news`, and no input difference was reported at, above or below that
 * path, the difference is reported with `inputDiff` false.
 */
export function diffInputs(
  spec: DiffSpec,
  oldInputs: ValueMap,
  news: ValueMap,
  ignoreChanges: readonly string[],
  actual?: ValueMap,
): DiffResult {
  const ignored = ignoreChanges.map(parsePath).filter((path) => path !== undefined);
  const root: Scope = { path: [], flags: { properties: spec.properties }, replace: false, partial: false, ignored };
  const changed = [...compareMaps(root, oldInputs, news)];
  const drifted = actual === undefined ? [] : [...compareMaps({ ...root, partial: true }, actual, news)];
  const detailedDiff = new Map<string, PropertyDiff>(changed.map((difference) => entry(difference, true)));
  const inputPaths = new Set(detailedDiff.keys());
  const above = new Set(changed.flatMap(({ path }) => path.map((_, length) => formatPath(path.slice(0, length)))));
  for (const difference of drifted) {
    const covering = difference.path.map((_, at) => formatPath(difference.path.slice(0, at + 1)));
    const [path, change] = entry(difference, false);
    if (!above.has(path) && !covering.some((prefix) => inputPaths.has(prefix))) detailedDiff.set(path, change);
  }
  const replaces = [...detailedDiff.values()].some(({ kind }) => kind.endsWith("-replace"));
  return {
    changes: detailedDiff.size > 0,
    detailedDiff,
    deleteBeforeReplace: replaces && spec.deleteBeforeReplace === true,
  };
}

function entry(difference: Difference, inputDiff: boolean): [string, PropertyDiff] {
  const kind: PropertyDiffKind = difference.replace ? `${difference.kind}-replace` : difference.kind;
  return [formatPath(difference.path), { kind, inputDiff }];
}

function* compare(scope: Scope, before: Value | undefined, after: Value | undefined): Generator<Difference> {
  if (scope.flags.ignore === true || scope.ignored.some((path) => pathContains(path, scope.path))) return;
  const [left, right] = [content(before), content(after)];
  if (left === null && right === null) return;
  if (left === null || right === null || right instanceof Unknown || left instanceof Unknown) {
    yield whole(scope, left, right);
    return;
  }
  const inner = compareContent(scope, left, right);
  if (!isOpaque(scope, before, after)) {
    yield* inner;
    return;
  }
  const hidden = [...inner];
  if (hidden.length > 0) yield { path: scope.path, kind: "update", replace: hidden.some(({ replace }) => replace) };
}

function* compareContent(scope: Scope, left: Value, right: Value): Generator<Difference> {
  if (isValueMap(left) && isValueMap(right)) {
    yield* compareMaps(scope, left, right);
  } else if (isList(left) && isList(right)) {
    yield* compareLists(scope, left, right);
  } else if (!deepEqual(left, right)) {
    yield whole(scope, left, right);
  }
}

function* compareMaps(scope: Scope, left: ValueMap, right: ValueMap): Generator<Difference> {
  const declared = scope.flags.properties;
  const leftKeys = Object.keys(left);
  const someOnly = scope.partial && declared !== undefined && Object.keys(declared).some((name) => name !== "*");
  const keys = someOnly || (scope.partial && scope.path.length === 0) ? leftKeys : [...leftKeys, ...Object.keys(right)];
  for (const key of new Set(keys)) {
    yield* compare(within(scope, key, flagsOf(declared, key)), own(left, key), own(right, key));
  }
}

function* compareLists(scope: Scope, left: readonly Value[], right: readonly Value[]): Generator<Difference> {
  // Everything that is said of a list but its order is said of its items too.
  const { unordered, ...item } = scope.flags;
  if (unordered !== true) {
    for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
      yield* compare(within(scope, at, item), left[at], right[at]);
    }
    return;
  }
  const { removed, added } = matchUnordered(left, right, item);
  for (const at of removed) {
    yield* compare(within(scope, at, item), left[at], added.has(at) ? right[at] : undefined);
  }
  for (const at of added) {
    if (!removed.has(at)) yield* compare(within(scope, at, item), undefined, right[at]);
  }
}

function within(scope: Scope, element: string | number, flags: PropertyFlags): Scope {
  const replace = scope.replace || scope.flags.replaceOnChanges === true;
  return { ...scope, path: [...scope.path, element], flags, replace };
}

function whole(scope: Scope, left: Value, right: Value): Difference {
  const kind = left === null ? "add" : right === null ? "delete" : "update";
  const sometimes = kind === "update" && !(right instanceof Unknown) && scope.flags.replaceWhen?.(left, right) === true;
  return { path: scope.path, kind, replace: scope.replace || sometimes || replacesInside(scope.flags, left, right) };
}

/** Whether a value that comes, goes or changes as a whole replaces: for its own flag or for that of a part it has. */
function replacesInside(flags: PropertyFlags, left: Value, right: Value): boolean {
  if (flags.replaceOnChanges === true) return true;
  const inside = Object.entries(flags.properties ?? {}).filter(([, inner]) => inner.ignore !== true);
  return inside.some(([name, inner]) => {
    const parts = [left, right].flatMap((value) => partsNamed(value, name, flags));
    return parts.some((part) => content(part) !== null && replacesInside(inner, part, null));
  });
}

/** The values that flags under `name` speak of. An unknown may have any part. */
function partsNamed(value: Value, name: string, flags: PropertyFlags): readonly Value[] {
  const plain = unwrap(value);
  if (plain instanceof Unknown) return [plain];
  if (isList(plain)) return plain.flatMap((item) => partsNamed(item, name, flags));
  if (!isValueMap(plain)) return [];
  if (name !== "*") return own(plain, name) === undefined ? [] : [own(plain, name) ?? null];
  const known = flags.properties ?? {};
  return Object.entries(plain).flatMap(([key, part]) => (Object.hasOwn(known, key) ? [] : [part]));
}

/** Without the marks around it; `null` for what is absent. */
function content(value: Value | undefined): Value {
  return value === undefined ? null : unwrap(value);
}

function own(map: ValueMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The engine does not look inside these, so no path may lead into them. */
function isOpaque(scope: Scope, before: Value | undefined, after: Value | undefined): boolean {
  return scope.flags.secret === true || [before, after].some(isClosed);
}

function isClosed(value: Value | undefined): boolean {
  if (value instanceof OutputValue || value instanceof Secret) return true;
  return value instanceof Asset || value instanceof Archive || value instanceof ResourceReference;
}
