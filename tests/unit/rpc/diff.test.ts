import { diffInputs } from "../../../provider/src/rpc/diff";
import type { DiffSpec } from "../../../provider/src/rpc/diff";
import { OutputValue, ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import type { ValueMap } from "../../../provider/src/rpc/value";

interface Case {
  readonly name: string;
  readonly spec?: DiffSpec["properties"];
  readonly olds: ValueMap;
  readonly news: ValueMap;
  readonly ignoreChanges?: readonly string[];
  readonly actual?: ValueMap;
  /** Path → kind; kinds of drift end with `!`. */
  readonly reported: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { name: "nothing changed", olds: { a: 1 }, news: { a: 1 }, reported: {} },
  { name: "a property came", olds: {}, news: { a: 1 }, reported: { a: "add" } },
  { name: "a property went", olds: { a: 1 }, news: {}, reported: { a: "delete" } },
  { name: "null and absent are the same", olds: { a: null }, news: {}, reported: {} },
  { name: "a property got another type", olds: { a: 1 }, news: { a: "1" }, reported: { a: "update" } },
  {
    name: "an object that came is reported as one",
    olds: {},
    news: { a: { b: 1, c: 2 } },
    reported: { a: "add" },
  },
  {
    name: "the path leads to the innermost difference",
    olds: { a: { b: [{ c: 1, d: 1 }] } },
    news: { a: { b: [{ c: 2, d: 1 }] } },
    reported: { "a.b[0].c": "update" },
  },
  {
    name: "names that are no identifiers are quoted",
    olds: { labels: { "app/name": "x", 'a"b': "x" } },
    news: { labels: { "app/name": "y", 'a"b': "y" } },
    reported: { 'labels["app/name"]': "update", 'labels["a\\"b"]': "update" },
  },
  {
    name: "a quoted name at the root has no dot",
    olds: { "a b": 1 },
    news: { "a b": 2 },
    reported: { '["a b"]': "update" },
  },
  { name: "a list grew", olds: { l: [1] }, news: { l: [1, 2] }, reported: { "l[1]": "add" } },
  { name: "a list shrank", olds: { l: [1, 2] }, news: { l: [1] }, reported: { "l[1]": "delete" } },
  {
    name: "an ordered list was turned round",
    olds: { l: [1, 2] },
    news: { l: [2, 1] },
    reported: { "l[0]": "update", "l[1]": "update" },
  },
  {
    name: "an unordered list was turned round",
    spec: { l: { unordered: true } },
    olds: { l: [1, 2] },
    news: { l: [2, 1] },
    reported: {},
  },
  {
    name: "an unordered list lost its first item",
    spec: { l: { unordered: true } },
    olds: { l: ["x", "y", "z"] },
    news: { l: ["y", "z"] },
    reported: { "l[0]": "delete" },
  },
  {
    name: "an unordered list lost one of two equal items",
    spec: { l: { unordered: true } },
    olds: { l: ["x", "y", "x"] },
    news: { l: ["x", "y"] },
    reported: { "l[2]": "delete" },
  },
  {
    name: "an unordered list's item changed inside, at its place",
    spec: { l: { unordered: true, properties: { port: {} } } },
    olds: { l: [{ port: 1 }, { port: 2 }] },
    news: { l: [{ port: 2 }, { port: 3 }] },
    reported: { "l[0]": "delete", "l[1]": "add" },
  },
  {
    name: "an unordered list's item that stays where it is is compared inside",
    spec: { l: { unordered: true } },
    olds: { l: [{ port: 1, name: "a" }] },
    news: { l: [{ port: 2, name: "a" }] },
    reported: { "l[0].port": "update" },
  },
  {
    name: "a property that replaces",
    spec: { a: { replaceOnChanges: true } },
    olds: { a: 1 },
    news: { a: 2 },
    reported: { a: "update-replace" },
  },
  {
    name: "an ancestor that replaces",
    spec: { a: { replaceOnChanges: true } },
    olds: { a: { b: [1] } },
    news: { a: { b: [1, 2] } },
    reported: { "a.b[1]": "add-replace" },
  },
  {
    name: "a nested property that replaces, and one beside it that does not",
    spec: { a: { properties: { b: { replaceOnChanges: true } } } },
    olds: { a: { b: 1, c: 1 } },
    news: { a: { b: 2, c: 2 } },
    reported: { "a.b": "update-replace", "a.c": "update" },
  },
  {
    name: "a nested property that replaces, in the items of a list",
    spec: { l: { properties: { b: { replaceOnChanges: true } } } },
    olds: { l: [{ b: 1 }] },
    news: { l: [{ b: 2 }] },
    reported: { "l[0].b": "update-replace" },
  },
  {
    name: "an object that came with a part that replaces",
    spec: { a: { properties: { b: { replaceOnChanges: true } } } },
    olds: {},
    news: { a: { b: 1 } },
    reported: { a: "add-replace" },
  },
  {
    name: "an object that came without the part that replaces",
    spec: { a: { properties: { b: { replaceOnChanges: true } } } },
    olds: {},
    news: { a: { c: 1 } },
    reported: { a: "add" },
  },
  {
    name: "flags for any name of a map",
    spec: { m: { properties: { "*": { replaceOnChanges: true }, free: {} } } },
    olds: { m: { x: 1, free: 1 } },
    news: { m: { x: 2, free: 2 } },
    reported: { "m.x": "update-replace", "m.free": "update" },
  },
  { name: "an unknown is a change", olds: { a: 1 }, news: { a: unknown }, reported: { a: "update" } },
  { name: "an unknown where nothing was", olds: {}, news: { a: unknown }, reported: { a: "add" } },
  {
    name: "an unknown deep inside",
    olds: { a: [{ b: 1 }] },
    news: { a: [{ b: unknown }] },
    reported: { "a[0].b": "update" },
  },
  {
    name: "an unknown in a secret",
    olds: { a: new Secret("x") },
    news: { a: new Secret(unknown) },
    reported: { a: "update" },
  },
  {
    name: "an unknown replaces where a part of what it may be replaces",
    spec: { a: { properties: { b: { replaceOnChanges: true } } } },
    olds: { a: { c: 1 } },
    news: { a: unknown },
    reported: { a: "update-replace" },
  },
  {
    name: "an unknown in an unordered list",
    spec: { l: { unordered: true } },
    olds: { l: [1, 2] },
    news: { l: [unknown, 1] },
    reported: { "l[0]": "add", "l[1]": "delete" },
  },
  { name: "the same secret", olds: { a: new Secret("x") }, news: { a: new Secret("x") }, reported: {} },
  { name: "a value became a secret", olds: { a: "x" }, news: { a: new Secret("x") }, reported: {} },
  { name: "a known output", olds: { a: "x" }, news: { a: new OutputValue("x", true, ["u"]) }, reported: {} },
  {
    name: "another secret, reported without leading into it",
    olds: { a: new Secret({ b: "x" }) },
    news: { a: new Secret({ b: "y" }) },
    reported: { a: "update" },
  },
  {
    name: "a property that the schema calls secret, reported without leading into it",
    spec: { a: { secret: true } },
    olds: { a: { b: "x" } },
    news: { a: { b: "y", c: "z" } },
    reported: { a: "update" },
  },
  {
    name: "a part of a secret that replaces",
    spec: { a: { secret: true, properties: { b: { replaceOnChanges: true } } } },
    olds: { a: { b: "x" } },
    news: { a: { b: "y" } },
    reported: { a: "update-replace" },
  },
  {
    name: "another resource is referred to",
    olds: { a: new ResourceReference("u", "1", "") },
    news: { a: new ResourceReference("u", "2", "") },
    reported: { a: "update" },
  },
  { name: "a property to pass over", spec: { a: { ignore: true } }, olds: { a: 1 }, news: { a: 2 }, reported: {} },
  {
    name: "an ignored property",
    olds: { a: 1, b: 1 },
    news: { a: 2, b: 2 },
    ignoreChanges: ["a"],
    reported: { b: "update" },
  },
  {
    name: "an ignored property ignores all below it",
    olds: { a: { b: { c: 1 } } },
    news: { a: { b: { c: 2 } } },
    ignoreChanges: ["a.b"],
    reported: {},
  },
  {
    name: "an ignored index",
    olds: { l: [{ a: 1 }, { a: 1 }] },
    news: { l: [{ a: 2 }, { a: 2 }] },
    ignoreChanges: ["l[0].a"],
    reported: { "l[1].a": "update" },
  },
  {
    name: "an ignored wildcard",
    olds: { l: [{ a: 1, b: 1 }, { a: 1 }] },
    news: { l: [{ a: 2, b: 2 }, { a: 2 }] },
    ignoreChanges: ["l[*].a"],
    reported: { "l[0].b": "update" },
  },
  {
    name: "an ignored quoted name",
    olds: { labels: { "a/b": 1 } },
    news: { labels: { "a/b": 2 } },
    ignoreChanges: ['labels["a/b"]'],
    reported: {},
  },
  {
    name: "an ignored path that begins like another name",
    olds: { address: 1 },
    news: { address: 2 },
    ignoreChanges: ["addr"],
    reported: { address: "update" },
  },
  {
    name: "an ignored part of a secret",
    olds: { a: new Secret({ b: 1, c: 1 }) },
    news: { a: new Secret({ b: 2, c: 1 }) },
    ignoreChanges: ["a.b"],
    reported: {},
  },
  {
    name: "a malformed path ignores nothing",
    olds: { a: 1 },
    news: { a: 2 },
    ignoreChanges: ["a["],
    reported: { a: "update" },
  },
  { name: "drift", olds: { a: 1 }, news: { a: 1 }, actual: { a: 2 }, reported: { a: "update!" } },
  {
    name: "drift that replaces",
    spec: { a: { replaceOnChanges: true } },
    olds: { a: 1 },
    news: { a: 1 },
    actual: { a: 2 },
    reported: { a: "update-replace!" },
  },
  {
    name: "something is missing on the host",
    olds: { a: 1 },
    news: { a: 1 },
    actual: { a: null },
    reported: { a: "add!" },
  },
  { name: "something is there that nobody wanted", olds: {}, news: {}, actual: { a: 1 }, reported: { a: "delete!" } },
  { name: "what was not read is no drift", olds: { a: 1, b: 1 }, news: { a: 1, b: 1 }, actual: { a: 1 }, reported: {} },
  {
    name: "what was not read of a declared object is no drift",
    spec: { o: { properties: { a: {}, b: {} } } },
    olds: { o: { a: 1, b: 1 } },
    news: { o: { a: 1, b: 1 } },
    actual: { o: { a: 2 } },
    reported: { "o.a": "update!" },
  },
  {
    name: "a free-form map is read as a whole",
    olds: { m: { a: 1, b: 1 } },
    news: { m: { a: 1, b: 1 } },
    actual: { m: { a: 1, c: 1 } },
    reported: { "m.c": "delete!", "m.b": "add!" },
  },
  {
    name: "drift that the user is changing anyway",
    olds: { a: 1 },
    news: { a: 2 },
    actual: { a: 3 },
    reported: { a: "update" },
  },
  {
    name: "drift that the user has written down by now",
    olds: { a: 1 },
    news: { a: 2 },
    actual: { a: 2 },
    reported: { a: "update" },
  },
  {
    name: "drift below and above what the user changes",
    olds: { a: { b: 1 }, c: { d: { e: 1 } } },
    news: { a: { b: 2 }, c: { d: { e: 2 } } },
    actual: { a: 7, c: { d: { e: 3, f: 4 } } },
    reported: { "a.b": "update", "c.d.e": "update", "c.d.f": "delete!" },
  },
  { name: "ignored drift", olds: { a: 1 }, news: { a: 1 }, ignoreChanges: ["a"], actual: { a: 2 }, reported: {} },
  {
    name: "a secret that was read in clear",
    olds: { a: new Secret("x") },
    news: { a: new Secret("x") },
    actual: { a: "x" },
    reported: {},
  },
];

test.each(cases)("$name", ({ spec = {}, olds, news, ignoreChanges = [], actual, reported }) => {
  const result = diffInputs({ properties: spec }, olds, news, ignoreChanges, actual);
  const found = [...result.detailedDiff].map(([path, { kind, inputDiff }]) => [path, inputDiff ? kind : `${kind}!`]);
  expect(Object.fromEntries(found)).toEqual(reported);
  expect(result.changes).toBe(found.length > 0);
});

test("delete comes before replace only where something is replaced", () => {
  const spec = { properties: { a: { replaceOnChanges: true } }, deleteBeforeReplace: true };
  expect(diffInputs(spec, { a: 1 }, { a: 2 }, []).deleteBeforeReplace).toBe(true);
  expect(diffInputs(spec, { b: 1 }, { b: 2 }, []).deleteBeforeReplace).toBe(false);
  expect(diffInputs({ properties: spec.properties }, { a: 1 }, { a: 2 }, []).deleteBeforeReplace).toBe(false);
});

test("two hundred thousand unordered items are compared before the test's time is over", () => {
  // Comparing each with each would take many minutes.
  const items = Array.from({ length: 200_000 }, (_, at) => ({ port: at, protocol: "tcp" }));
  const spec = { properties: { l: { unordered: true } } };
  const result = diffInputs(spec, { l: items }, { l: [{ port: -1, protocol: "udp" }, ...items.toReversed()] }, []);
  expect([...result.detailedDiff.keys()]).toEqual(["l[0]"]);
});
