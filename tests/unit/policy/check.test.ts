/** Policies that are refused, with what the error says; and hostile texts, which reach no host. */
import fc from "fast-check";
import { firewallPlan } from "../../../provider/src/compile/firewall/plan";
import { firewallProgram } from "../../../provider/src/compile/firewall/program";
import { replaceCommands } from "../../../provider/src/compile/nft/program";
import { checkPolicies, parsePolicyName, parseRuleName } from "../../../provider/src/policy/check";
import type { Policy } from "../../../provider/src/policy/rule";
import type { World } from "../../../provider/src/policy/world";
import { seed } from "../../support/intent-arbitraries";
import { policy, rule } from "../../support/policy/policies";
import { cidr, shop } from "../../support/policy/shop";

const db = [{ kind: "group", name: "db" }] as const;
const open = rule("open");
const shut = rule("shut", { action: "deny" });
const labels = { matchLabels: { app: "web" }, matchExpressions: [] };
const world: World = {
  ...shop,
  groups: [...shop.groups, { name: "engine", members: [{ kind: "containers", selector: labels }] }],
};
const one = (given: Partial<Policy>): readonly Policy[] => [policy("p", { appliesTo: db, ...given })];
const two = (a: Partial<Policy>, b: Partial<Policy>): readonly Policy[] => [
  policy("a", { appliesTo: db, priority: 5, ...a }),
  policy("b", { appliesTo: db, priority: 5, ...b }),
];

test.each<readonly [string, readonly Policy[], string]>([
  ["a name with a space", [policy("a b")], "the value is not a valid name"],
  ["two policies of one name", [policy("a"), policy("a")], "another policy has this name"],
  ["two rules of one name", one({ rules: [open, open] }), "rules[1].name: another rule of the policy has this name"],
  ["a rule named default", one({ rules: [rule("default")] }), "the name stands for the default action"],
  ["a priority that is no whole number", one({ priority: 1.5 }), "priority: must be a whole number from 0 to 65535"],
  ["an expiry that is no time", one({ rules: [rule("r", { expires: Number.NaN })] }), "rules[0].expires"],
  ["a watch until no time", one({ enforcement: { mode: "watch", until: -1 } }), "enforcement.until"],
  [
    "a log without a limit",
    one({ rules: [rule("r", { log: { rate: 0, per: "second", burst: 1 } })] }),
    "rules[0].log.rate",
  ],
  [
    "a port of a protocol without ports",
    one({ rules: [rule("r", { services: [{ kind: "ports", protocol: 47, ports: [{ first: 1, last: 1 }] }] })] }),
    "only tcp, udp, sctp, dccp and udplite have ports",
  ],
  [
    "ports in the wrong order",
    one({ rules: [rule("r", { services: [{ kind: "ports", protocol: 6, ports: [{ first: 9, last: 8 }] }] })] }),
    "from a lower to a higher number",
  ],
  [
    "a DNS name that is kept out",
    one({ rules: [rule("r", { action: "deny", peers: [{ kind: "name", name: "example.org" }] })] }),
    "rules[0].peers: a rule that says deny cannot go by a DNS name",
  ],
  [
    "a DNS name that is passed on",
    one({ rules: [rule("r", { action: "pass", peers: [{ kind: "name", name: "example.org" }] })] }),
    "rules[0].peers: a rule that says pass cannot go by a DNS name",
  ],
  [
    "containers that are kept out",
    one({ rules: [rule("r", { action: "reject", peers: [{ kind: "group", name: "engine" }] })] }),
    "rules[0].peers: a rule that says reject cannot go by labels of containers",
  ],
  [
    "one place, and rules that contradict each other",
    two({ rules: [open] }, { rules: [shut] }),
    "policy b, priority: policy a has the same priority in tier application, and rule open of the one (allow) and rule shut of the other (deny) match the same ingress packets (got 5). Give one of them another priority; one that this run removes is in force until the run ends, so remove it in a run of its own before.",
  ],
  [
    "one place, and rules of one host that contradict each other",
    two(
      { rules: [open], appliesTo: [{ kind: "host", name: "h1" }] },
      { rules: [shut], appliesTo: [{ kind: "host", name: "h1" }, ...db] },
    ),
    "policy a has the same priority in tier application, and rule open of the one (allow) and rule shut of the other",
  ],
  [
    "one place, and a default that contradicts a rule",
    two({ rules: [open] }, { defaults: { ingress: "deny", egress: "continue" } }),
    "rule open of the one (allow) and the default of the other (deny)",
  ],
])("refused: %s", (_, policies, message) => {
  expect(() => checkPolicies(policies, world)).toThrow(message);
});

test.each<readonly [string, readonly Policy[]]>([
  ["one place, and the same answers", two({ rules: [open] }, { rules: [open] })],
  [
    "one place, and different endpoints",
    two({ rules: [open] }, { rules: [shut], appliesTo: [{ kind: "group", name: "web" }] }),
  ],
  [
    "one place, and different peers",
    two(
      { rules: [rule("r", { peers: [{ kind: "cidr", cidr: cidr("10.20.1.0/25"), except: [] }] })] },
      { rules: [rule("r", { action: "deny", peers: [{ kind: "cidr", cidr: cidr("10.20.1.128/25"), except: [] }] })] },
    ),
  ],
  [
    "one place, and policies that add up",
    two(
      { rules: [open], defaults: { ingress: "isolate", egress: "isolate" } },
      { defaults: { ingress: "isolate", egress: "continue" } },
    ),
  ],
  [
    "one place, and different hosts",
    two(
      { rules: [open], appliesTo: [{ kind: "host", name: "h1" }] },
      { rules: [shut], appliesTo: [{ kind: "host", name: "h2" }, ...db] },
    ),
  ],
  [
    "containers that are passed on, and a name that is allowed",
    one({
      rules: [
        rule("r", { action: "pass", peers: [{ kind: "group", name: "engine" }] }),
        rule("s", { peers: [{ kind: "name", name: "example.org" }] }),
      ],
    }),
  ],
  ["one priority in two tiers", two({ rules: [open] }, { rules: [shut], tier: "admin" })],
])("accepted: %s", (_, policies) => {
  expect(() => checkPolicies(policies, world)).not.toThrow();
});

test("everything that is wrong is said at once", () => {
  const policies = one({ priority: -1, rules: [rule("a b"), rule("r", { expires: -1 })] });
  expect(() => checkPolicies(policies, shop)).toThrow(/rules\[0\]\.name.*; .*rules\[1\]\.expires|priority.*; .*name/);
});

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    '"; drop',
    "x\n}",
    "$(reboot)",
    "`id`",
    "a/b",
    "a b",
    "@guarded",
    "*",
    "'",
    "\\",
    "é",
    "x".repeat(64),
    "",
  ),
);

test("a name is taken if and only if it is in the grammar", () => {
  fc.assert(
    fc.property(fc.oneof(hostile, fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,70}$/)), (text) => {
      const isGood = (longest: number): boolean => /^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && text.length <= longest;
      if (isGood(63)) expect(parsePolicyName(text, "name")).toBe(text);
      else expect(() => parsePolicyName(text, "name")).toThrow("not a valid name");
      if (isGood(40) && text !== "default") expect(parseRuleName(text, "name")).toBe(text);
      else expect(() => parseRuleName(text, "name")).toThrow();
    }),
    { seed, numRuns: 1000 },
  );
});

/** All strings of a value, keys included. */
function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...strings(inner)]);
}

test("hostile texts in every free field change nothing of what is sent", () => {
  const build = (text: string): readonly string[] => {
    const world: World = {
      ...shop,
      endpoints: shop.endpoints.map((endpoint) => ({
        ...endpoint,
        name: text + endpoint.name,
        labels: { ...endpoint.labels, [text]: text },
      })),
      groups: shop.groups.map((group) => ({ ...group, name: text + group.name })),
    };
    const policies = [
      policy("db", {
        appliesTo: [{ kind: "group", name: `${text}db` }],
        defaults: { ingress: "deny", egress: "continue" },
        defaultLog: { rate: 1, per: "second", burst: 1 },
        rules: [
          rule("web", {
            reason: text,
            peers: [
              { kind: "group", name: `${text}web` },
              { kind: "endpoint", name: `${text}web2` },
            ],
          }),
        ],
      }),
    ];
    return strings(replaceCommands(firewallProgram(firewallPlan(policies, world, { host: "h1", now: 0 }))));
  };
  const plain = build("");
  expect(plain.filter((text) => !/^[A-Za-z0-9 ._:/@&|=!<-]*$/.test(text))).toEqual([]);
  fc.assert(
    fc.property(hostile, (text) => {
      expect(build(text)).toEqual(plain);
    }),
    { seed, numRuns: 200 },
  );
});

test("a bridge's name that no interface of ours has is refused", () => {
  const world: World = { ...shop, segments: [{ ...shop.segments[0]!, bridge: 'x" drop' }] };
  expect(() => firewallPlan([], world, { host: "h1", now: 0 })).toThrow("not a valid interface name");
});
