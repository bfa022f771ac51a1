/** What a preview says of flows: at the policy or the label that changes, in words. */
import { unknown, type ValueMap } from "../../../../provider/src/rpc/value";
import { atOnce } from "../../../support/at-once";
import { Engine, type Run } from "../../../support/engine";
import { GuardedFleet } from "../../../support/guarded";
import { guardedShop, type GuardedShop, guardOf, ingress, webs } from "../../../support/reach/guarded-shop";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

async function previewed(before: GuardedShop, after: GuardedShop): Promise<{ run: Run; fleet: GuardedFleet }> {
  const fleet = new GuardedFleet(2);
  const engine = new Engine(fleet.world.handlers);
  await atOnce(engine.up(guardedShop(fleet, before)));
  fleet.takePhases();
  const next = new Engine(fleet.world.anotherProvider(), "shop", "dev", engine.state);
  const run = await atOnce(next.preview(guardedShop(fleet, after)));
  return { run, fleet };
}

/** What is said of flows and of rules, without what is said host by host. */
const said = ({ call }: Run): readonly string[] =>
  call.logged
    .filter(({ severity, message }) => severity !== "debug" && !message.startsWith("host "))
    .map(({ message }) => message);

describe("flows", () => {
  const one = { policies: { guard: guardOf([ingress("in", webs, "5432")]) } };
  test.each<[string, GuardedShop, GuardedShop, readonly string[]]>([
    [
      "a port is opened",
      one,
      { policies: { guard: guardOf([ingress("in", webs, "5432,6432")]) } },
      ["+ webs → db tcp/6432"],
    ],
    ["a port is closed", one, { policies: { guard: guardOf([]) } }, ["− webs → db tcp/5432"]],
    [
      "a port is moved",
      one,
      { policies: { guard: guardOf([ingress("in", webs, "5433")]) } },
      ["+ webs → db tcp/5433", "− webs → db tcp/5432"],
    ],
    ["a first policy comes", { policies: {} }, one, ["− any but webs → db tcp/5432", "− any → db all but tcp/5432"]],
    [
      "somebody outside is let in",
      one,
      { policies: { guard: guardOf([ingress("in", [...webs, { cidr: "203.0.113.0/24" }], "5432")]) } },
      ["+ 203.0.113.0/24 → db tcp/5432"],
    ],
    [
      "everybody is let in",
      one,
      { policies: { guard: guardOf([ingress("in", undefined, "5432")]) } },
      ["+ any but webs → db tcp/5432"],
    ],
    ["an endpoint joins a group", { ...one, web1: { app: "old" } }, one, ["+ web1 → db tcp/5432"]],
    [
      "a name is let out to",
      {
        policies: {
          guard: guardOf([], { appliesTo: [{ subnet: "$web" }], defaults: { ingress: "continue", egress: "deny" } }),
        },
      },
      {
        policies: {
          guard: guardOf(
            [
              {
                name: "out",
                direction: "egress",
                action: "allow",
                to: [{ dnsName: "mirror.example.com" }],
                services: [{ protocol: "tcp", ports: "443" }],
              },
            ],
            { appliesTo: [{ subnet: "$web" }], defaults: { ingress: "continue", egress: "deny" } },
          ),
        },
      },
      ["+? web → any tcp/443"],
    ],
    [
      "a host is closed",
      { policies: {} },
      {
        policies: {
          own: {
            appliesTo: [{ host: "$h1" }],
            rules: [ingress("ssh", [{ cidr: "192.0.2.0/24" }], "22")],
            defaults: { ingress: "deny", egress: "continue" },
          },
        },
      },
      [
        "− any but 192.0.2.0/24 → host h1 tcp/22 (IPv4)",
        "− any → host h1 all (IPv6)",
        "− any → host h1 all but tcp/22 (IPv4)",
      ],
    ],
    [
      "nothing changes but a reason",
      one,
      { policies: { guard: guardOf([{ ...ingress("in", webs, "5432"), reason: "new" }]) } },
      [],
    ],
  ])("%s", async (_name, before, after, expected) => {
    const { run } = await previewed(before, after);
    const lines = said(run)
      .filter((message) => message.startsWith("with this change:"))
      .flatMap((message) => message.split("\n").slice(1));
    expect(lines).toEqual(expected);
  });
});

describe("what a reviewer must not overlook", () => {
  const nothing = { policies: {} };
  const sentences = async (rules: readonly ValueMap[], before: GuardedShop = nothing): Promise<readonly string[]> => {
    const { run } = await previewed(before, { policies: { guard: guardOf(rules) } });
    return said(run).filter((message) => !message.startsWith("with this change:"));
  };

  test.each<[string, readonly ValueMap[], readonly string[]]>([
    ["nothing of note", [ingress("in", webs, "5432")], []],
    [
      "everybody is let in",
      [ingress("in", [{ cidr: "0.0.0.0/0" }], "5432")],
      ["rule guard/in lets everybody (0.0.0.0/0) in on tcp/5432"],
    ],
    [
      "everybody is let in to ports of management",
      [ingress("in", undefined, "22,443")],
      [
        "rule guard/in lets everybody (0.0.0.0/0 and ::/0) in on tcp/22,443",
        "rule guard/in opens ports of management: tcp/22 (SSH)",
      ],
    ],
    [
      "a port of management is opened to some",
      [ingress("in", webs, "2375-2380")],
      ["rule guard/in opens ports of management: tcp/2375-2376,2379-2380 (Docker, etcd)"],
    ],
    [
      "a group has no members",
      [ingress("in", [{ group: "$nobody" }], "5432")],
      ["group nobody of rule guard/in has no members so far"],
    ],
    [
      "a rule is written twice",
      [ingress("in", webs, "5432"), ingress("again", webs, "5432")],
      ["rule guard/again is the same as guard/in"],
    ],
    [
      "a rule has nothing left to match",
      [ingress("in", undefined, undefined, "deny"), ingress("late", webs, "5432")],
      ["rule guard/late can never match: guard/in before it takes all of it"],
    ],
    [
      "two rules together leave nothing",
      [ingress("low", webs, "4000-5432"), ingress("high", webs, "5433-5800"), ingress("mid", webs, "5000-5700")],
      ["rule guard/mid can never match: guard/low, guard/high before it takes all of it"],
    ],
    [
      "a rule that expires takes nothing for good",
      [{ ...ingress("in", webs, "5432"), expires: "2040-01-01T00:00:00Z" }, ingress("again", webs, "5432")],
      [],
    ],
  ])("%s", async (_name, rules, expected) => {
    expect(await sentences(rules)).toEqual(expected);
  });

  test("what was there before is not said again", async () => {
    const rule = ingress("in", [{ cidr: "0.0.0.0/0" }], "5432");
    const before = { policies: { guard: guardOf([rule]) } };
    expect(await sentences([rule, ingress("more", webs, "5433")], before)).toEqual([]);
  });

  test("what is unknown is said to be unknown", async () => {
    const fleet = new GuardedFleet(2);
    const run = await atOnce(
      new Engine(fleet.world.handlers).preview(
        guardedShop(fleet, { policies: { guard: guardOf([ingress("in", [{ cidr: unknown }], "5432")]) } }),
      ),
    );
    expect(said(run)).toEqual([
      "something that it names is known only after other changes, so what it opens and closes is unknown",
    ]);
  });
});

test("a preview of flows asks no host for more than before: one look, and one trial of the rules", async () => {
  const { fleet } = await previewed(
    { policies: { guard: guardOf([ingress("in", webs, "5432")]) } },
    { policies: { guard: guardOf([ingress("in", webs, "5433")]) } },
  );
  expect(fleet.takePhases().map((phases) => phases.filter((phase) => phase !== "other"))).toEqual([
    ["look", "check"],
    ["look", "check"],
  ]);
});

test("many lines are counted, not written", async () => {
  const ports = Array.from({ length: 30 }, (_, index) => String(1000 + 2 * index));
  const rules = ports.map((port, index) => ingress(`r${index}`, [{ cidr: `203.0.113.${index}/32` }], port));
  const { run } = await previewed({ policies: { guard: guardOf([]) } }, { policies: { guard: guardOf(rules) } });
  const [message = ""] = said(run);
  expect(message.split("\n")).toHaveLength(22);
  expect(message).toMatch(/… and 10 more lines$/);
});
