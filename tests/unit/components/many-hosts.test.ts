/** A fleet of more hosts than a segment names: its state has a digest of them. */
import { Engine, type Program } from "../../support/engine";
import { importOf } from "../../support/imports";
import { shop, subnetOf } from "../../support/programs";
import { FakeCall, World } from "../../support/world";

const many = 40;

const spanning =
  (world: World, count: number): Program =>
  async (run) => {
    const made = await shop(run, { hosts: world.hosts.slice(0, count) });
    await subnetOf(run, made, "web", { cidr: "10.20.0.0/20", hostRangePrefixLength: 26 });
  };

const fleet = (): World => new World(Array.from({ length: many + 1 }, () => ({ docker: false })));

/** The VTEPs to which the first host floods. */
const flooded = (world: World): readonly string[] =>
  [...world.host.model.contents.fdb.keys()]
    .filter((key) => key.includes(" 00:00:00:00:00:00 "))
    .map((key) => key.split(" ")[2] ?? "");

const vxlanOn = (world: World): string =>
  [...(world.host.model.contents.namespaces.get("-")?.links.keys() ?? [])].find((name) => name.startsWith("sdn-v-")) ??
  "";

const specOf = (engine: Engine, name: string): unknown =>
  [...engine.state.values()].find(({ urn }) => urn.endsWith(`::${name}`))?.inputs["spec"];

test("each host floods to all others, and its state holds how many and a digest", async () => {
  const world = fleet();
  const engine = new Engine(world.handlers);
  await engine.up(spanning(world, many));
  expect(flooded(world)).toEqual(world.hosts.slice(1, many).map(({ connection }) => connection.address));
  expect(specOf(engine, "web-h1")).toMatchObject({
    peers: { count: many - 1, digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
  });
  const { done } = await engine.up(spanning(world, many));
  expect(done).toEqual([]);
});

test("a host more: every other learns its VTEP, and one less: every other forgets it", async () => {
  const world = fleet();
  const engine = new Engine(world.handlers);
  await engine.up(spanning(world, many));
  const { done } = await engine.up(spanning(world, many + 1));
  expect(done).toContain("update Segment web-h1: spec.peers.count spec.peers.digest");
  expect(flooded(world)).toHaveLength(many);
  await engine.up(spanning(world, many));
  expect(flooded(world)).toHaveLength(many - 1);
});

test.each<[string, (peers: readonly string[]) => readonly string[], RegExp]>([
  ["one is missing", (peers) => peers.slice(1), /number of VTEPs that sdn-v-\d+ floods to is 38, should be 39/],
  ["another is in its place", (peers) => [...peers.slice(1), "192.0.2.250"], /floods to other VTEPs than those/],
])("a process that has not seen the subnet finds that %s, and the next up repairs it", async (_name, change, words) => {
  const world = fleet();
  const engine = new Engine(world.handlers);
  await engine.up(spanning(world, many));
  const before = flooded(world);
  const other = new Engine(world.anotherProvider());
  for (const [urn, stored] of engine.state) other.state.set(urn, stored);
  expect((await other.refresh()).warnings).toEqual([]);
  world.host.model.setFlood(vxlanOn(world), change(before));
  const { warnings } = await other.refresh();
  expect(warnings).toEqual([expect.stringMatching(words)]);
  const { done } = await other.up(spanning(world, many));
  expect(done).toEqual(["update Segment web-h1: drift"]);
  expect([...flooded(world)].sort()).toEqual([...before].sort());
});

test("without the subnet in the run, a segment of many cannot be made, and says what to do", async () => {
  const world = fleet();
  const engine = new Engine(world.handlers);
  await engine.up(spanning(world, many));
  const stored = [...engine.state.values()].find(({ urn }) => urn.endsWith("::web-h1"));
  const segment = new Engine(world.anotherProvider()).resource("sdn:linux:Segment");
  const { inputs = {}, urn = "" } = stored ?? {};
  await expect(segment.create(new FakeCall(), { urn, inputs, preview: false })).rejects.toMatchObject({
    message: expect.stringContaining("Run the whole program"),
  });
});

test("what is imported are all of its hosts, or it is said how many are missing", async () => {
  const world = new World(Array.from({ length: many }, () => ({ docker: false })));
  await new Engine(world.handlers).up(spanning(world, many));
  expect((await importOf(world)).obstacles).toEqual([]);
  expect((await importOf(world, "shop/dev", many - 1)).obstacles).toContain(
    "subnet web spans 40 hosts, as host h1 has it, and 39 were given: give all of them with --host",
  );
});
