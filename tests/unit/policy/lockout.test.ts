/** Policies of a host that would cut off its operator: which rule does it, and from when. */
import { type Lockout, lockouts } from "../../../provider/src/compile/firewall/lockout";
import { firewallPlan } from "../../../provider/src/compile/firewall/plan";
import type { Policy, Rule } from "../../../provider/src/policy/rule";
import { policy, rule } from "../../support/policy/policies";
import { cidr, ip, shop } from "../../support/policy/shop";

const ssh = [{ kind: "ports", protocol: 6, ports: [{ first: 22, last: 22 }] }] as const;
const from = (...blocks: readonly string[]): Rule["peers"] =>
  blocks.map((block) => ({ kind: "cidr", cidr: cidr(block), except: [] }));
const host = (given: Partial<Policy>): Policy =>
  policy("host", {
    appliesTo: [{ kind: "host", name: "h1" }],
    defaults: { ingress: "deny", egress: "continue" },
    ...given,
  });
const operator = { client: cidr("203.0.113.9/32"), server: ip("192.0.2.1"), port: 22 };
const found = (policies: readonly Policy[], session: Lockout["session"] = operator): readonly string[] =>
  lockouts(firewallPlan(policies, shop, { host: "h1", now: 1000, failsafe: [session] })).map(
    ({ by, from: since }) => by + (since === undefined ? "" : ` from ${since}`),
  );

test.each<readonly [string, readonly Policy[], readonly string[]]>([
  ["no policy", [], []],
  ["a policy of another host", [host({ appliesTo: [{ kind: "host", name: "h2" }] })], []],
  ["a policy of endpoints", [host({ appliesTo: [{ kind: "network", name: "shop" }] })], []],
  ["a default that denies", [host({})], ["host/default"]],
  ["a default that denies what is sent", [host({ defaults: { ingress: "continue", egress: "deny" } })], []],
  [
    "a rule that allows the operator's network",
    [host({ rules: [rule("office", { peers: from("203.0.113.0/24") })] })],
    [],
  ],
  [
    "a rule that denies before one that allows",
    [
      host({
        rules: [rule("ban", { action: "reject", peers: from("203.0.113.8/29") }), rule("ssh", { services: ssh })],
      }),
    ],
    ["host/ban"],
  ],
  ["a policy that only watches", [host({ enforcement: { mode: "watch" } })], []],
  [
    "a policy that watches until a time",
    [host({ enforcement: { mode: "watch", until: 2000 } })],
    ["host/default from 2000"],
  ],
  [
    "a rule that allows until a time",
    [host({ rules: [rule("ssh", { services: ssh, expires: 3000 })] })],
    ["host/default from 3000"],
  ],
])("%s", (_, policies, expected) => {
  expect(found(policies)).toEqual(expected);
});

test("of a block of clients, everybody who denies a part of it", () => {
  const rules = [
    rule("ban", { action: "deny", peers: from("203.0.113.64/26") }),
    rule("office", { peers: from("203.0.113.0/25"), services: ssh }),
  ];
  expect(found([host({ rules })], { client: cidr("203.0.113.0/24"), port: 22 })).toEqual(["host/ban", "host/default"]);
  expect(found([host({ rules })], { client: cidr("203.0.113.0/26"), port: 22 })).toEqual([]);
});

test("of everybody, in both families", () => {
  const rules = [rule("all4", { peers: from("0.0.0.0/0"), services: ssh })];
  expect(found([host({ rules })], { port: 22 })).toEqual(["host/default"]);
  expect(found([host({ rules })], { server: ip("192.0.2.1"), port: 22 })).toEqual([]);
});
