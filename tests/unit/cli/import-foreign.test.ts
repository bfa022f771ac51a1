/** What others made by hand: written as adopted segments, whose first run marks and changes nothing else. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import { golden } from "../../support/golden";
import { importOf, runnable } from "../../support/imports";
import { programFiles } from "../../../provider/src/cli/import/files";
import { FakeCall, urnOf, World } from "../../support/world";

/** A bridge with a VXLAN device, a VXLAN device of its own, a Docker network, and the engine's own things. */
function handmade(): World {
  const world = new World([{}, {}]);
  for (const [index, { model }] of world.hosts.entries()) {
    const [local, other] = index === 0 ? ["192.0.2.11", "192.0.2.12"] : ["192.0.2.12", "192.0.2.11"];
    const vxlan = (id: number): { id: number; local: string; port: number } => ({ id, local, port: 8472 });
    model.setLink("docker0", { kind: "bridge", up: true });
    model.setLink("br0", { kind: "bridge", up: true, mtu: 1400 });
    model.setLink("vx42", { kind: "vxlan", up: true, mtu: 1400, master: "br0", vxlan: vxlan(42) });
    model.setLink("vx43", { kind: "vxlan", up: true, mtu: 1450, vxlan: vxlan(43) });
    model.setFlood("vx42", [other]);
    model.setDockerNetwork("office", ["172.30.0.0/16"]);
    model.setDockerNetwork("bridge", ["172.17.0.0/16"]);
  }
  return world;
}

const contents = (world: World) => world.hosts.map(({ model }) => model.contents);
/** As it is without aliases and records: what traffic knows of it. */
const wire = (world: World) =>
  contents(world).map(({ namespaces, fdb, docker }) => ({
    links: [...(namespaces.get("-")?.links ?? [])].map(([name, link]) => [name, { ...link, alias: "" }]),
    fdb,
    docker,
  }));

async function adopted(world: World): Promise<Engine> {
  const engine = new Engine(world.anotherProvider());
  await engine.up(runnable((await importOf(world)).written));
  return engine;
}

test("a run of what was written marks the interfaces and changes nothing else", async () => {
  const world = handmade();
  const before = { all: contents(world), wire: wire(world) };
  const { written, notes } = await importOf(world);
  expect(notes).toEqual([]);
  const engine = new Engine(world.anotherProvider());
  const { call } = await engine.preview(runnable(written));
  expect(contents(world)).toEqual(before.all);
  const said = call.logged.map(({ message }) => message).sort();
  expect(said).toHaveLength(6);
  expect(said[0]).toBe(
    "host h1: br0-h1 is somebody's; it is adopted: it gets our mark, and nothing else of it changes",
  );
  await engine.up(runnable(written));
  expect(wire(world)).toEqual(before.wire);
  const aliases = [...(world.host.model.contents.namespaces.get("-")?.links ?? [])].map(([name, { alias }]) => [
    name,
    alias,
  ]);
  expect(Object.fromEntries(aliases)).toMatchObject({
    br0: "sdn:shop/dev:adopted-br0-h1",
    vx42: "sdn:shop/dev:adopted-br0-h1",
    vx43: "sdn:shop/dev:adopted-vx43-h1",
    docker0: "",
  });
  expect((await engine.up(runnable(written))).done).toEqual([]);
  await engine.refresh();
  expect((await engine.up(runnable(written))).done).toEqual([]);
});

test("and destroy releases all of it: the hosts are as they were", async () => {
  const world = handmade();
  const before = wire(world);
  const engine = await adopted(world);
  await engine.destroy();
  expect(wire(world)).toEqual(before);
  const links = [...(world.host.model.contents.namespaces.get("-")?.links.values() ?? [])];
  expect(links.filter(({ alias }) => alias !== "")).toEqual([]);
  expect(world.host.model.ledgerKeys).toEqual([]);
});

test("what is adopted is imported again as it is, also where its state was lost", async () => {
  const world = handmade();
  await adopted(world);
  const before = contents(world);
  const engine = await adopted(world);
  expect(contents(world)).toEqual(before);
  expect(engine.state.size).toBe(2 + 6);
});

test("it reads well", async () => {
  const world = handmade();
  const { written } = await importOf(world);
  golden("import-foreign.txt", [...(await programFiles(written, "yaml", undefined)).values()].join(""));
});

test("is shown in the picture", async () => {
  const world = handmade();
  await adopted(world);
  const hosts = world.hosts.map(({ name, uri }) => new ResourceReference(urnOf("sdn:index:Host", name), uri, ""));
  const found = await world.handlers.functions.get("sdn:index:getTopology")?.().invoke(new FakeCall(), { hosts });
  golden("topology-adopted.txt", found !== undefined && "result" in found ? (found.result["picture"] as string) : "");
});

describe("afterwards", () => {
  test("what was changed by hand is told by refresh and put back by up", async () => {
    const world = handmade();
    const engine = await adopted(world);
    const before = contents(world);
    world.host.model.setLink("br0", { mtu: 1500 });
    world.host.model.setLink("vx42", { master: "", alias: "" });
    const { warnings } = await engine.refresh();
    expect(warnings).toEqual([
      expect.stringContaining("host h1: MTU of br0 is 1500, should be 1400"),
      expect.stringContaining("host h1: interface vx42, which was adopted, carries our mark no more"),
      expect.stringContaining("host h1: bridge of vx42 is none, should be br0"),
    ]);
    await engine.up(runnable((await importOf(handmade())).written));
    expect(contents(world)).toEqual(before);
  });

  test("what is gone is told, and is not made anew", async () => {
    const world = handmade();
    const { written } = await importOf(world);
    const engine = new Engine(world.anotherProvider());
    await engine.up(runnable(written));
    world.host.model.removeLink("vx43");
    const { warnings } = await engine.refresh();
    expect(warnings[0]).toContain("interface vx43, which was adopted, is missing");
    await expect(engine.up(runnable(written))).rejects.toThrow("interface vx43 does not exist");
    await expect(new Engine(world.anotherProvider()).preview(runnable(written))).rejects.toThrow(
      'there is no such interface (got "vx43"). What was adopted is not made anew',
    );
  });

  test("its VNIs are not drawn for subnets of the host", async () => {
    const world = handmade();
    const engine = await adopted(world);
    const inputs = { label: "n", fabric: "f", vniRange: { start: 42, end: 44 }, pools: [], cidr: "10.0.0.0/16" };
    const urn = urnOf("sdn:ipam:NetworkAllocation", "n");
    const handler = engine.resource("sdn:ipam:NetworkAllocation");
    const call = new FakeCall();
    const made = await handler.create(call, { urn, inputs: { ...inputs, hostUris: [world.host.uri] }, preview: false });
    expect(made.outputs["vni"]).toBe(44);
  });
});

describe("left out, and said so, is", () => {
  test.each([
    [
      "an interface with an alias of somebody's",
      "br0",
      { alias: "uplink of rack 4" },
      "has an alias of its own (uplink of rack 4)",
    ],
    ["an interface with a name that is a danger", "br;reboot", { kind: "bridge" }, "has a name that sdn does not take"],
  ])("%s", async (_case, name, properties, message) => {
    const world = handmade();
    world.host.model.setLink(name, properties);
    const { written, notes } = await importOf(world);
    expect(notes).toEqual([expect.stringContaining(message)]);
    expect(
      JSON.stringify(written.declarations.filter(({ type }) => type === "AdoptedSegment").map(({ name: one }) => one)),
    ).not.toContain(`${name}-h1`);
  });
});

test.each<[string, ValueMap, readonly string[]]>([
  ["nothing", {}, ["host", "bridge"]],
  [
    "wrong names and numbers",
    {
      bridge: { name: "a b", mtu: 1 },
      vxlans: [{ name: "vx1", mtu: 1450, vni: -1, port: 0, local: "x", remotes: ["y"] }],
      dockerNetwork: { name: "-", networkId: "a b", cidrs: ["z"] },
    },
    [
      "host",
      "bridge.name",
      "bridge.mtu",
      "vxlans[0].vni",
      "vxlans[0].local",
      "vxlans[0].port",
      "vxlans[0].remotes[0]",
      "dockerNetwork.name",
      "dockerNetwork.networkId",
      "dockerNetwork.cidrs[0]",
    ],
  ],
])("the inputs of an adopted segment: %s is refused, all at once", (_case, inputs, properties) => {
  const component = new World([{}]).handlers.components.get("sdn:index:AdoptedSegment");
  expect(
    component?.()
      .check(inputs)
      .map(({ property }) => property),
  ).toEqual(properties);
});
