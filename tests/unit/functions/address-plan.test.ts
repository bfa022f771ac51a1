/** `getAddressPlan` on modelled hosts: what a run knows, and what hosts tell without it. */
import { addressPlan } from "../../../provider/src/compile/address-plan";
import { holdingsOnHosts } from "../../../provider/src/compile/holdings-on-hosts";
import { addressTable } from "../../../provider/src/render/address-table";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, unknown } from "../../../provider/src/rpc/value";
import type { Handlers } from "../../../provider/src/rpc/handlers";
import { Engine } from "../../support/engine";
import type { Program } from "../../support/engine";
import { viewsOf } from "../../support/fleet-views";
import { golden } from "../../support/golden";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { FakeCall, urnOf, World } from "../../support/world";

const references = (world: World): readonly ResourceReference[] =>
  world.hosts.map(({ name, uri }) => new ResourceReference(urnOf("sdn:index:Host", name), uri, ""));

async function planIn(world: World, handlers: Handlers = world.handlers, args: ValueMap = {}): Promise<ValueMap> {
  const make = handlers.functions.get("sdn:index:getAddressPlan");
  if (make === undefined) throw new Error("no such function");
  const found = await make().invoke(new FakeCall(), { hosts: references(world), ...args });
  if ("failures" in found) throw new Error(JSON.stringify(found.failures));
  return found.result;
}

const rules: ValueMap = {
  allocationRanges: [{ start: "10.20.1.10", end: "10.20.1.19" }],
  reservations: [
    { start: "10.20.1.15", reason: "the printer" },
    { start: "10.20.1.224", end: "10.20.1.239", reason: "moves in May" },
  ],
};

/** `web1` is on h1; `kept` is on no host, and only reserves its address. */
const program =
  (world: World, more: readonly string[] = []): Program =>
  async (run) => {
    const made = await shop(run, world, { network: { egress: "nat", ipv6Cidr: "fd00:20::/48" } });
    const subnet = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:0:1::/64", ...rules });
    await subnetOf(run, made, "db", { cidr: "10.20.2.0/24", hosts: ["h1"], internal: true });
    const web1 = { subnet, ipv4Address: "10.20.1.11", ipv6Address: "fd00:20:0:1::11", namespace: { name: "web1" } };
    await endpointOn(run, made.hosts[0], "web1", web1);
    await endpointOn(run, made.hosts[1], "kept", { subnet, ipv4Address: "10.20.1.12", ipv6Address: "fd00:20:0:1::12" });
    for (const name of more) await endpointOn(run, made.hosts[1], name, { subnet });
  };

function empty(): World {
  const world = new World([{}, {}]);
  world.host.model.addNamespace("web1");
  return world;
}

const spaceOf = (plan: ValueMap, name: string): ValueMap =>
  (plan["subnets"] as readonly ValueMap[]).find((subnet) => subnet["name"] === name)?.["ipv4"] as ValueMap;
const endpointsIn = (plan: ValueMap): unknown => {
  const { total, inUse, left } = spaceOf(plan, "web")["endpoints"] as ValueMap;
  return { total, inUse, left };
};

test("after a run: endpoints that are on hosts and ones that only reserve, and what the program lays down", async () => {
  const world = empty();
  await new Engine(world.handlers).up(program(world));
  world.hosts[1]?.model.setContainer("guest", { networks: new Map([["shop-web", { ipv4: "10.20.1.70", ipv6: "" }]]) });
  world.takeExecutions();
  const plan = await planIn(world);
  expect(world.takeExecutions()).toEqual([1, 1]);
  expect(endpointsIn(plan)).toEqual({ total: 9, inUse: 2, left: 7 });
  expect(spaceOf(plan, "web")).toMatchObject({
    endpoints: { ranges: ["10.20.1.10-10.20.1.19"] },
    reservations: [{ range: "10.20.1.15-10.20.1.15" }, { range: "10.20.1.224-10.20.1.239", reason: "moves in May" }],
  });
  golden("addresses-shop.txt", plan["table"] as string);
});

test("a preview counts what is about to be made, also where no host has anything yet", async () => {
  const world = empty();
  const engine = new Engine(world.handlers);
  await engine.preview(program(world));
  expect(endpointsIn(await planIn(world))).toEqual({ total: 9, inUse: 2, left: 7 });
  await engine.up(program(world));
  await engine.preview(program(world, ["web3", "web4"]));
  expect(endpointsIn(await planIn(world))).toEqual({ total: 9, inUse: 4, left: 5 });
});

test("an unchanged run counts the same, and an endpoint that went is not counted", async () => {
  const world = empty();
  const first = new Engine(world.handlers);
  await first.up(program(world, ["web3"]));
  const handlers = world.anotherProvider();
  const second = new Engine(handlers, "shop", "dev", first.state);
  await second.up(program(world, ["web3"]));
  expect(endpointsIn(await planIn(world, handlers))).toEqual({ total: 9, inUse: 3, left: 6 });
  await second.up(program(world));
  expect(endpointsIn(await planIn(world, handlers))).toEqual({ total: 9, inUse: 2, left: 7 });
});

test("hosts alone know neither rules nor mere reservations, and say so", async () => {
  const world = empty();
  await new Engine(world.handlers).up(program(world));
  const plan = await planIn(world, world.anotherProvider());
  expect(plan["subnets"]).toMatchObject([{ name: "db" }, { name: "web", rulesKnown: false }]);
  expect(endpointsIn(plan)).toEqual({ total: 62, inUse: 1, left: 61 });
  golden("addresses-hosts.txt", addressTable(addressPlan(holdingsOnHosts(await viewsOf(world)))));
});

test("of a subnet that grew hosts alone do not tell how it is divided", async () => {
  const world = empty();
  const grown =
    (cidr: string): Program =>
    async (run) => {
      const made = await shop(run, world);
      await subnetOf(run, made, "web", { cidr });
    };
  const engine = new Engine(world.handlers);
  await engine.up(grown("10.20.1.0/24"));
  await engine.up(grown("10.20.0.0/23"));
  const alone = spaceOf(await planIn(world, world.anotherProvider()), "web");
  expect(alone).not.toHaveProperty("endpoints");
  expect(alone).not.toHaveProperty("hostRangesLeft");
  expect(alone["addresses"]).toMatchObject([{ address: "10.20.1.1", use: "gateway" }, {}, {}]);
  const { endpoints, hostRangesLeft } = spaceOf(await planIn(world), "web");
  expect({ endpoints, hostRangesLeft }).toMatchObject({
    endpoints: { total: 125, ranges: ["10.20.1.2-10.20.1.63", "10.20.0.1-10.20.0.63"] },
    hostRangesLeft: 22,
  });
});

test("of hosts with nothing on them says so; what is not known yet stays so; what is no host is refused", async () => {
  const world = empty();
  expect(await planIn(world)).toMatchObject({ networks: [], subnets: [], vnis: [], table: "nothing of sdn\n" });
  expect(await planIn(world, world.handlers, { hosts: unknown })).toMatchObject({ subnets: unknown, table: unknown });
  await expect(planIn(world, world.handlers, { hosts: ["h1"] })).rejects.toThrow("hosts[0]");
});
