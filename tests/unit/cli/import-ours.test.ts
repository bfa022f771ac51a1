/** What sdn made is written as a program that makes the same: its first run changes nothing on any host. */
import { programFiles } from "../../../provider/src/cli/import/files";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import type { Program } from "../../support/engine";
import { golden } from "../../support/golden";
import { importOf, runnable } from "../../support/imports";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { shopWorld } from "../../support/shop-world";
import { World } from "../../support/world";

const boxes = ["box1", "box2", "box3"];

/** A network with one subnet and an endpoint on each host, with what a test wants otherwise. */
const program =
  (
    world: World,
    { fabric = {}, network = {}, subnet = { prefixLength: 24 }, endpoint = {} }: Readonly<Record<string, ValueMap>>,
  ): Program =>
  async (run) => {
    const made = await shop(run, world, { fabric, network });
    const web = await subnetOf(run, made, "web", subnet);
    for (const [index, name] of boxes.entries()) {
      await endpointOn(run, made.hosts[index], name, {
        subnet: web,
        namespace: { name },
        ...(index === 0 ? endpoint : {}),
      });
    }
  };

function three(): World {
  const world = new World([{}, {}, {}]);
  for (const [index, name] of boxes.entries()) world.hosts[index]?.model.addNamespace(name);
  return world;
}

const contents = (world: World) => world.hosts.map(({ model }) => model.contents);

/** The state is lost: another engine, another process, and only what the import wrote. */
async function adopt(world: World): Promise<{ readonly preview: readonly string[] }> {
  const before = contents(world);
  const { written, obstacles } = await importOf(world);
  expect(obstacles).toEqual([]);
  const engine = new Engine(world.anotherProvider());
  const { call } = await engine.preview(runnable(written));
  expect(contents(world)).toEqual(before);
  await engine.up(runnable(written));
  expect(contents(world)).toEqual(before);
  expect((await engine.up(runnable(written))).done).toEqual([]);
  await engine.refresh();
  expect((await engine.up(runnable(written))).done).toEqual([]);
  return { preview: call.logged.filter(({ severity }) => severity === "info").map(({ message }) => message) };
}

test.each<[string, Readonly<Record<string, ValueMap>>]>([
  ["everything by default", {}],
  ["a way out", { network: { egress: "nat" } }],
  ["a way out without translation", { network: { egress: "routed" } }],
  [
    "translations, on all hosts and on some",
    {
      network: {
        egress: "nat",
        nat: {
          source: [
            { from: "10.20.1.0/24", to: "198.51.100.0/24", address: "none", hosts: ["h2", "h3"] },
            { from: "10.20.0.0/16", address: "host" },
          ],
          destination: [
            { name: "web", protocol: "tcp", port: 8080, toAddress: "10.20.1.9", toPort: 80 },
            { name: "dns", protocol: "udp", port: 5300, endPort: 5310, toAddress: "10.20.1.8", hosts: ["h2"] },
          ],
        },
      },
    },
  ],
  [
    "a way in without a way out",
    {
      network: {
        nat: { destination: [{ name: "web", protocol: "tcp", port: 80, toAddress: "10.20.1.9", hosts: ["h1"] }] },
      },
    },
  ],
  [
    "both families, with a way out",
    { network: { egress: "nat", ipv6Cidr: "fd00:20::/48" }, subnet: { prefixLength: 24, ipv6PrefixLength: 64 } },
  ],
  [
    "IPv6 alone, whose MAC addresses are drawn from names",
    { network: { ipv6Cidr: "fd00:20::/48" }, subnet: { ipv6PrefixLength: 64 } },
  ],
  [
    "a smaller MTU, another port and other VNIs",
    { fabric: { mtu: 1300, underlayPort: 8472, vniRange: { start: 70_000, end: 70_100 } } },
  ],
  ["a transit space of its own", { fabric: { transitCidr: "100.96.0.0/12" }, network: { egress: "nat" } }],
  ["ranges of another length", { subnet: { prefixLength: 24, hostRangePrefixLength: 27 } }],
  ["hosts in another order, and not all", { subnet: { prefixLength: 24, hosts: ["h3", "h1", "h2"] } }],
  ["no Docker network", { subnet: { prefixLength: 24, docker: false } }],
  ["a Docker network by another name", { subnet: { prefixLength: 24, dockerNetworkName: "front" } }],
  [
    "an address, a MAC address and an interface's name that were given",
    {
      endpoint: {
        ipv4Address: "10.20.5.9",
        macAddress: "02:00:00:00:00:09",
        namespace: { name: "box1", interface: "lan0" },
      },
      subnet: { cidr: "10.20.5.0/24" },
    },
  ],
  ["a way out without translation", { network: { egress: "routed" } }],
  [
    "translations that all hosts have",
    {
      network: {
        egress: "nat",
        nat: {
          source: [{ from: "10.20.5.0/24", to: "203.0.113.0/24", address: "none" }],
          destination: [{ name: "web", protocol: "tcp", port: 80, toAddress: "10.20.1.5", toPort: 8080 }],
        },
      },
    },
  ],
  [
    "ports of one host, and nothing that leaves",
    {
      network: {
        nat: {
          destination: [
            { name: "web", hosts: ["h2"], protocol: "tcp", port: 80, toAddress: "10.20.1.5", preserveSource: true },
            { name: "more", hosts: ["h2"], protocol: "udp", port: 5000, endPort: 5010, toAddress: "10.20.1.5" },
          ],
        },
      },
    },
  ],
  [
    "routes",
    {
      network: {
        routes: [
          { destination: "10.99.0.0/16", nextHop: "10.20.5.9" },
          { destination: "192.168.77.0/24", nextHop: "blackhole" },
        ],
        policyRoutes: [{ priority: 10, from: "10.20.6.0/24", nextHop: "10.20.5.9" }],
      },
      subnet: { cidr: "10.20.5.0/24" },
    },
  ],
  ["layer 2 alone", { subnet: { prefixLength: 24, internal: true } }],
  ["a port that may send anything", { endpoint: { antiSpoofing: false } }],
  [
    "addresses that a port may send from besides its own",
    {
      endpoint: {
        allowedAddressPairs: [{ address: "10.20.77.1" }, { address: "10.20.78.0/24", macAddress: "02:00:00:00:00:07" }],
      },
    },
  ],
])("with %s, the hosts are after the first run as they were before it", async (_case, wants) => {
  const world = three();
  await new Engine(world.handlers).up(program(world, wants));
  const { preview } = await adopt(world);
  // A router and a segment on each host, and the endpoints.
  expect(preview).toHaveLength(9);
  expect(
    preview.every((message) => message.endsWith("is there already: it is adopted, and nothing on it changes")),
  ).toBe(true);
});

test("two networks with the same addresses, and subnets on some of the hosts, are told apart", async () => {
  const { world } = await shopWorld();
  await adopt(world);
});

test("what was removed while the state was lost is not missed", async () => {
  const { world, engine } = await shopWorld();
  await engine.up(async (run) => {
    const made = await shop(run, world, { network: { egress: "nat", ipv6Cidr: "fd00:20::/48" } });
    await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:0:1::/64" });
  });
  await adopt(world);
});

test("a container with an address that only an endpoint gives out has it reserved again", async () => {
  const { world } = await shopWorld();
  const networks = new Map([["shop-web", { ipv4: "10.20.1.30", ipv6: "fd00:20:0:1::30" }]]);
  const drawn = new Map([["shop-web", { ipv4: "10.20.1.70", ipv6: "fd00:20:0:1:7000::1" }]]);
  world.hosts[1]?.model.setContainer("reserved", { networks });
  world.hosts[1]?.model.setContainer("drawn", { networks: drawn });
  const mixed = new Map([["shop-web", { ipv4: "10.20.1.31", ipv6: "fd00:20:0:1:7000::2" }]]);
  world.hosts[1]?.model.setContainer("mixed", { networks: mixed });
  const { declarations } = (await importOf(world)).written;
  expect(declarations.find(({ name }) => name === "reserved")).toMatchObject({
    type: "Endpoint",
    properties: { ipv4Address: "10.20.1.30", ipv6Address: "fd00:20:0:1::30" },
    comment: "The address that container reserved has.",
  });
  expect(declarations.find(({ name }) => name === "drawn")).toBeUndefined();
  expect(declarations.find(({ name }) => name === "mixed")?.properties).not.toHaveProperty("ipv6Address");
  await adopt(world);
});

describe("nothing is written of", () => {
  test("a fleet of which a host was left out: it would lose its peers", async () => {
    const { world } = await shopWorld();
    const { obstacles } = await importOf(world, "shop/dev", 2);
    expect(obstacles).toContain(
      "subnet web also spans the host with VTEP 192.0.2.13, as host h1 has it: give that with --host",
    );
  });

  test("hosts that an update did not reach all of", async () => {
    const world = three();
    const engine = new Engine(world.handlers);
    await engine.up(program(world, {}));
    const h2 = world.hosts[1]?.model;
    const [key = ""] = (h2?.ledgerKeys ?? []).filter((one) => one.startsWith("router-"));
    const entry = (await importOf(world)).written;
    expect(entry.declarations).not.toEqual([]);
    const ledger = h2?.contents.ledger.get(key);
    const intent = JSON.parse(atob(ledger?.intent ?? "")) as object;
    h2?.setLedger(key, { ...(ledger as NonNullable<typeof ledger>), intent: JSON.stringify({ ...intent, mtu: 1400 }) });
    expect((await importOf(world)).obstacles).toEqual([
      "network shop is not the same on its hosts: mtu is 1450 on host h3, 1400 on host h2",
    ]);
  });
});

test.each(["yaml", "typescript"] as const)("it reads well in %s", async (language) => {
  const { world } = await shopWorld();
  const { written } = await importOf(world);
  for (const [name, text] of await programFiles(written, language, undefined))
    golden(`import-${language}-${name}.txt`, text);
});

test("names that meet, or mean something in the language, get keys of their own", async () => {
  const world = new World([{}]);
  await new Engine(world.handlers).up(async (run) => {
    const made = await shop(run, world);
    await subnetOf(run, made, "shop", { prefixLength: 24 });
    await subnetOf(run, made, "default", { prefixLength: 24 });
    await subnetOf(run, made, "no", { prefixLength: 24 });
  });
  const { written } = await importOf(world);
  expect([...(await programFiles(written, "yaml", undefined)).values()][0]).toMatch(
    / {2}shop-subnet:\n {4}type: sdn:Subnet\n {4}name: shop\n/,
  );
  expect([...(await programFiles(written, "yaml", undefined)).values()][0]).toContain('\n  "no":\n');
  const typescript = [...(await programFiles(written, "typescript", undefined)).values()][0];
  expect(typescript).toContain('export const shopSubnet = new sdn.Subnet("shop", ');
  expect(typescript).toContain('export const default_ = new sdn.Subnet("default", ');
  await adopt(world);
});

test("a service entry is not written: it is named with how to take it in, and stays as it is", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  await engine.up(async (run) => {
    const made = await shop(run, world);
    const web = await subnetOf(run, made, "web", { prefixLength: 24 });
    const box = await endpointOn(run, made.hosts[0], "box1", { subnet: web, namespace: { name: "box1" } });
    const args = { network: made.network, vip: "198.18.0.10", ports: [{ port: 80 }], backends: [{ endpoint: box }] };
    await run.add("sdn:index:ServiceEntry", "front", args);
  });
  const before = contents(world);
  const { written, notes } = await importOf(world);
  expect(notes).toEqual([
    expect.stringMatching(/^service entry front \(198\.18\.0\.10\) is not in the program .* HOST#service-\d+-front$/),
  ]);
  await new Engine(world.anotherProvider()).up(runnable(written));
  expect(contents(world)).toEqual(before);
});
