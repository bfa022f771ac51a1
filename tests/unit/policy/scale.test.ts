/** How the table grows with the rules: counted, not timed. */
import { firewallPlan } from "../../../provider/src/compile/firewall/plan";
import { firewallProgram, firewallTable } from "../../../provider/src/compile/firewall/program";
import { replaceCommands } from "../../../provider/src/compile/nft/program";
import type { Policy, Rule } from "../../../provider/src/policy/rule";
import { load } from "../../support/policy/compiled";
import { policy, rule } from "../../support/policy/policies";
import { cidr, ip, shop } from "../../support/policy/shop";
import { trace } from "../../support/policy/tracer";

const block = (text: string): Rule["peers"] => [{ kind: "cidr", cidr: cidr(text), except: [] }];
const host = (index: number): Rule["peers"] => block(`172.16.${index >> 8}.${index & 255}/32`);
const tcp = (port: number): Rule["services"] => [{ kind: "ports", protocol: 6, ports: [{ first: port, last: port }] }];
const many = (count: number, of: (index: number) => Partial<Rule>): readonly Rule[] =>
  Array.from({ length: count }, (_, index) => rule(`r${index}`, of(index)));
const big = (rules: readonly Rule[]): readonly Policy[] => [
  policy("big", {
    appliesTo: [{ kind: "endpoint", name: "db1" }],
    defaults: { ingress: "deny", egress: "continue" },
    rules,
  }),
];
const program = (rules: readonly Rule[]): ReturnType<typeof firewallProgram> =>
  firewallProgram(firewallPlan(big(rules), shop, { host: "h1", now: 0 }));

test.each<readonly [string, readonly Rule[]]>([
  ["a peer and a port each", many(1000, (index) => ({ peers: host(index), services: tcp(1 + (index % 50)) }))],
  ["a blocklist", many(1000, (index) => ({ peers: host(index), action: index % 2 ? "allow" : "reject" }))],
  [
    "rules for all peers among rules for single ones",
    many(1000, (index) => (index % 2 ? { services: tcp(index) } : { peers: host(index), services: tcp(5000) })),
  ],
  [
    "a block with many ports, and hosts in it with a port each",
    many(1000, (index) =>
      index % 2 ? { peers: block("172.16.0.0/12"), services: tcp(index) } : { peers: host(index), services: tcp(5000) },
    ),
  ],
])("%s: an element a rule, and a handful of lookups", (_, rules) => {
  const { maps, chains } = program(rules);
  const elements = maps.reduce((sum, map) => sum + map.elements.length, 0);
  // One for each of the two directions of the endpoint.
  expect(elements).toBeLessThanOrEqual(rules.length + 2);
  const longest = Math.max(...chains.map((chain) => chain.rules.length));
  expect(longest).toBeLessThanOrEqual(6);
});

test("rules that cut each other into too many cells are refused, before memory is gone", () => {
  const rules = many(2000, (index) =>
    index % 2 ? { services: tcp(index * 2) } : { peers: host(index), action: "deny" },
  );
  expect(() => program(rules)).toThrow("rules cut each other into more than 200000 cells");
});

test("an exception in a block in a block, each with its own answer", () => {
  const rules = [
    rule("host", { peers: block("172.16.1.1/32"), services: tcp(80), action: "reject" }),
    rule("net", { peers: block("172.16.1.0/24"), services: tcp(81) }),
    rule("wide", { peers: block("172.16.0.0/12"), action: "deny" }),
    rule("all", {}),
  ];
  const model = load(replaceCommands(program(rules)));
  const found = (source: string, port: number): readonly string[] =>
    trace(model, firewallTable, {
      hook: "forward",
      iifname: "sdn-b-5002",
      oifname: "sdn-b-5002",
      source: ip(source),
      destination: ip("10.20.2.2"),
      protocol: 6,
      secondWord: port,
      icmp: undefined,
      tcpFlags: 2,
      original: undefined,
      firstWord: 1024,
      zone: 0,
      isTranslated: false,
      state: "new",
      time: 0,
    }).counted;
  expect([found("172.16.1.1", 80), found("172.16.1.1", 81), found("172.16.1.1", 82)]).toEqual([
    ["big/host"],
    ["big/net"],
    ["big/wide"],
  ]);
  expect([found("172.16.1.2", 80), found("172.17.0.1", 81), found("192.0.2.1", 82)]).toEqual([
    ["big/wide"],
    ["big/wide"],
    ["big/all"],
  ]);
});
