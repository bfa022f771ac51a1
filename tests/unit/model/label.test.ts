import { parseLabelKey, parseLabelValue } from "../../../provider/src/model/label";

const good = (parse: (text: string, property: string) => string, text: string): boolean => {
  try {
    return parse(text, "at") === text;
  } catch {
    return false;
  }
};

test.each<[string, boolean]>([
  ["app", true],
  ["a", true],
  ["0.a_b-C", true],
  ["app.kubernetes.io/name", true],
  ["a".repeat(63), true],
  ["a".repeat(64), false],
  [`${"a.".repeat(126)}a/b`, true],
  [`${"a.".repeat(127)}a/b`, false],
  ["", false],
  ["-a", false],
  ["a-", false],
  ["a/", false],
  ["/a", false],
  ["a/b/c", false],
  ["A.com/b", false],
  ["a..b/c", false],
  ["a b", false],
  ["a\n", false],
  ["a;b", false],
  ["ä", false],
])("key %j: %s", (text, expected) => {
  expect(good(parseLabelKey, text)).toBe(expected);
});

test.each<[string, boolean]>([
  ["", true],
  ["web", true],
  ["1.2.3", true],
  ["a".repeat(64), false],
  ["-", false],
  ["a$", false],
  ["a\n", false],
  ["a/b", false],
])("value %j: %s", (text, expected) => {
  expect(good(parseLabelValue, text)).toBe(expected);
});
