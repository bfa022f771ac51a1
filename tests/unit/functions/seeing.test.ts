/** `getTopology` and `getRoute` on modelled hosts that a whole `up` has converged. */
import type { RouteHop } from "../../../provider/src/compile/route-trail";
import { connectionValue } from "../../../provider/src/resources/connection-inputs";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, unknown } from "../../../provider/src/rpc/value";
import { golden } from "../../support/golden";
import { shopWorld } from "../../support/shop-world";
import type { ShopWorld } from "../../support/shop-world";
import { FakeCall, urnOf, World } from "../../support/world";

let shop: ShopWorld;
beforeAll(async () => {
  shop = await shopWorld();
});

const hostReferences = ({ hosts }: World): readonly ResourceReference[] =>
  hosts.map(({ name, uri }) => new ResourceReference(urnOf("sdn:index:Host", name), uri, ""));

async function outcome(world: World, token: string, args: ValueMap, call = new FakeCall()) {
  const make = world.handlers.functions.get(token);
  if (make === undefined) throw new Error(`no function ${token}`);
  return make().invoke(call, args);
}
async function result(world: World, token: string, args: ValueMap, call = new FakeCall()): Promise<ValueMap> {
  const found = await outcome(world, token, args, call);
  if ("failures" in found) throw new Error(JSON.stringify(found.failures));
  return found.result;
}
const topologyIn = (world: World, args: ValueMap = {}): Promise<ValueMap> =>
  result(world, "sdn:index:getTopology", { hosts: hostReferences(world), ...args });
const topology = (args: ValueMap = {}): Promise<ValueMap> => topologyIn(shop.world, args);
const route = (from: string, to: string, more: ValueMap = {}, call = new FakeCall()): Promise<ValueMap> =>
  result(shop.world, "sdn:index:getRoute", { hosts: hostReferences(shop.world), from, to, ...more }, call);

describe("getTopology", () => {
  test("shows what a program made, from the hosts alone, in two executions each", async () => {
    shop.world.takeExecutions();
    const seen = await topology();
    expect(shop.world.takeExecutions()).toEqual([2, 2, 2]);
    expect(seen["networks"]).toMatchObject([
      { name: "shop", owner: "shop/dev", cidr: "10.20.0.0/16", egress: "nat", hosts: ["h1", "h2", "h3"] },
      { name: "office", cidr: "10.30.0.0/16", peers: ["shop"] },
      { name: "closed", cidr: "10.20.0.0/16", egress: "none" },
    ]);
    expect(seen["subnets"]).toMatchObject([
      { name: "db", network: "shop", segments: [{ host: "h1", peers: ["192.0.2.12"] }, { host: "h2" }] },
      { name: "web", network: "shop", gateway: "10.20.1.1", ipv6Gateway: "fd00:20:0:1::1" },
      { name: "desks", network: "office" },
      { name: "lab", network: "closed" },
    ]);
    const hosts = seen["hosts"] as readonly ValueMap[];
    expect(hosts.map(({ name, reachable, drift }) => ({ name, reachable, drift }))).toEqual(
      ["h1", "h2", "h3"].map((name) => ({ name, reachable: true, drift: [] })),
    );
  });

  test("draws it", async () => {
    golden("topology-shop.txt", (await topology())["picture"] as string);
  });

  test("shows a container that joined the Docker network by itself, and names it undeclared", async () => {
    const networks = new Map([["shop-web", { ipv4: "10.20.1.70", ipv6: "" }]]);
    const { world } = await shopWorld();
    world.hosts[1]?.model.setContainer("guest", { networks });
    const endpoints = (await topologyIn(world))["endpoints"] as readonly ValueMap[];
    expect(endpoints.find(({ name }) => name === "guest")).toEqual({
      name: "guest",
      host: "h2",
      subnet: "web",
      ipv4Address: "10.20.1.70",
      macAddress: "02:42:00:00:00:01",
      attached: "container guest",
      declared: false,
    });
  });

  test("says what differs from what was asked for, and where", async () => {
    const { world } = await shopWorld();
    const seen = await topologyIn(world);
    const [{ vni }] = (seen["subnets"] as readonly ValueMap[]).filter(({ name }) => name === "web") as [
      { vni: number },
    ];
    world.hosts[2]?.model.removeLink(`sdn-v-${vni}`);
    const now = await topologyIn(world);
    expect((now["hosts"] as readonly ValueMap[]).map(({ drift }) => drift)).toEqual([
      [],
      [],
      expect.arrayContaining([`interface sdn-v-${vni} is missing`]),
    ]);
    expect(now["picture"]).toContain(`! interface sdn-v-${vni} is missing`);
  });

  test("says what somebody put into our tables, once a host", async () => {
    const { world } = await shopWorld();
    const host = world.hosts[1]?.model;
    host?.change(({ namespaces }) => namespaces.get("-")?.tables.get("inet sdn")?.sets.get("bridges")?.add("eth0"));
    const now = await topologyIn(world);
    const sentence = "element eth0 of nftables set inet sdn bridges is not ours";
    expect((now["hosts"] as readonly ValueMap[]).map(({ drift }) => drift)).toEqual([[], [sentence], []]);
  });

  test("shows the other hosts where one does not answer", async () => {
    const gone = new ResourceReference(urnOf("sdn:index:Host", "gone"), "ssh://root@192.0.2.99:22", "");
    const seen = await topology({ hosts: [...hostReferences(shop.world), gone] });
    expect(seen["hosts"]).toMatchObject([{}, {}, {}, { name: "gone", reachable: false, problem: expect.any(String) }]);
    expect(seen["picture"]).toContain("not read: ");
  });

  test("takes the hosts that a Fabric has, and reads them with the same credentials", async () => {
    const fabric = shop.world.hosts.map(({ name, connection, uri }) => ({
      name,
      uri,
      connection: connectionValue(connection),
    }));
    expect((await topology({ hosts: fabric }))["picture"]).toBe((await topology())["picture"]);
  });

  test("says of each item that is no host what would be one", async () => {
    const found = await outcome(shop.world, "sdn:index:getTopology", { hosts: ["h1", 5], wrong: 1 });
    expect("failures" in found ? found.failures.map(({ property }) => property) : []).toEqual([
      "hosts[0]",
      "hosts[1]",
      "wrong",
    ]);
  });

  test("of hosts with nothing on them says so", async () => {
    const world = new World([{}]);
    const seen = await result(world, "sdn:index:getTopology", { hosts: hostReferences(world) });
    expect(seen).toMatchObject({ networks: [], subnets: [], endpoints: [] });
    expect(seen["picture"]).toContain("nothing of sdn");
  });
});

describe("getRoute", () => {
  test.each([
    ["to the next host, in a subnet", "web1", "web2", "delivered", ["h1 sdn-b", "h1 sdn-v", "h2 sdn-b", "h2 sdn-b"]],
    [
      "to another subnet, routed on its own host",
      "web1",
      "db1",
      "delivered",
      ["h1 sdn-b", "h1 a", "h1 sdn-r", "h1 sdn-b", "h1 sdn-v", "h2 sdn-b", "h2 sdn-b"],
    ],
    ["to its gateway, on its own host", "web2", "10.20.1.1", "delivered", ["h2 sdn-b", "h2 a"]],
    ["outside, with a way out", "web1", "198.51.100.7", "outside", ["h1 sdn-b", "h1 a", "h1 sdn-r", "h1 sdn-u"]],
    ["to its own host: dropped", "web1", "192.0.2.11", "dropped", ["h1 sdn-b", "h1 a", "h1 sdn-r", "h1 sdn-u"]],
    ["outside, without a way out: dropped", "probe", "198.51.100.7", "dropped", ["h1 sdn-b", "h1 a", "h1 sdn-r"]],
    [
      "to an address of the network in no subnet: dropped",
      "web1",
      "10.20.99.1",
      "dropped",
      ["h1 sdn-b", "h1 a", "h1 sdn-r"],
    ],
    [
      "to a peer network, by the link between the routers of its own host",
      "desk1",
      "web1",
      "delivered",
      ["h2 sdn-b", "h2 a", "h2 sdn-r", "h2 sdn-r", "h2 sdn-b", "h2 sdn-v", "h1 sdn-b", "h1 sdn-b"],
    ],
    [
      "to a part of a peer network that takes no part: dropped",
      "desk1",
      "db1",
      "dropped",
      ["h2 sdn-b", "h2 a", "h2 sdn-r"],
    ],
    ["from a part that takes no part: dropped", "db1", "desk1", "dropped", ["h2 sdn-b", "h2 a", "h2 sdn-r"]],
    ["to an address of its subnet that nobody has", "web1", "10.20.1.50", "unknown", ["h1 sdn-b", "h1 sdn-v"]],
  ])("%s", async (_case, from, to, expected, places) => {
    shop.world.takeExecutions();
    const { outcome: found, hops, mtu } = await route(from, to);
    const seen = (hops as unknown as readonly RouteHop[]).map(
      ({ host, device }) => `${host} ${device.replace(/-?\d.*$/, "")}`,
    );
    expect({ found, seen, mtu }).toEqual({ found: expected, seen: places, mtu: 1450 });
    expect(shop.world.takeExecutions()).toEqual([1, 1, 1]);
  });

  test("draws the way", async () => {
    golden("route-routed.txt", (await route("web1", "db1"))["picture"] as string);
  });

  test("from a host without the other subnet ends at its router, which says what to add", async () => {
    const { outcome: found, reason } = await route("10.20.1.13", "10.20.2.11", { network: "shop", host: "h3" });
    expect({ found, reason }).toEqual({
      found: "dropped",
      reason: "the router of host h3 has no leg in subnet db: add the host to it",
    });
  });

  test("to an address of a host's range names the host whose engine hands it out", async () => {
    const [web] = ((await topology())["subnets"] as readonly ValueMap[]).filter(({ name }) => name === "web");
    const { range } = (web?.["segments"] as readonly { host: string; range: string }[])[2] ?? { range: "" };
    const address = range.replace(/(\d+)\/.*$/, (_all, last: string) => String(Number(last) + 1));
    const found = await route("web1", address);
    expect(found).toMatchObject({
      outcome: "delivered",
      reason: `${address} is in the range of host h3, if it is in use`,
    });
  });

  test.each([
    [
      "an address of two networks needs the network",
      { from: "10.20.1.11", to: "10.20.1.12" },
      "is in more than one subnet: shop/web, closed/lab",
    ],
    [
      "a sender that nobody is",
      { from: "nobody", to: "10.20.1.12" },
      "is no endpoint with an IPv4 address on these hosts",
    ],
    ["a sender outside", { from: "198.51.100.7", to: "10.20.1.12" }, "is in no subnet on these hosts"],
    [
      "a receiver that nobody is",
      { from: "web1", to: "nobody" },
      "is neither an address nor an endpoint on these hosts",
    ],
    ["a network that is not there", { from: "web1", to: "web2", network: "none" }, "is no network on these hosts"],
    [
      "an address without a known place needs the host",
      { from: "10.20.2.50", to: "10.20.2.11" },
      "nobody is known to have 10.20.2.50",
    ],
  ])("%s", async (_case, args, message) => {
    await expect(
      outcome(shop.world, "sdn:index:getRoute", { hosts: hostReferences(shop.world), ...args }),
    ).rejects.toThrow(message);
  });

  test("warns of a host that could not be read", async () => {
    const gone = new ResourceReference(urnOf("sdn:index:Host", "gone"), "ssh://root@192.0.2.99:22", "");
    const call = new FakeCall();
    await route("web1", "web2", { hosts: [...hostReferences(shop.world), gone] }, call);
    expect(call.warnings).toEqual([expect.stringContaining("host gone was not read, so the way may be another")]);
  });

  test("asks for what is missing, all at once, and waits for nothing that is unknown", async () => {
    const found = await outcome(shop.world, "sdn:index:getRoute", { hosts: hostReferences(shop.world), network: 5 });
    expect("failures" in found ? found.failures.map(({ property }) => property) : []).toEqual([
      "from",
      "to",
      "network",
    ]);
    const later = await outcome(shop.world, "sdn:index:getRoute", { hosts: unknown, from: "web1", to: "web2" });
    expect(later).toHaveProperty("result");
  });
});
