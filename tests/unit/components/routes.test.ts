/** Routes of a network and internal subnets: where they go, and what is refused before anything is changed. */
import type { Value, ValueMap } from "../../../provider/src/rpc/value";
import { unknown } from "../../../provider/src/rpc/value";
import type { Program } from "../../support/engine";
import { Engine, InvalidInputs } from "../../support/engine";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const two = (): World => new World([{}, {}]);

/** Network `shop` (10.20.0.0/16) with subnets `web` (10.20.1.0/24) and `edge` (10.20.9.0/24, docker: false). */
const network =
  (world: World, args: ValueMap, edge: ValueMap = {}): Program =>
  async (run) => {
    const made = await shop(run, world, { network: args });
    await subnetOf(run, made, "web", { cidr: "10.20.1.0/24" });
    await subnetOf(run, made, "edge", { cidr: "10.20.9.0/24", docker: false, ...edge });
  };

const specOf = (engine: Engine, name: string): ValueMap =>
  [...engine.state.values()].find(({ urn }) => urn.endsWith(name.includes("::") ? name : `::${name}`))?.inputs[
    "spec"
  ] as ValueMap;

async function failureOf(world: World, program: Program): Promise<string> {
  const failure: unknown = await new Engine(world.handlers).preview(program).catch((thrown: unknown) => thrown);
  return failure instanceof InvalidInputs ? failure.message : (failure as Error).message;
}

const routes = [
  { destination: "10.99.0.0/16", nextHop: "10.20.9.5" },
  { destination: "192.168.77.0/24", nextHop: "blackhole" },
];
const policyRoutes = [{ priority: 10, from: "10.20.1.0/24", nextHop: "10.20.9.5" }];

test("routes go to the subnet of their next hop, on every host, in place; what is dropped to the router", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  await engine.up(network(world, {}));
  const { done } = await engine.up(network(world, { routes, policyRoutes }));
  expect([...done].sort()).toEqual([
    "update Router shop-h1: spec.blackholes",
    "update Router shop-h2: spec.blackholes",
    "update Segment edge-h1: spec.routes spec.policyRoutes",
    "update Segment edge-h2: spec.routes spec.policyRoutes",
  ]);
  expect(specOf(engine, "edge-h1")).toMatchObject({ routes: [routes[0]], policyRoutes });
  expect(specOf(engine, "web-h1")).not.toHaveProperty("routes");
  expect((await engine.refresh()).warnings).toEqual([]);
  const router = `sdn-r-${specOf(engine, "edge-h1")["routerVni"] as number}`;
  world.host.model.removeRoute("10.99.0.0/16", router);
  expect((await engine.refresh()).warnings.join("\n")).toContain(`route to 10.99.0.0/16 in ${router} by g`);
  await engine.up(network(world, { routes, policyRoutes }));
  expect((await engine.refresh()).warnings).toEqual([]);
  await engine.up(network(world, {}));
  expect(specOf(engine, "edge-h1")).not.toHaveProperty("routes");
});

test("as many routes as are possible are less than 5 KB of state", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  await engine.up(
    network(world, {
      routes: Array.from({ length: 16 }, (_, index) => ({
        destination: `192.168.${100 + index}.0/24`,
        nextHop: `10.20.9.${20 + index}`,
      })),
      policyRoutes: Array.from({ length: 8 }, (_, index) => ({
        priority: 100 + index,
        from: `10.20.1.${100 + index}/32`,
        to: `198.51.100.${100 + index}/32`,
        nextHop: `10.20.9.${20 + index}`,
      })),
    }),
  );
  const [segment] = [...engine.state.values()].filter(({ urn }) => urn.endsWith("::edge-h1"));
  expect(JSON.stringify(segment).length).toBeLessThan(5_000);
});

test.each<[string, ValueMap, readonly string[]]>([
  [
    "two families, and no family at all",
    {
      routes: [
        { destination: "10.99.0.0/16", nextHop: "fd00::1" },
        { destination: "10.98.0.0", nextHop: "gateway" },
      ],
      policyRoutes: [{ priority: 1000, from: "10.20.1.0/24", to: "2001:db8::/32", nextHop: "10.20.9.5" }],
    },
    [
      'routes[0].nextHop: is IPv6, but destination is IPv4 (got "fd00::1"). Keep to one family.',
      'routes[1].destination: the value has no prefix length (got "10.98.0.0"). Write 10.98.0.0/32 for this one address.',
      'routes[1].nextHop: the value is not an IP address (got "gateway"). Write an address such as 192.0.2.10 or 2001:db8::10.',
      "policyRoutes[0].priority: must be a whole number from 1 to 999 (got 1000).",
    ],
  ],
  [
    "one destination and one priority twice",
    {
      routes: [routes[0], { ...routes[0], nextHop: "10.20.9.6" }],
      policyRoutes: [policyRoutes[0], policyRoutes[0]],
    } as ValueMap,
    [
      'routes[1].destination: is in the list already (got "10.99.0.0/16"). A destination has one next hop.',
      "policyRoutes[1].priority: is in the list already (got 10). Give each its own.",
    ],
  ],
  [
    "a second default route",
    { egress: "nat", routes: [{ destination: "0.0.0.0/0", nextHop: "10.20.9.5" }] },
    [
      'routes[0].destination: the network has a default route already, to its hosts (got "0.0.0.0/0"). Use policyRoutes for a part of the traffic, or take egress and nat.destination away.',
    ],
  ],
  [
    "too many",
    {
      routes: Array.from({ length: 17 }, (_, index) => ({
        destination: `10.${100 + index}.0.0/16`,
        nextHop: "10.20.9.5",
      })),
    },
    ["routes: at most 16 are possible (got 17). Combine some."],
  ],
])("refused by the inputs alone: %s", async (_name, args, expected) => {
  const world = two();
  expect((await failureOf(world, network(world, args))).split("\n")).toEqual(expected);
});

test.each<[string, ValueMap, string]>([
  [
    "a next hop outside of the network",
    { routes: [{ destination: "10.99.0.0/16", nextHop: "10.30.0.1" }] },
    'routes[0].nextHop: lies outside of the network\'s space 10.20.0.0/16 (got "10.30.0.1"). Give an address in one of its subnets.',
  ],
  [
    "the network's own space",
    { routes: [{ destination: "10.20.0.0/16", nextHop: "10.20.9.5" }] },
    'routes[0].destination: is the network\'s own space (got "10.20.0.0/16"). Choose a part of it, or what is outside.',
  ],
  [
    "sources outside of the network",
    { policyRoutes: [{ priority: 1, from: "10.30.0.0/16", nextHop: "10.20.9.5" }] },
    'policyRoutes[0].from: lies outside of the network\'s space 10.20.0.0/16 (got "10.30.0.0/16"). Choose a part of it.',
  ],
  [
    "a route that would hide a part of a subnet",
    { routes: [{ destination: "10.20.1.128/25", nextHop: "10.20.9.5" }] },
    'cidr: the network has a route to 10.20.1.128/25, which would hide a part of this subnet (got "10.20.1.0/24"). Choose other addresses, or take the route away.',
  ],
  [
    "sources beside their next hop",
    { policyRoutes: [{ priority: 1, from: "10.20.8.0/23", nextHop: "10.20.9.5" }] },
    'cidr: a policy route leads these sources to 10.20.9.5, which is in the same subnet (got "10.20.8.0/23"). Put the next hop into a subnet of its own.',
  ],
])("refused where the addresses are known: %s", async (_name, args, message) => {
  const world = two();
  expect(await failureOf(world, network(world, args))).toBe(message);
});

test.each<[string, ValueMap, string]>([
  [
    "the gateway",
    { routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.9.1" }] },
    'network: is the next hop of the network\'s routes[0], and the gateway of subnet edge (got "10.20.9.1"). Give the address of an endpoint that sends packets on.',
  ],
  [
    "the broadcast address",
    { policyRoutes: [{ priority: 1, from: "10.20.1.0/24", nextHop: "10.20.9.255" }] },
    "network: is the next hop of the network's policyRoutes[0], and the broadcast address of subnet edge",
  ],
  [
    "the first address",
    { routes: [routes[1] ?? {}, { destination: "10.99.0.0/16", nextHop: "10.20.9.0" }] },
    "network: is the next hop of the network's routes[1], and the first address of subnet edge",
  ],
  [
    "a host's router",
    { routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.9.64" }] },
    "network: is the next hop of the network's routes[0], and the router of host h1 of subnet edge",
  ],
])("a next hop that no endpoint can be is refused in a preview: %s", async (_name, args, message) => {
  const world = two();
  const edge = { hostRanges: { h1: "10.20.9.64/28" } };
  expect(await failureOf(world, network(world, args, edge))).toContain(message);
});

test("next hops of a subnet whose addresses are not known yet are refused once they are", async () => {
  const program =
    (world: World, prefixLength: Value): Program =>
    async (run) => {
      const made = await shop(run, world, {
        network: { routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.0.1" }] },
      });
      await subnetOf(run, made, "all", { prefixLength });
    };
  const world = two();
  await new Engine(world.handlers).preview(program(world, unknown));
  expect(await failureOf(world, program(world, 16))).toContain("and the gateway of subnet all");
});

test("a route and a peer that have the same destination are refused in a preview", async () => {
  const world = two();
  const program: Program = async (run) => {
    const made = await shop(run, world, {
      network: { routes: [{ destination: "10.30.0.0/16", nextHop: "10.20.9.5" }] },
    });
    await subnetOf(run, made, "edge", { cidr: "10.20.9.0/24", docker: false });
    const data = await run.add("sdn:index:VirtualNetwork", "data", { fabric: made.fabric, cidr: "10.30.0.0/16" });
    await run.add("sdn:index:NetworkPeering", "join", { networks: [made.network, data] });
  };
  expect(await failureOf(world, program)).toContain(
    "the network has a route there by 10.20.9.5, and is a peer of data (join), which is there",
  );
});

describe("an internal subnet", () => {
  test("has no gateway and no leg of the router; its endpoints have no route", async () => {
    const world = two();
    world.host.model.addNamespace("box");
    const engine = new Engine(world.handlers);
    const run = await engine.up(async (one) => {
      const made = await shop(one, world, { network: { egress: "nat" } });
      const subnet = await subnetOf(one, made, "store", { cidr: "10.20.3.0/24", internal: true });
      await endpointOn(one, made.hosts[0], "box", { subnet, namespace: { name: "box" } });
    });
    const outputs = [...run.outputs.values()].find(({ urn }) => urn.endsWith("Subnet::store"))?.outputs;
    expect(outputs).toMatchObject({ internal: true, cidr: "10.20.3.0/24", dockerNetworkName: "shop-store" });
    expect(outputs).not.toHaveProperty("gateway");
    expect(specOf(engine, "Port::box")).toMatchObject({
      ipv4: { address: expect.stringMatching(/^10\.20\.3\.\d+\/24$/) },
    });
    expect((specOf(engine, "Port::box")["ipv4"] as ValueMap)["gateway"]).toBeUndefined();
    expect(world.host.model.contents.namespaces.get("box")?.routes.size).toBe(0);
    expect(world.host.model.hasLink(`sdn-p-${outputs?.["vni"] as number}`)).toBe(false);
    expect((await engine.refresh()).warnings).toEqual([]);
  });

  test("becomes one in place, with the same addresses", async () => {
    const world = two();
    const engine = new Engine(world.handlers);
    await engine.up(network(world, {}));
    const { done } = await engine.up(network(world, {}, { internal: true }));
    expect(done).toEqual(["update Segment edge-h1: spec.internal", "update Segment edge-h2: spec.internal"]);
  });

  test.each<[string, ValueMap, string]>([
    [
      "of a next hop",
      { routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.9.5" }] },
      'internal: a route of the network has its next hop here (got "10.20.9.5"). An internal subnet has no router: take the route away, or internal.',
    ],
    [
      "of an endpoint that a port of a host leads to",
      { nat: { destination: [{ name: "web", protocol: "tcp", port: 80, toAddress: "10.20.9.5" }] } },
      'internal: nat.destination of the network leads here (got "10.20.9.5"). An internal subnet has no router: take the rule away, or internal.',
    ],
  ])("cannot be the subnet %s", async (_name, args, message) => {
    const world = two();
    expect(await failureOf(world, network(world, args, { internal: true }))).toBe(message);
  });
});
