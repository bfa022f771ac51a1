/** Keys are in the inputs of policies and labels, and nowhere to be read. */
import type { ValueMap } from "../../../../provider/src/rpc/value";
import { Secret } from "../../../../provider/src/rpc/value";
import { brokenError } from "../../../../provider/src/targets/ssh-errors";
import { atOnce } from "../../../support/at-once";
import type { Program, Run } from "../../../support/engine";
import { Engine } from "../../../support/engine";
import { guarded, GuardedFleet } from "../../../support/guarded";
import { FakeCall } from "../../../support/world";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

const keys = { privateKey: "THE-KEY", passphrase: "THE-PHRASE" };
const jump = { address: "192.0.2.1", privateKey: "JUMP-KEY", passphrase: "JUMP-PHRASE" };

/** As a program may have them: as plain texts. */
const withKeys =
  (program: Program): Program =>
  (run) => {
    const add = run.add.bind(run);
    run.add = (type, name, inputs) =>
      add(type, name, type === "sdn:index:Host" ? { ssh: { ...(inputs["ssh"] as ValueMap), ...keys, jump } } : inputs);
    return program(run);
  };

/** Everything that a person or a file can get to see. A `Secret` is shown as such. */
const shown = (engine: Engine, fleet: GuardedFleet, ...more: readonly unknown[]): string =>
  JSON.stringify([
    [...engine.state.values()],
    fleet.models.map(({ contents }) => [[...contents.ledger], [...contents.firewall.tables], contents.events]),
    more,
  ]);
const clear = /THE-|JUMP-/;

const args = { members: ["web1"], policies: { guard: 443 } };

async function bench(): Promise<{ fleet: GuardedFleet; engine: Engine; run: Run }> {
  const fleet = new GuardedFleet(3);
  const engine = new Engine(fleet.world.handlers);
  const run = await atOnce(engine.up(withKeys(guarded(fleet.world, args))));
  return { fleet, engine, run };
}

test("they are secrets in the state of a policy and of labels", async () => {
  const { fleet, engine, run } = await bench();
  const entries = [...engine.state.values()].filter(({ type }) => type.startsWith("sdn:firewall:"));
  for (const { inputs } of entries) {
    expect(inputs["hosts"]).toMatchObject(
      fleet.models.map(() => ({
        connection: { privateKey: expect.any(Secret), jump: { passphrase: expect.any(Secret) } },
      })),
    );
  }
  expect(entries).toHaveLength(2);
  expect(shown(engine, fleet, run.call.logged)).toContain("[secret]");
  expect(shown(engine, fleet, run.call.logged)).not.toMatch(clear);
});

test("they are in no message of a host that does not answer, of a refusal, or of a refresh", async () => {
  const { fleet, engine } = await bench();
  const messages: string[] = [];
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    await atOnce(work).catch((thrown: unknown) => messages.push(String(thrown), JSON.stringify(thrown)));
  };
  for (const [index, phase] of (["any", "check", "change", "prove", "disarm"] as const).entries()) {
    const next = withKeys(guarded(fleet.world, { ...args, policies: { guard: index + 1 } }));
    fleet.meddle("h2", phase, () => {
      throw brokenError("fake:", new Error("injected"));
    });
    await attempt(engine.up(next));
    fleet.leaveAlone();
    await atOnce(engine.up(next)).catch(() => undefined);
    fleet.models.forEach((model) => {
      model.passTime(61);
    });
  }
  fleet.models[0]?.change(({ firewall }) => {
    firewall.tables.clear();
  });
  messages.push(...(await atOnce(engine.refresh())).warnings);
  expect(messages.length).toBeGreaterThan(8);
  expect(shown(engine, fleet, messages)).not.toMatch(clear);
});

test("an import by id knows none, and the ids have none", async () => {
  const { fleet, engine } = await bench();
  for (const { urn, type, id } of [...engine.state.values()].filter((one) => one.type.startsWith("sdn:firewall:"))) {
    const handler = fleet.world.anotherProvider().resources.get(type)?.();
    const read = await atOnce(
      handler?.read(new FakeCall(), { urn, id, inputs: undefined, state: undefined }) ?? Promise.resolve(undefined),
    );
    expect(JSON.stringify([id, read])).not.toMatch(clear);
    expect(read).toMatchObject({ id });
  }
});
