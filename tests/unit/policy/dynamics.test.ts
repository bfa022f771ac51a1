/** What a host is told to fill in, and how much of it can be combined. */
import { dynamicLines } from "../../../provider/src/compile/firewall/dynamic-lines";
import { dynamicElements } from "../../../provider/src/compile/firewall/dynamics";
import type { Policy } from "../../../provider/src/policy/rule";
import type { LabelExpression } from "../../../provider/src/policy/selector";
import type { World } from "../../../provider/src/policy/world";
import { renderLine } from "../../../provider/src/render/words";
import { compile } from "../../support/policy/compiled";
import { policy, rule } from "../../support/policy/policies";
import { ip, shop } from "../../support/policy/shop";

const byName = (name: string, index = 0) => rule(`r${index}`, { direction: "egress", peers: [{ kind: "name", name }] });
const web1 = (...names: readonly string[]): Policy =>
  policy("out", {
    appliesTo: [{ kind: "endpoint", name: "web1" }],
    defaults: { ingress: "continue", egress: "deny" },
    rules: names.map(byName),
  });
const world: World = {
  ...shop,
  groups: [
    {
      name: "jobs",
      members: [{ kind: "containers", selector: { matchLabels: { job: "yes" }, matchExpressions: [] } }],
    },
  ],
};
const bridgeOf = (segment: string): string | undefined => shop.segments.find(({ name }) => name === segment)?.bridge;

test("a name is an address in the map of the class, with the chain of those that it is in", () => {
  const { plan } = compile([web1("a.example", "b.example")], shop, "h1");
  expect(plan.dynamics.peers.map(({ family, chains, lists }) => [family, chains.length, lists.length])).toEqual([
    [4, 3, 2],
    [6, 3, 2],
  ]);
  const members = {
    names: { "a.example": [ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")], "b.example": [ip("192.0.2.2")] },
    containers: [],
  };
  const found = dynamicElements(plan.dynamics, members, bridgeOf).map(
    ({ key, chain }) => `${key.join(" . ")} ${chain.slice(-3)}`,
  );
  expect(found).toEqual(["192.0.2.1 _v1", "192.0.2.2 _v3", "2001:db8::1 _v1"]);
});

test("rules with the same names are one list", () => {
  const { plan } = compile([web1("a.example", "a.example", "a.example", "a.example", "a.example")], shop, "h1");
  expect(plan.dynamics.peers.every(({ chains }) => chains.length === 1)).toBe(true);
});

test("containers are subjects behind the bridge that they are on, with the policies that apply there anyway", () => {
  const jobs = policy("jobs", {
    appliesTo: [{ kind: "group", name: "jobs" }],
    defaults: { ingress: "deny", egress: "continue" },
  });
  const everybody = policy("all", { appliesTo: [{ kind: "subnet", name: "web" }] });
  const { plan } = compile([jobs, everybody], world, "h1");
  const members = {
    names: {},
    containers: [
      { segment: "web", address: ip("10.20.1.77"), labels: { job: "yes" } },
      { segment: "db", address: ip("10.20.2.77"), labels: { job: "yes" } },
      { segment: "db", address: ip("10.20.2.78"), labels: { job: "no" } },
      { segment: "elsewhere", address: ip("10.20.2.79"), labels: { job: "yes" } },
    ],
  };
  const policiesOf = (chain: string) => plan.classes.find(({ name }) => name === chain)?.policies;
  const found = dynamicElements(plan.dynamics, members, bridgeOf).map(({ map, key, chain }) => [
    map,
    key.join(" . "),
    policiesOf(chain),
  ]);
  expect(found).toEqual([
    ["dyn_egress4", "sdn-b-5001 . 10.20.1.77", ["all", "jobs"]],
    ["dyn_ingress4", "sdn-b-5001 . 10.20.1.77", ["all", "jobs"]],
    ["dyn_egress4", "sdn-b-5002 . 10.20.2.77", ["jobs"]],
    ["dyn_ingress4", "sdn-b-5002 . 10.20.2.77", ["jobs"]],
  ]);
});

test("more lists than can be combined are refused, with what to do", () => {
  expect(() => compile([web1("a", "b", "c", "d")], shop, "h1")).not.toThrow();
  expect(() => compile([web1("a", "b", "c", "d", "e")], shop, "h1")).toThrow(
    "for one class of endpoints rules go by 5 different lists of DNS names and containers, of which at most 4 can be combined. Put what is treated alike into one group",
  );
});

describe("the lines that a host reads", () => {
  const lines = (policies: readonly Policy[], where: World): readonly string[] =>
    dynamicLines(compile(policies, where, "h1").plan.dynamics).map((line) =>
      renderLine(line)
        .replaceAll(/4_[a-z0-9]+/g, "4_CLASS")
        .replaceAll(/6_[a-z0-9]+/g, "6_CLASS"),
    );

  test("there are none where nothing is dynamic", () => {
    expect(lines([policy("all", { appliesTo: [{ kind: "subnet", name: "web" }] })], shop)).toEqual([]);
  });

  test("names, lists of them, and the chains of each combination", () => {
    expect(lines([web1("a.example", "b.example")], shop)).toEqual([
      "name 1 a.example",
      "name 2 b.example",
      "list 1 1",
      "list 2 2",
      "peer dyn_egress4_CLASS 4 sdn-b-5001,sdn-b-5002 1,2 egress4_CLASS_v1,egress4_CLASS_v2,egress4_CLASS_v3",
      "peer dyn_egress6_CLASS 6 sdn-b-5001,sdn-b-5002 1,2 egress6_CLASS_v1,egress6_CLASS_v2,egress6_CLASS_v3",
    ]);
  });

  const selecting = (
    matchLabels: Readonly<Record<string, string>>,
    ...matchExpressions: readonly LabelExpression[]
  ) => ({
    ...shop,
    groups: [{ name: "jobs", members: [{ kind: "containers" as const, selector: { matchLabels, matchExpressions } }] }],
  });
  const jobs = policy("jobs", {
    appliesTo: [{ kind: "group", name: "jobs" }],
    defaults: { ingress: "deny", egress: "continue" },
  });

  test("stretches of a bridge, as hexadecimal numbers of one length", () => {
    const found = lines([jobs], selecting({ job: "yes" })).filter((line) => line.includes(" sdn-b-6001 "));
    expect(found.slice(0, 2).map((line) => line.split(" ").slice(0, 6).join(" "))).toEqual([
      "subject dyn_egress4 sdn-b-6001 00000000 ffffffff 1",
      "subject dyn_ingress4 sdn-b-6001 00000000 ffffffff 1",
    ]);
    expect(found[2]).toMatch(/^subject dyn_egress6 sdn-b-6001 0{32} f{32} 1 \S+$/);
  });

  test.each<[string, ReturnType<typeof selecting>, string]>([
    ["a label", selecting({ job: "yes" }), "label 1 in job =yes"],
    ["an empty label", selecting({ "example.com/job": "" }), "label 1 in example.com/job ="],
    ["In", selecting({}, { key: "a", operator: "In", values: ["x", ""] }), "label 1 in a =x ="],
    ["NotIn", selecting({}, { key: "a", operator: "NotIn", values: ["x", "y"] }), "label 1 not-in a =x =y"],
    ["Exists", selecting({}, { key: "a", operator: "Exists" }), "label 1 exists a"],
    ["DoesNotExist", selecting({}, { key: "a", operator: "DoesNotExist" }), "label 1 absent a"],
  ])("%s", (_what, where, line) => {
    expect(lines([jobs], where).slice(0, 2)).toEqual(["containers 1", line]);
  });
});
