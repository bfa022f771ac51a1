import { type LabelExpression, matchesLabels } from "../../../provider/src/policy/selector";

const labels = { app: "web", env: "prod" };
const matches = (
  matchLabels: Readonly<Record<string, string>>,
  ...matchExpressions: readonly LabelExpression[]
): boolean => matchesLabels({ matchLabels, matchExpressions }, labels);

test.each<readonly [string, boolean, boolean]>([
  ["nothing asked", matches({}), true],
  ["a label that is there", matches({ app: "web" }), true],
  ["two labels, of which one differs", matches({ app: "web", env: "test" }), false],
  ["a label that is not there", matches({ zone: "a" }), false],
  ["a property of every object", matches({ constructor: "Object" }), false],
  ["In, with the value", matches({}, { key: "app", operator: "In", values: ["db", "web"] }), true],
  ["In, without the label", matches({}, { key: "zone", operator: "In", values: ["a"] }), false],
  ["In of nothing", matches({}, { key: "app", operator: "In", values: [] }), false],
  ["NotIn, with the value", matches({}, { key: "app", operator: "NotIn", values: ["web"] }), false],
  ["NotIn, without the label", matches({}, { key: "zone", operator: "NotIn", values: ["a"] }), true],
  ["Exists", matches({}, { key: "app", operator: "Exists" }), true],
  ["Exists, without the label", matches({}, { key: "zone", operator: "Exists" }), false],
  ["DoesNotExist", matches({}, { key: "zone", operator: "DoesNotExist" }), true],
  ["DoesNotExist, with the label", matches({}, { key: "app", operator: "DoesNotExist" }), false],
])("%s", (_, found, expected) => {
  expect(found).toBe(expected);
});
