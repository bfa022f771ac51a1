/** A machine that is gone for good leaves the program without being asked. */
import { Engine } from "../../support/engine";
import type { Program } from "../../support/engine";
import { subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const program =
  (world: World, members: number, retired: boolean): Program =>
  async (run) => {
    const hosts = await Promise.all(
      world.hosts.map(({ name, connection: { address } }, index) =>
        run.add("sdn:index:Host", name, { ssh: { address }, ...(index === 2 && retired ? { retired } : {}) }),
      ),
    );
    const fabric = await run.add("sdn:index:Fabric", "dc", { hosts: hosts.slice(0, members) });
    const network = await run.add("sdn:index:VirtualNetwork", "shop", { fabric, cidr: "10.20.0.0/16" });
    await subnetOf(run, { hosts, fabric, network }, "web", { cidr: "10.20.1.0/24" });
  };

async function made(): Promise<{ world: World; engine: Engine }> {
  const world = new World([{}, {}, {}]);
  const engine = new Engine(world.handlers);
  await engine.up(program(world, 3, false));
  world.takeExecutions();
  return { world, engine };
}

test("what was on it is forgotten with a warning, and nobody asks it", async () => {
  const { world, engine } = await made();
  const { call } = await engine.up(program(world, 2, true));
  expect(world.takeExecutions()[2]).toBe(0);
  expect(call.warnings).toEqual([
    expect.stringMatching(
      /^host h3 is retired: web is forgotten, and on it stay interface sdn-b-(\d+), interface sdn-v-\1, interface sdn-p-\1, Docker network shop-web, the record segment-\1 in \/var\/lib\/sdn$/,
    ),
    expect.stringMatching(
      /^host h3 is retired: shop is forgotten, and on it stay namespace sdn-r-(\d+), the record router-\1 /,
    ),
  ]);
  expect([...engine.state.keys()].filter((urn) => urn.includes("sdn:linux:") && urn.endsWith("-h3"))).toEqual([]);
  expect((await engine.refresh()).warnings).toEqual([]);
  expect(world.takeExecutions()[2]).toBe(0);
});

test("a machine that is down is not forgotten by itself; the error says how", async () => {
  const { world, engine } = await made();
  world.hosts[2]?.target.failBefore(world.hosts[2].target.executions + 1);
  await expect(engine.up(program(world, 2, false))).rejects.toThrow(
    "if it is gone for good, keep its Host in the program with retired: true for one run",
  );
});

test("a retired machine cannot be a member, and one that was never used cannot be retired", async () => {
  const { world, engine } = await made();
  await expect(engine.up(program(world, 3, true))).rejects.toThrow(
    'hosts[2]: is retired (got "h3"). Take it out of hosts, and what is on it out of the program.',
  );
  const fresh = new World([{}, {}, {}]);
  await expect(new Engine(fresh.handlers).up(program(fresh, 2, true))).rejects.toThrow(
    "a host that was never used cannot be retired",
  );
});
