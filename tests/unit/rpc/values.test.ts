import { OutputValue, ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import type { Value } from "../../../provider/src/rpc/value";
import {
  containsSecret,
  containsUnknown,
  deepEqual,
  dependenciesOf,
  isUnknown,
  settleOutputs,
  stripSecrets,
} from "../../../provider/src/rpc/values";

const unknownOutput = new OutputValue(undefined, false, []);

test.each<{ readonly value: Value; readonly is: boolean; readonly contains: boolean; readonly secret: boolean }>([
  { value: unknown, is: true, contains: true, secret: false },
  { value: new Secret(unknown), is: true, contains: true, secret: true },
  { value: unknownOutput, is: true, contains: true, secret: false },
  { value: new OutputValue(new Secret(unknown), false, []), is: true, contains: true, secret: true },
  { value: new OutputValue("x", true, []), is: false, contains: false, secret: true },
  { value: { a: [unknown] }, is: false, contains: true, secret: false },
  { value: { a: [new Secret(1)] }, is: false, contains: false, secret: true },
  { value: new ResourceReference("u", unknown, ""), is: false, contains: false, secret: false },
  { value: null, is: false, contains: false, secret: false },
])("unknown: $is, contains unknown: $contains, contains secret: $secret", ({ value, is, contains, secret }) => {
  expect(isUnknown(value)).toBe(is);
  expect(containsUnknown(value)).toBe(contains);
  expect(containsSecret(value)).toBe(secret);
});

test("stripSecrets unwraps at any depth", () => {
  const value = { a: new Secret([new OutputValue(new Secret("x"), true, []), unknownOutput]), b: 1 };
  expect(stripSecrets(value)).toEqual({ a: ["x", unknown], b: 1 });
});

test("settleOutputs keeps secrets once, and unknowns", () => {
  const value = {
    a: new OutputValue(new Secret("x"), true, ["u"]),
    b: [unknownOutput],
    c: new OutputValue("y", true, []),
  };
  expect(settleOutputs(value)).toEqual({ a: new Secret("x"), b: [unknown], c: new Secret("y") });
});

test("dependenciesOf finds them at any depth, each once", () => {
  const value = [
    new OutputValue(new OutputValue(1, false, ["b"]), false, ["c"]),
    { x: new Secret(new OutputValue(1, false, ["b", "a"])) },
  ];
  expect(dependenciesOf(value)).toEqual(["a", "b", "c"]);
});

test.each<{ readonly name: string; readonly left: Value; readonly right: Value; readonly same: boolean }>([
  { name: "a secret and its content", left: new Secret(1), right: 1, same: false },
  { name: "two unknowns", left: unknown, right: unknown, same: true },
  {
    name: "dependencies in another order",
    left: new OutputValue(1, false, ["a", "b"]),
    right: new OutputValue(1, false, ["b", "a"]),
    same: true,
  },
  {
    name: "an unknown output and one of null",
    left: unknownOutput,
    right: new OutputValue(null, false, []),
    same: false,
  },
  { name: "null and an absent key", left: { a: null }, right: {}, same: false },
  { name: "lists of other lengths", left: [1], right: [1, 2], same: false },
  { name: "a list and an object", left: [], right: {}, same: false },
  {
    name: "another id",
    left: new ResourceReference("u", "1", ""),
    right: new ResourceReference("u", "2", ""),
    same: false,
  },
  { name: "keys in another order", left: { a: 1, b: 2 }, right: { b: 2, a: 1 }, same: true },
])("deepEqual: $name", ({ left, right, same }) => {
  expect(deepEqual(left, right)).toBe(same);
  expect(deepEqual(right, left)).toBe(same);
});
