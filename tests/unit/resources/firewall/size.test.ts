/** What a policy and an endpoint's labels cost in Pulumi's state: the hosts once, and nothing twice. */
import { atOnce } from "../../../support/at-once";
import type { Program, Stored } from "../../../support/engine";
import { Engine } from "../../../support/engine";
import type { GuardedArgs } from "../../../support/guarded";
import { entriesOn, guarded, GuardedFleet } from "../../../support/guarded";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

const hostKey = `ssh-ed25519 ${"A".repeat(68)}`;
const calm: GuardedArgs = { members: ["web1"], policies: { guard: 443 } };

/** Hosts as a real program names them, and ranges of the subnet that are enough for all. */
const large =
  (program: Program): Program =>
  (run) => {
    const add = run.add.bind(run);
    run.add = (type, name, inputs) => {
      if (type === "sdn:index:Host") return add(type, name, { ssh: { ...(inputs["ssh"] as object), hostKey } });
      if (type !== "sdn:index:Subnet") return add(type, name, inputs);
      return add(type, name, { ...inputs, cidr: "10.20.0.0/17", hostRangePrefixLength: 26 });
    };
    return program(run);
  };

const entriesIn = (engine: Engine): readonly Stored[] =>
  [...engine.state.values()].filter(({ type }) => type.startsWith("sdn:firewall:"));

test.each([
  [3, 1, 1.4],
  [40, 10, 10.4],
])("on %i hosts: labels have less than %d kB, a small policy %d kB", async (count, labels, policy) => {
  const fleet = new GuardedFleet(count);
  const engine = new Engine(fleet.world.handlers);
  await atOnce(engine.up(large(guarded(fleet.world, calm))));
  const sizes = entriesIn(engine).map(({ type, id, inputs, outputs }) => {
    // The engine gives each of them a name and a place besides.
    return [type.replace("sdn:firewall:", ""), JSON.stringify([id, inputs, outputs]).length / 1000] as const;
  });
  const limits = new Map([
    ["Member", labels],
    ["Policy", policy],
  ]);
  for (const [type, size] of sizes)
    expect([type, size < (limits.get(type) ?? 0) ? "fits" : size]).toEqual([type, "fits"]);
  expect(sizes).toHaveLength(2);
  expect(entriesIn(engine).map(({ outputs }) => Object.keys(outputs).sort())).toEqual([
    ["drift", "generation", "pending"],
    ["drift", "generation", "pending"],
  ]);
});

test("of 40 hosts one leaves and forgets all, comes back and gets all, and a destroy in a new process leaves nothing", async () => {
  const fleet = new GuardedFleet(40);
  const engine = new Engine(fleet.world.handlers);
  const up = (args: GuardedArgs) => atOnce(engine.up(large(guarded(fleet.world, args))));
  const counts = (): readonly number[] => fleet.models.map((model) => entriesOn(model).length);
  const all = fleet.models.map(() => 2);
  await up(calm);
  expect(counts()).toEqual(all);
  await up({ ...calm, hosts: 39 });
  expect(counts()).toEqual([...all.slice(1), 0]);
  await up(calm);
  expect(counts()).toEqual(all);
  // It has not seen the program: what it knows is the state.
  const other = new Engine(fleet.world.anotherProvider(), "shop", "dev", engine.state);
  await atOnce(other.destroy());
  expect(fleet.models.flatMap((model) => model.ledgerKeys)).toEqual([]);
});
