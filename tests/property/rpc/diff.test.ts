import fc from "fast-check";

import { diffInputs } from "../../../provider/src/rpc/diff";
import type { DiffSpec } from "../../../provider/src/rpc/diff";
import { formatPath, parsePath, pathContains } from "../../../provider/src/rpc/property-path";
import { isValueMap, Secret } from "../../../provider/src/rpc/value";
import type { Value, ValueMap } from "../../../provider/src/rpc/value";
import { deepEqual, isList, mapEntries, mapValue } from "../../../provider/src/rpc/values";
import { key, plainMap, seed } from "./arbitraries";

const flags = fc.record(
  { replaceOnChanges: fc.boolean(), secret: fc.boolean(), unordered: fc.boolean() },
  { requiredKeys: [] },
);
const anySpec: fc.Arbitrary<DiffSpec> = fc.record({ properties: fc.dictionary(key, flags, { noNullPrototype: true }) });

/** Few names and values, so that two maps share much. */
const small: fc.Arbitrary<ValueMap> = fc.dictionary(
  fc.constantFrom("a", "b", "c.d", 'e"f'),
  fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Value>("x", "y", 1, true, null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom("a", "b"), tie("value"), { noNullPrototype: true }),
    ),
  })).value,
  { noNullPrototype: true },
);

function valueAt(map: ValueMap, path: string): Value {
  return (parsePath(path) ?? []).reduce<Value>((value, element) => {
    if (isList(value) && typeof element === "number") return value[element] ?? null;
    if (isValueMap(value) && typeof element === "string") return value[element] ?? null;
    return null;
  }, map);
}

/** Without entries that are null: the diff does not tell them from absent ones. */
function compact(map: ValueMap): Value {
  return mapValue(map, (node) =>
    isValueMap(node) ? Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null)) : node,
  );
}

test("a map differs from itself in nothing", () => {
  fc.assert(
    fc.property(plainMap, anySpec, (map, spec) => {
      expect([...diffInputs(spec, map, map, [], map).detailedDiff]).toEqual([]);
    }),
    { seed, numRuns: 500 },
  );
});

test("every path that is reported really differs, and its kind says how", () => {
  fc.assert(
    fc.property(small, small, anySpec, (olds, news, spec) => {
      for (const [path, { kind, inputDiff }] of diffInputs(spec, olds, news, []).detailedDiff) {
        const [before, after] = [valueAt(olds, path), valueAt(news, path)];
        expect(deepEqual(before, after)).toBe(false);
        expect(inputDiff).toBe(true);
        if (before === null) expect(kind).toMatch(/^add/);
        if (after === null) expect(kind).toMatch(/^delete/);
      }
    }),
    { seed, numRuns: 1000 },
  );
});

test("without flags, nothing is reported exactly where old and new are the same", () => {
  fc.assert(
    fc.property(small, small, (olds, news) => {
      const { changes } = diffInputs({ properties: {} }, olds, news, []);
      if (deepEqual(compact(olds), compact(news))) expect(changes).toBe(false);
      else if (!changes) expect(JSON.stringify([olds, news])).toContain("null");
    }),
    { seed, numRuns: 1000 },
  );
});

test("the order of an unordered list is no difference", () => {
  const shuffled = fc
    .array(fc.constantFrom<Value>("x", "y", { a: 1 }, { a: 2 }), { maxLength: 6 })
    .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
  fc.assert(
    fc.property(shuffled, ([olds, news]) => {
      const spec = { properties: { list: { unordered: true } } };
      expect(diffInputs(spec, { list: olds }, { list: news }, []).changes).toBe(false);
    }),
    { seed, numRuns: 300 },
  );
});

test("what is a secret and what is not changes nothing in whether there is a difference", () => {
  fc.assert(
    fc.property(small, small, (olds, news) => {
      const hidden = mapEntries(news, (value) => new Secret(value));
      const bare = diffInputs({ properties: {} }, olds, news, []).changes;
      expect(diffInputs({ properties: {} }, olds, hidden, []).changes).toBe(bare);
    }),
    { seed, numRuns: 300 },
  );
});

test("ignored paths and what is below them are never reported", () => {
  fc.assert(
    fc.property(small, small, fc.constantFrom("a", "b[0]", "*", "a.*", '["c.d"]'), (olds, news, ignored) => {
      const reported = [...diffInputs({ properties: {} }, olds, news, [ignored]).detailedDiff.keys()];
      const path = parsePath(ignored) ?? [];
      expect(reported.filter((other) => pathContains(path, parsePath(other) ?? []))).toEqual([]);
    }),
    { seed, numRuns: 500 },
  );
});

test("a path survives being written and read", () => {
  const name = fc.string({ minLength: 1 }).filter((text) => !text.includes("\\"));
  fc.assert(
    fc.property(fc.array(fc.oneof(name, fc.nat()), { minLength: 1, maxLength: 5 }), (path) => {
      expect(parsePath(formatPath(path))).toEqual(path);
    }),
    { seed, numRuns: 500 },
  );
});
