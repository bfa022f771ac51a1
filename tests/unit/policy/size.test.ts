import { programSize } from "../../../provider/src/compile/firewall/size";
import type { Rule } from "../../../provider/src/policy/rule";
import { compile } from "../../support/policy/compiled";
import { policy, rule } from "../../support/policy/policies";
import { cidr, shop } from "../../support/policy/shop";

const from = (block: string): Rule["peers"] => [{ kind: "cidr", cidr: cidr(block), except: [] }];
const deny = { ingress: "deny", egress: "continue" } as const;

test("elements are counted by the policies whose rules they are, whatever else they do", () => {
  const database = policy("database", {
    appliesTo: [{ kind: "group", name: "db" }],
    defaults: deny,
    rules: [
      rule("one", { peers: from("192.0.2.1/32") }),
      rule("logged", { peers: from("192.0.2.2/32"), log: { rate: 1, per: "second", burst: 1 } }),
      // Until then this policy, from then on its default.
      rule("for-now", { peers: from("192.0.2.3/32"), expires: 2000 }),
    ],
  });
  const trial = policy("trial", {
    tier: "admin",
    appliesTo: [{ kind: "group", name: "db" }],
    enforcement: { mode: "watch" },
    rules: [rule("ban", { action: "deny", peers: from("192.0.2.2/32") })],
  });
  const { elements, chains, rules, byPolicy } = programSize(compile([database, trial], shop, "h1").program);
  expect(Object.fromEntries(byPolicy)).toEqual({ database: 3, trial: 1 });
  // With db1 in the two maps of subjects and its bridge in the set of guarded ones.
  expect(elements).toBe(3 + 3);
  expect([chains, rules].every((count) => count > 10)).toBe(true);
});

test("nothing is nobody's", () => {
  const { elements, byPolicy } = programSize(compile([], shop, "h1").program);
  expect([elements, byPolicy.size]).toEqual([0, 0]);
});
