/** Assertions about traffic: what fails a preview, what a run tests again, and what a refresh tells. */
import { unknown, type ValueMap } from "../../../../provider/src/rpc/value";
import { atOnce } from "../../../support/at-once";
import { Engine } from "../../../support/engine";
import { entriesOn, GuardedFleet } from "../../../support/guarded";
import { FakeCall } from "../../../support/world";
import { guardedShop, guardOf, ingress, named, webs } from "../../../support/reach/guarded-shop";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

const tcp = (ports: string): ValueMap => ({ protocol: "tcp", ports });
const guarded = guardOf([ingress("postgres", webs, "5432"), ingress("audit", [{ cidr: "203.0.113.0/24" }], "5432")]);
const opened = guardOf([ingress("postgres", webs, "5432"), ingress("ssh", webs, "22")]);

interface Bench {
  readonly fleet: GuardedFleet;
  readonly engine: Engine;
  readonly program: (test: ValueMap | undefined, database?: ValueMap) => ReturnType<typeof guardedShop>;
}

function bench(): Bench {
  const fleet = new GuardedFleet(2);
  const program = (test: ValueMap | undefined, database: ValueMap = guarded) =>
    guardedShop(fleet, {
      policies: { database },
      then: async (run, known) => {
        if (test === undefined) return;
        const hosts = run.outputsOf(known["fabric"]!)["hosts"] ?? unknown;
        await run.add("sdn:index:ReachabilityTest", "traffic", { hosts, ...(named(test, known) as ValueMap) });
      },
    });
  return { fleet, engine: new Engine(fleet.world.handlers), program };
}

const holding: ValueMap = {
  allowed: [
    { from: "$web1", to: "$db1", ...tcp("5432") },
    { from: ["$webs", "203.0.113.7"], to: "$db", ...tcp("5432") },
    { from: { matchLabels: { app: "web" } }, to: "db1", ...tcp("5432") },
  ],
  denied: [
    { from: "any", to: "$db1", ...tcp("22") },
    { from: "$db1", to: "$store1" },
  ],
  onlyFrom: [{ from: ["$webs", "203.0.113.0/24"], to: "$db1", ...tcp("5432") }],
};

describe("in a preview", () => {
  test.each<[string, ValueMap, ValueMap | undefined, string]>([
    [
      "traffic that should pass is denied",
      { allowed: [{ from: "$web1", to: "$db1", ...tcp("5433") }] },
      undefined,
      'allowed[0]: "allowed web1 → db1 tcp/5433" does not hold: web1 → db1 tcp/5433 is denied, by database/default',
    ],
    [
      "a policy of the same run opens what should be denied",
      { denied: [{ from: "any", to: "$db1", ...tcp("22") }] },
      opened,
      'denied[0]: "denied any → db1 tcp/22" does not hold: webs → db1 tcp/22 is allowed, by database/ssh',
    ],
    [
      "somebody else gets in",
      { onlyFrom: [{ from: "$webs", to: "$db1", ...tcp("5432") }] },
      undefined,
      'onlyFrom[0]: "onlyFrom webs → db1 tcp/5432" does not hold: 203.0.113.0/24 → db1 tcp/5432 is allowed, by database/audit',
    ],
    [
      "no router leads there",
      { allowed: [{ from: "$web1", to: "$store1" }] },
      undefined,
      '"allowed web1 → store1 all" does not hold: web1 → store1 all has no way there',
    ],
    [
      "all that is broken is said at once",
      {
        allowed: [{ from: "$web1", to: "$db1", ...tcp("1") }],
        denied: [{ from: "$web1", to: "$db1", ...tcp("5432") }],
      },
      undefined,
      'denied[0]: "denied web1 → db1 tcp/5432" does not hold: web1 → db1 tcp/5432 is allowed, by database/postgres',
    ],
  ])("%s", async (_name, test, database, message) => {
    const { engine, program } = bench();
    await atOnce(engine.up(program(undefined)));
    await expect(atOnce(engine.preview(program(test, database)))).rejects.toThrow(message);
  });

  test("of a stack that does not exist yet, it is tested against what the program declares", async () => {
    const { engine, program } = bench();
    expect((await atOnce(engine.preview(program(holding)))).call.warnings).toEqual([]);
    const wrong = { denied: [{ from: "$web1", to: "$db1", ...tcp("5432") }] };
    await expect(atOnce(engine.preview(program(wrong)))).rejects.toThrow("is allowed, by database/postgres");
  });

  test("a test that does not change fails where a policy does", async () => {
    const { fleet, engine, program } = bench();
    const test = { denied: [{ from: "any", to: "$db1", ...tcp("22") }] };
    await atOnce(engine.up(program(test)));
    const next = new Engine(fleet.world.anotherProvider(), "shop", "dev", engine.state);
    await expect(atOnce(next.preview(program(test, opened)))).rejects.toThrow("is allowed, by database/ssh");
  });

  test("asks no host again that was looked at for a policy", async () => {
    const { fleet, engine, program } = bench();
    await atOnce(engine.up(program(holding)));
    const next = new Engine(fleet.world.anotherProvider(), "shop", "dev", engine.state);
    fleet.takePhases();
    await atOnce(next.preview(program(holding)));
    const [looks = []] = fleet.takePhases();
    expect(looks.filter((phase) => phase === "look")).toHaveLength(1);
  });
});

test("what holds is kept with its rules, and nothing changes afterwards", async () => {
  const { fleet, engine, program } = bench();
  await atOnce(engine.up(program(holding)));
  const stored = [...engine.state.values()].find(({ type }) => type === "sdn:index:ReachabilityTest");
  expect(stored?.outputs).toEqual({
    holds: [
      "allowed web1 → db1 tcp/5432: database/postgres",
      "allowed webs, 203.0.113.7 → db tcp/5432: database/audit, database/postgres",
      "allowed [app=web] → db1 tcp/5432: database/postgres",
      "denied any → db1 tcp/22: database/default",
      "denied db1 → store1 all: no policy",
      "onlyFrom webs, 203.0.113.0/24 → db1 tcp/5432: database/default",
    ],
    broken: [],
  });
  const next = new Engine(fleet.world.anotherProvider(), "shop", "dev", engine.state);
  expect((await atOnce(next.up(program(holding)))).done).toEqual([]);
});

test("a run that changes the rules tests it again on the hosts", async () => {
  const { fleet, engine, program } = bench();
  await atOnce(engine.up(program(holding)));
  const next = new Engine(fleet.world.anotherProvider(), "shop", "dev", engine.state);
  const renamed = guardOf([ingress("sql", webs, "5432"), ingress("audit", [{ cidr: "203.0.113.0/24" }], "5432")]);
  expect((await atOnce(next.up(program(holding, renamed)))).done).toContain("update ReachabilityTest traffic: holds");
});

test("a refresh tells what is broken on the hosts", async () => {
  const { fleet, engine, program } = bench();
  await atOnce(engine.up(program(holding)));
  const other = new Engine(fleet.world.anotherProvider(), "shop", "dev", new Map(engine.state));
  await atOnce(other.up(program(undefined, opened)));
  expect(fleet.models.map((model) => entriesOn(model).includes("database"))).toEqual([true, true]);
  const { warnings } = await atOnce(engine.refresh());
  expect(warnings.filter((one) => one.includes("does not hold"))).toEqual([
    expect.stringContaining("allowed[1]"),
    expect.stringContaining(
      'denied[0]: "denied any → db1 tcp/22" does not hold: webs → db1 tcp/22 is allowed, by database/ssh',
    ),
  ]);
  // The engine asks for differences in a refresh as well; the next preview fails.
  await expect(atOnce(engine.preview(program(holding, opened)))).rejects.toThrow("does not hold");
  const handler = fleet.world.resource("sdn:index:ReachabilityTest");
  const stored = [...engine.state.values()].find(({ type }) => type === "sdn:index:ReachabilityTest")!;
  const asked = { urn: stored.urn, id: stored.id, olds: stored.outputs, oldInputs: stored.inputs, news: stored.inputs };
  const { changes, detailedDiff } = await handler.diff(new FakeCall(), { ...asked, ignoreChanges: [] });
  expect([changes, [...detailedDiff.keys()]]).toEqual([true, ["broken"]]);
});

test.each<[string, ValueMap, string]>([
  ["nothing is asserted", {}, "allowed: nothing is asserted"],
  ["ports without a protocol", { denied: [{ from: "any", to: "db1", ports: "22" }] }, "denied[0].protocol: is missing"],
  [
    "no such port",
    { denied: [{ from: "any", to: "db1", ...tcp("x") }] },
    "denied[0].ports: the value is not a list of ports",
  ],
  ["one end alone", { allowed: [{ to: "db1" }] }, "allowed[0].from: is required and missing"],
])("wrong: %s", async (_name, test, message) => {
  const { engine, program } = bench();
  await expect(atOnce(engine.preview(program(test)))).rejects.toThrow(message);
});

test("a name that nobody has is an error when the run is over", async () => {
  const { engine, program } = bench();
  const test = { allowed: [{ from: "nobody-at-all", to: "$db1" }] };
  const { call } = await atOnce(engine.preview(program(test)));
  expect(call.warnings).toEqual([expect.stringContaining("If this run makes it, the assertions are tested then.")]);
  await expect(atOnce(engine.up(program(test)))).rejects.toThrow("is no endpoint, container, subnet");
});
