/** What policies mean, case by case: the evaluator, and the compiled table of the host where the endpoint is. */
import { firewallPlan } from "../../../provider/src/compile/firewall/plan";
import { firewallProgram, firewallTable } from "../../../provider/src/compile/firewall/program";
import { replaceCommands } from "../../../provider/src/compile/nft/program";
import { evaluate } from "../../../provider/src/policy/evaluate";
import type { Policy, Rule, Target } from "../../../provider/src/policy/rule";
import type { Service } from "../../../provider/src/policy/transport";
import type { World } from "../../../provider/src/policy/world";
import { load } from "../../support/policy/compiled";
import { policy, rule } from "../../support/policy/policies";
import { cidr, packet, shop } from "../../support/policy/shop";
import { trace } from "../../support/policy/tracer";

const tcp = (...ports: readonly (number | readonly [number, number])[]): readonly Service[] => [
  {
    kind: "ports",
    protocol: 6,
    ports: ports.map((port) =>
      typeof port === "number" ? { first: port, last: port } : { first: port[0], last: port[1] },
    ),
  },
];
const web: readonly Target[] = [{ kind: "group", name: "web" }];
const db: readonly Target[] = [{ kind: "group", name: "db" }];
const closed = { ingress: "deny", egress: "continue" } as const;
const isolated = { ingress: "isolate", egress: "continue" } as const;
const toDb = (name: string, given: Partial<Policy>): Policy => policy(name, { appliesTo: db, ...given });
const fromWeb = (name: string, given: Partial<Rule> = {}): Rule =>
  rule(name, { peers: [{ kind: "group", name: "web" }], services: tcp(5432), ...given });
const office: Rule = rule("office", { peers: [{ kind: "group", name: "office" }] });

interface Case {
  readonly title: string;
  readonly policies: readonly Policy[];
  /** Packet → verdict and what decided. */
  readonly packets: Readonly<Record<string, string>>;
  readonly world?: World;
  readonly time?: number;
}

const cases: readonly Case[] = [
  {
    title: "where no policy applies, everything is allowed",
    policies: [],
    packets: { "web1 → db1 tcp/5432": "allow", "203.0.113.9 → web1 tcp/22": "allow" },
  },
  {
    title: "the default decides what no rule matches, in its direction only",
    policies: [toDb("db", { defaults: closed, rules: [fromWeb("pg")] })],
    packets: {
      "web1 → db1 tcp/5432": "allow db/pg",
      "web1 → db1 tcp/5433": "deny db/default",
      "db1 → web1 tcp/80": "allow",
    },
  },
  {
    title: "the first rule that matches decides, not the most precise one",
    policies: [
      toDb("db", {
        defaults: closed,
        rules: [
          rule("all-tcp", { services: [{ kind: "protocol", protocol: 6 }] }),
          rule("not-ssh", { action: "deny", services: tcp(22) }),
        ],
      }),
    ],
    packets: { "web1 → db1 tcp/22": "allow db/all-tcp", "web1 → db1 udp/22": "deny db/default" },
  },
  {
    title: "a lower priority number is asked first, whatever order policies are given in",
    policies: [
      toDb("late", { priority: 20, rules: [rule("yes")] }),
      toDb("early", { priority: 10, rules: [rule("no", { action: "deny" })] }),
    ],
    packets: { "web1 → db1 tcp/1": "deny early/no" },
  },
  {
    title: "an earlier tier is asked first, whatever the priority",
    policies: [
      toDb("app", { tier: "application", priority: 1, rules: [rule("yes")] }),
      toDb("stop", { tier: "emergency", priority: 900, rules: [rule("no", { action: "reject" })] }),
    ],
    packets: { "web1 → db1 tcp/1": "reject stop/no" },
  },
  {
    title: "pass skips the rest of the tier, not only of the policy",
    policies: [
      toDb("admin", { tier: "admin", priority: 1, rules: [fromWeb("theirs", { action: "pass" })] }),
      toDb("admin-rest", { tier: "admin", priority: 2, defaults: closed }),
      toDb("app", { rules: [fromWeb("pg")] }),
    ],
    packets: { "web1 → db1 tcp/5432": "allow app/pg", "web1 → db1 tcp/1": "deny admin-rest/default" },
  },
  {
    title: "continue asks the next policy of the tier: one long list, as in NSX",
    policies: [
      toDb("one", { priority: 1, rules: [fromWeb("pg")] }),
      toDb("two", { priority: 2, rules: [office] }),
      toDb("end", { tier: "baseline", defaults: closed }),
    ],
    packets: {
      "web1 → db1 tcp/5432": "allow one/pg",
      "203.0.113.9 → db1 tcp/1": "allow two/office",
      "203.0.113.65 → db1 tcp/1": "deny end/default",
    },
  },
  {
    title: "isolate adds policies up, as in Kubernetes: denied only when none allows",
    policies: [
      toDb("one", { priority: 1, defaults: isolated, rules: [fromWeb("pg")] }),
      toDb("two", { priority: 1, defaults: isolated, rules: [office] }),
    ],
    packets: {
      "web1 → db1 tcp/5432": "allow one/pg",
      "203.0.113.9 → db1 tcp/1": "allow two/office",
      "web1 → db1 tcp/1": "deny one/default",
    },
  },
  {
    title: "both sides are asked: egress where the source is, then ingress where the destination is",
    policies: [
      policy("web", {
        appliesTo: web,
        defaults: { ingress: "continue", egress: "deny" },
        rules: [rule("pg", { direction: "egress", peers: [{ kind: "group", name: "db" }], services: tcp(5432, 5433) })],
      }),
      toDb("db", { defaults: closed, rules: [fromWeb("pg")] }),
    ],
    packets: {
      "web1 → db1 tcp/5432": "allow db/pg",
      "web1 → db1 tcp/5433": "deny db/default",
      "web1 → db1 tcp/5434": "deny web/default",
    },
  },
  {
    title: "addresses of another network are in no group, even where they are the same",
    policies: [
      policy("web", {
        appliesTo: [{ kind: "network", name: "shop" }],
        defaults: closed,
        rules: [rule("web", { peers: [{ kind: "group", name: "web" }] })],
      }),
      policy("bank", { appliesTo: [{ kind: "network", name: "bank" }], defaults: { ingress: "deny", egress: "deny" } }),
    ],
    packets: {
      "web2 → web1 tcp/80": "allow web/web",
      "10.20.1.9@vault → vault1 tcp/80": "deny bank/default",
    },
  },
  {
    title: "what is unknown is in no group, but in its subnet",
    policies: [
      policy("web", {
        appliesTo: [{ kind: "subnet", name: "web" }],
        defaults: closed,
        rules: [
          rule("group", { peers: [{ kind: "group", name: "web" }], services: tcp(80) }),
          rule("subnet", { peers: [{ kind: "subnet", name: "web" }], services: tcp(81) }),
        ],
      }),
    ],
    packets: {
      "10.20.1.70@web → web1 tcp/80": "deny web/default",
      "10.20.1.70@web → web1 tcp/81": "allow web/subnet",
      "web1 → 10.20.1.70@web tcp/80": "allow web/group",
    },
  },
  {
    title: "an empty group matches nothing, and so does an empty list of peers",
    policies: [
      toDb("db", {
        defaults: closed,
        rules: [rule("nobody", { peers: [{ kind: "group", name: "nobody" }] }), rule("none", { peers: [] })],
      }),
    ],
    packets: { "web1 → db1 tcp/1": "deny db/default" },
  },
  {
    title: "blocks with exceptions",
    policies: [
      toDb("db", {
        defaults: closed,
        rules: [
          rule("block", { peers: [{ kind: "cidr", cidr: cidr("10.20.1.0/24"), except: [cidr("10.20.1.2/32")] }] }),
        ],
      }),
    ],
    packets: { "web1 → db1 tcp/1": "deny db/default", "web2 → db1 tcp/1": "allow db/block" },
  },
  {
    title: "protocols by number, ranges and lists of ports, types of ICMP",
    policies: [
      toDb("db", {
        defaults: closed,
        rules: [
          rule("gre", { services: [{ kind: "protocol", protocol: 47 }] }),
          rule("ports", { services: tcp(22, [8000, 8010]) }),
          rule("ping", { services: [{ kind: "icmp", family: 4, types: [{ type: 8 }] }] }),
          rule("frag", { services: [{ kind: "icmp", family: 4, types: [{ type: 3, code: 4 }] }] }),
        ],
      }),
    ],
    packets: {
      "web1 → db1 proto/47": "allow db/gre",
      "web1 → db1 tcp/8010": "allow db/ports",
      "web1 → db1 tcp/8011": "deny db/default",
      "web1 → db1 icmp/8": "allow db/ping",
      "web1 → db1 icmp/3": "deny db/default",
    },
  },
  {
    title: "IPv6 equally",
    policies: [
      policy("web", {
        appliesTo: web,
        defaults: closed,
        rules: [
          rule("http", { peers: [{ kind: "group", name: "web" }], services: tcp(80) }),
          rule("ping", { services: [{ kind: "icmp", family: 6, types: [{ type: 128 }] }] }),
        ],
      }),
    ],
    packets: {
      "web2 → web1 tcp/80 [6]": "allow web/http",
      "2001:db8::9 → web1 tcp/80 [6]": "deny web/default",
      "2001:db8::9 → web1 icmpv6/128": "allow web/ping",
    },
  },
  {
    title: "a rule that is off, or expired, is not there",
    policies: [
      toDb("db", {
        defaults: closed,
        rules: [
          rule("off", { enabled: false }),
          rule("old", { expires: 999 }),
          rule("ends", { expires: 1500, services: tcp(1) }),
        ],
      }),
    ],
    packets: { "web1 → db1 tcp/1": "allow db/ends", "web1 → db1 tcp/2": "deny db/default" },
  },
  {
    title: "later, a rule that has expired since gives way to what is below it",
    time: 1500,
    policies: [
      toDb("db", {
        defaults: closed,
        rules: [
          rule("ends", { expires: 1500, services: tcp(1) }),
          fromWeb("pg", { services: tcp(1, 2), expires: 2000 }),
        ],
      }),
    ],
    packets: { "web1 → db1 tcp/1": "allow db/pg" },
  },
  {
    title: "a policy that watches decides nothing, neither to drop nor to allow",
    policies: [
      toDb("trial", { priority: 1, enforcement: { mode: "watch" }, defaults: closed, rules: [fromWeb("pg")] }),
      toDb("db", { priority: 2, rules: [fromWeb("no", { action: "deny" })] }),
    ],
    packets: { "web1 → db1 tcp/5432": "deny db/no", "web1 → db1 tcp/1": "allow, trial/default would drop it" },
  },
  {
    title: "a watch with an end is enforced from then on",
    time: 1500,
    policies: [toDb("trial", { enforcement: { mode: "watch", until: 1500 }, defaults: closed })],
    packets: { "web1 → db1 tcp/1": "deny trial/default" },
  },
  // Shrunk cases of the property test, kept.
  {
    title: "kept: a pass that expires leads past a deny of its tier, and no longer when it has expired",
    policies: [
      toDb("first", {
        tier: "emergency",
        priority: 0,
        defaults: isolated,
        rules: [rule("out", { action: "pass", expires: 1500 })],
      }),
      toDb("second", { defaults: { ingress: "reject", egress: "continue" } }),
    ],
    packets: { "web1 → db1 tcp/1": "reject second/default" },
  },
  {
    title: "kept: a pass for some peers leads past a default deny of its tier for all",
    policies: [
      toDb("first", {
        tier: "emergency",
        defaults: isolated,
        rules: [
          rule("out", {
            action: "pass",
            peers: [{ kind: "cidr", cidr: cidr("10.20.0.0/16"), except: [cidr("10.20.1.3/32")] }],
          }),
        ],
      }),
      toDb("second", { tier: "baseline", defaults: closed }),
    ],
    packets: { "web1 → db1 tcp/1": "deny second/default", "web2 → db1 tcp/1": "deny first/default" },
  },
  {
    title: "kept: what watches and isolates is asked in its place, not before what isolates earlier",
    policies: [
      toDb("first", { priority: 1, defaults: isolated }),
      toDb("trial", { priority: 2, defaults: isolated, enforcement: { mode: "watch" } }),
    ],
    packets: { "web1 → db1 tcp/1": "deny first/default" },
  },
];

const rows = cases.flatMap((one) =>
  Object.entries(one.packets).map(([text, expected]) => ({ ...one, packets: {}, text, expected })),
);

test.each(rows)("$title: $text → $expected", ({ policies, text, expected, world = shop, time = 1000 }) => {
  const found = evaluate(policies, packet(text, time), world);
  const last = found.ingress ?? found.egress;
  const by = last?.by === undefined ? "" : ` ${last.by}`;
  const watched = (last?.watched ?? []).map((ref) => `, ${ref} would drop it`).join("");
  expect(`${found.verdict}${by}${watched}`).toBe(expected);
});

test.each(rows)("compiled, $title: $text → $expected", ({ policies, text, expected, world = shop, time = 1000 }) => {
  const { source, destination, protocol, port = 0, icmp } = packet(text, time);
  const bridges = new Set([source.segment, destination.segment].filter((segment) => segment !== undefined));
  const counted: string[] = [];
  let verdict = "accept";
  // On the host where the destination is, then where the source is: the tables of both, bridge after bridge.
  for (const segment of bridges) {
    for (const host of ["h1", "h2"]) {
      if (verdict !== "accept") break;
      const model = load(replaceCommands(firewallProgram(firewallPlan(policies, world, { host, now: 1000 }))));
      const bridge = world.segments.find((one) => one.name === segment)!.bridge;
      const found = trace(model, firewallTable, {
        hook: "forward",
        iifname: bridge,
        oifname: bridge,
        source: source.address,
        destination: destination.address,
        protocol,
        secondWord: port,
        icmp,
        tcpFlags: 2,
        original: undefined,
        firstWord: 1024,
        zone: 0,
        isTranslated: false,
        state: "new",
        time,
      });
      verdict = found.verdict;
      counted.push(...found.counted);
    }
  }
  const [word = ""] = expected.split(/[ ,]/);
  expect(verdict).toBe(word === "allow" ? "accept" : word === "deny" ? "drop" : "reject");
  for (const ref of expected.match(/\w[\w-]*\/[\w-]+/g) ?? []) expect(counted.join(" ")).toContain(ref);
});
