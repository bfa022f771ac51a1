/** Two networks that reach each other: what is made, and what is refused before anything is. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference } from "../../../provider/src/rpc/value";
import type { Program, Run } from "../../support/engine";
import { Engine, InvalidInputs } from "../../support/engine";
import { shop } from "../../support/programs";
import { FakeCall, urnOf, World } from "../../support/world";

const two = (): World => new World([{}, {}]);

const networkOf = (run: Run, fabric: ResourceReference, name: string, args: ValueMap): Promise<ResourceReference> =>
  run.add("sdn:index:VirtualNetwork", name, { fabric, ...args });

const peeringOf = (run: Run, name: string, networks: readonly ResourceReference[], args: ValueMap = {}) =>
  run.add("sdn:index:NetworkPeering", name, { networks, ...args });

/** `shop` (10.20.0.0/16) and `data` are peers. */
const peered =
  (world: World, data: ValueMap = { cidr: "10.30.0.0/16" }, args: ValueMap = {}): Program =>
  async (run) => {
    const { fabric, network } = await shop(run, world);
    const other = await networkOf(run, fabric, "data", data);
    await peeringOf(run, "shop-data", [network, other], args);
  };

const spec = (engine: Engine, host: string): ValueMap =>
  [...engine.state.values()].find(({ urn }) => urn.endsWith(`Peering::shop-data-${host}`))?.inputs["spec"] as ValueMap;

test("a peering is a resource on every host, is shown so in a preview, and changes nothing else", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  await engine.up(async (run) => {
    const { fabric } = await shop(run, world);
    await networkOf(run, fabric, "data", { cidr: "10.30.0.0/16" });
  });
  const expected = ["create Peering shop-data-h1", "create Peering shop-data-h2", "create PeeringAllocation shop-data"];
  expect([...(await engine.preview(peered(world))).done].sort()).toEqual(expected);
  expect([...(await engine.up(peered(world))).done].sort()).toEqual(expected);
  expect((await engine.up(peered(world))).done).toEqual([]);
  expect(spec(engine, "h1")).toEqual(spec(engine, "h2"));
  expect((await engine.refresh()).warnings).toEqual([]);
});

test("a link that somebody took away is found and mended", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  await engine.up(peered(world));
  const { vni, sides } = spec(engine, "h1") as { vni: number; sides: readonly { routerVni: number }[] };
  const router = `sdn-r-${String(sides[0]?.routerVni)}`;
  world.host.model.removeLink(`p${vni}`, router);
  expect((await engine.refresh()).warnings.join("\n")).toContain(`host h1: interface p${vni} in ${router} is missing`);
  expect((await engine.up(peered(world))).done).toEqual(["update Peering shop-data-h1: drift"]);
  expect(world.host.model.hasLink(`p${vni}`, router)).toBe(true);
});

test("prefixes limit the side in whose space they lie; the other takes part as a whole", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  await engine.up(peered(world));
  const { done } = await engine.up(peered(world, { cidr: "10.30.0.0/16" }, { prefixes: ["10.30.7.0/24"] }));
  expect(done.map((line) => line.replace(/:.*/, ""))).toEqual([
    "update Peering shop-data-h1",
    "update Peering shop-data-h2",
  ]);
  expect(spec(engine, "h2")["sides"]).toMatchObject([
    { network: "shop", prefixes: ["10.20.0.0/16"] },
    { network: "data", prefixes: ["10.30.7.0/24"] },
  ]);
});

test("the picture names the peers, and the trace of a packet goes over the peering and no further", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  for (const { model } of world.hosts) for (const box of ["one", "two", "three"]) model.addNamespace(box);
  await engine.up(async (run) => {
    const { hosts, fabric, network } = await shop(run, world);
    const data = await networkOf(run, fabric, "data", { cidr: "10.30.0.0/16" });
    const logs = await networkOf(run, fabric, "logs", { cidr: "10.40.0.0/16" });
    for (const [name, of, second, host] of [
      ["one", network, 20, 0],
      ["two", data, 30, 1],
      ["three", logs, 40, 0],
    ] as const) {
      const subnet = await run.add("sdn:index:Subnet", `s-${name}`, { network: of, cidr: `10.${second}.1.0/24` });
      const place = { host: hosts[host] as ResourceReference, namespace: { name }, ipv4Address: `10.${second}.1.5` };
      await run.add("sdn:index:Endpoint", name, { subnet, ...place });
    }
    await peeringOf(run, "shop-data", [network, data], { prefixes: ["10.30.1.5/32"] });
    await peeringOf(run, "data-logs", [data, logs]);
  });
  const references = world.hosts.map(({ name, uri }) => new ResourceReference(urnOf("sdn:index:Host", name), uri, ""));
  const ask = async (name: string, args: ValueMap): Promise<ValueMap> => {
    const make = world.handlers.functions.get(`sdn:index:${name}`);
    const found = await make?.().invoke(new FakeCall(), { hosts: references, ...args });
    if (found === undefined || !("result" in found)) throw new Error(JSON.stringify(found));
    return found.result;
  };
  expect((await ask("getTopology", {}))["picture"]).toMatch(
    /network data .* peers: shop logs|network data .* peers: logs shop/,
  );
  const route = async (from: string, to: string): Promise<string> => {
    const { outcome, reason } = await ask("getRoute", { from, to });
    return `${outcome as string}: ${reason as string}`;
  };
  expect(await route("one", "two")).toBe("delivered: two (10.30.1.5) is on host h2");
  expect(await route("two", "three")).toBe("delivered: three (10.40.1.5) is on host h1");
  expect(await route("one", "three")).toBe("dropped: network shop has no way out (egress: none)");
  expect(await route("one", "10.30.1.6")).toBe("dropped: network shop has no way out (egress: none)");
});

test("at its largest it is less than 5 KB of state", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  const prefixes = Array.from({ length: 16 }, (_, index) => `fd00:1234:5678:${(0xabc0 + index).toString(16)}::/64`);
  const space = { cidr: "10.30.0.0/16", ipv6Cidr: "fd00:1234:5678::/48" };
  await engine.up(peered(world, space, { prefixes }));
  const [peering] = [...engine.state.values()].filter(({ type }) => type === "sdn:linux:Peering");
  expect(JSON.stringify(peering).length).toBeLessThan(5_000);
});

const failureOf = async (program: Program, world: World): Promise<string> => {
  const failure: unknown = await new Engine(world.handlers).preview(program).catch((thrown: unknown) => thrown);
  return failure instanceof InvalidInputs ? failure.message : (failure as Error).message;
};

test("spaces that overlap are refused in a preview, with both names", async () => {
  const world = two();
  expect(await failureOf(peered(world, { cidr: "10.16.0.0/12" }), world)).toBe(
    "networks: the spaces of shop (10.20.0.0/16) and data (10.16.0.0/12) overlap. Give one of the two another address space.",
  );
});

test("two peers of one network that have the same addresses are refused in a preview", async () => {
  const world = two();
  const program: Program = async (run) => {
    const { fabric, network } = await shop(run, world);
    const [one, two] = [
      await networkOf(run, fabric, "one", { cidr: "10.30.0.0/16" }),
      await networkOf(run, fabric, "two", { cidr: "10.30.0.0/20" }),
    ];
    await peeringOf(run, "first", [network, one]);
    await peeringOf(run, "second", [two, network]);
  };
  expect(await failureOf(program, world)).toContain(
    "network shop is a peer of one already (first), which has 10.30.0.0/16 where two has 10.30.0.0/20",
  );
});

test("networks of two fabrics are refused", async () => {
  const world = two();
  const program: Program = async (run) => {
    const { hosts, network } = await shop(run, world);
    const vniRange = { start: 20_000, end: 20_100 };
    const fabric = await run.add("sdn:index:Fabric", "lab", { hosts, vniRange });
    await peeringOf(run, "shop-data", [network, await networkOf(run, fabric, "data", { cidr: "10.30.0.0/16" })]);
  };
  expect(await failureOf(program, world)).toBe(
    "networks: shop is on fabric dc, data on lab. A peering joins networks of one fabric.",
  );
});

test.each<[string, ValueMap, string]>([
  ["outside", { prefixes: ["10.20.1.0/24", "10.40.0.0/16"] }, "prefixes[1]: lies in neither network's space"],
  ["one in another", { prefixes: ["10.20.0.0/20", "10.20.1.0/24"] }, "prefixes[1]: overlaps 10.20.0.0/20 in the list"],
  ["no CIDR", { prefixes: ["10.20.1.7/24"] }, "prefixes[0]: the value has host bits set"],
  [
    "too many",
    { prefixes: Array.from({ length: 17 }, (_, index) => `10.20.${index}.0/24`) },
    "prefixes: at most 16 are possible (got 17). Combine some, or leave the list out.",
  ],
])("prefixes: %s", async (_name, args, message) => {
  const world = two();
  expect(await failureOf(peered(world, { cidr: "10.30.0.0/16" }, args), world)).toContain(message);
});

test.each<[string, number, string]>([
  ["one", 1, "networks: a peering is between two (got 1). Give two networks."],
  ["three", 3, "networks: a peering is between two (got 3). Give two networks."],
  ["the same twice", 2, 'networks[1]: is the same network as the first (got "shop"). Give another one.'],
])("networks: %s", async (_name, count, message) => {
  const world = two();
  const program: Program = async (run) => {
    const { network } = await shop(run, world);
    await peeringOf(
      run,
      "shop-data",
      Array.from({ length: count }, () => network),
    );
  };
  expect(await failureOf(program, world)).toBe(message);
});
