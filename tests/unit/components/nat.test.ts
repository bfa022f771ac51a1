/** Translations: what reaches the hosts, and what is refused before anything is changed. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import type { Program } from "../../support/engine";
import { Engine, InvalidInputs } from "../../support/engine";
import { shop } from "../../support/programs";
import { World } from "../../support/world";

const two = (): World => new World([{}, {}]);

const network =
  (world: World, args: ValueMap, more: Program = () => Promise.resolve()): Program =>
  async (run) => {
    await shop(run, world, { network: args });
    await more(run);
  };

const specOn = (engine: Engine, host: string): ValueMap =>
  [...engine.state.values()].find(({ urn }) => urn.endsWith(`Router::shop-${host}`))?.inputs["spec"] as ValueMap;

const web = { name: "web", protocol: "tcp", port: 80, toAddress: "10.20.1.5", toPort: 8080 };

async function failureOf(world: World, program: Program): Promise<string> {
  const failure: unknown = await new Engine(world.handlers).preview(program).catch((thrown: unknown) => thrown);
  return failure instanceof InvalidInputs ? failure.message : (failure as Error).message;
}

test("rules reach the hosts that they name, with each host's own address; other hosts get no link for them", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  await engine.up(network(world, { nat: { destination: [{ ...web, hosts: ["h2"] }] } }));
  expect(specOn(engine, "h1")).not.toHaveProperty("egress");
  expect(specOn(engine, "h2")).toMatchObject({
    egress: { mode: "none" },
    nat: { source: [], destination: [{ protocol: "tcp", address: "192.0.2.12", port: 80, toPort: 8080 }] },
  });
});

test("a rule more or less updates the routers in place, and drift of each part is found and mended", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  const source = [{ from: "10.20.5.0/24", address: "none" }];
  await engine.up(network(world, { egress: "nat" }));
  const { done } = await engine.up(network(world, { egress: "nat", nat: { source, destination: [web] } }));
  expect(done).toEqual(["update Router shop-h1: spec.nat", "update Router shop-h2: spec.nat"]);
  const tables = world.host.model.tablesOf("-");
  expect(tables.get("inet sdn")?.maps.get("ports4")?.size).toBe(1);
  tables.get("inet sdn")?.maps.get("ports4")?.clear();
  world.host.model.removeRoute("10.20.5.0/24");
  const { warnings } = await engine.refresh();
  expect(warnings.join("\n")).toContain("nftables map ports4 lacks 192.0.2.11 . tcp . 80");
  expect(warnings.join("\n")).toContain("route to 10.20.5.0/24 by sdn-u-");
  await engine.up(network(world, { egress: "nat", nat: { source, destination: [web] } }));
  expect((await engine.refresh()).warnings).toEqual([]);
  await engine.up(network(world, { egress: "nat" }));
  expect(world.host.model.tablesOf("-").get("inet sdn")?.maps.get("ports4")?.size).toBe(0);
});

test("as many rules as are possible are less than 5 KB of state, and one more is refused", async () => {
  const world = two();
  const engine = new Engine(world.handlers);
  const source = Array.from({ length: 5 }, (_, index) => ({ from: `10.20.${100 + index}.0/24`, address: "none" }));
  const rule = (index: number): ValueMap => ({
    name: `rule${index}`,
    protocol: "tcp",
    port: 20_000 + index,
    toAddress: `10.20.100.${100 + index}`,
    toPort: 30_000 + index,
  });
  const args = (count: number): ValueMap => ({
    egress: "nat",
    ipv6Cidr: "fd00:20::/48",
    nat: { source, destination: Array.from({ length: count }, (_, index) => rule(index)) },
  });
  await engine.up(network(world, args(14)));
  const [router] = [...engine.state.values()].filter(({ type }) => type === "sdn:linux:Router");
  expect(JSON.stringify(router).length).toBeLessThan(5_000);
  expect(await failureOf(two(), network(two(), args(16)))).toBe(
    "nat: the rules of host h1 take 1811 characters of state, and at most 1700 are possible. Combine some, or spread them over the hosts (hosts).",
  );
});

test("a preview asks the host whether it listens on the port itself", async () => {
  const world = two();
  world.host.model.addListener("tcp", "0.0.0.0:80");
  expect(await failureOf(world, network(world, { nat: { destination: [web] } }))).toContain(
    'the host itself listens on tcp port 80 (got "tcp 192.0.2.11:80")',
  );
  for (const free of ["127.0.0.1:80", "192.0.2.11:8080"]) {
    const other = two();
    other.host.model.addListener("tcp", free);
    other.host.model.addListener("udp", "0.0.0.0:80");
    await new Engine(other.handlers).preview(network(other, { nat: { destination: [web] } }));
  }
});

test("two networks that ask for one port of a host meet in the preview, though neither is there yet", async () => {
  const world = two();
  const rival: Program = async (run) => {
    const fabric = [...run.outputs.values()].find(({ urn }) => urn.includes("Fabric"))?.urn ?? "";
    const rule = { name: "other", protocol: "tcp", port: 79, endPort: 81, toAddress: "10.30.1.5" };
    await run.add("sdn:index:VirtualNetwork", "rival", {
      fabric,
      cidr: "10.30.0.0/16",
      nat: { destination: [rule] },
    });
  };
  expect(await failureOf(world, network(world, { nat: { destination: [web] } }, rival))).toContain(
    "nat.destination: network shop has tcp 192.0.2.1",
  );
});

test("what leaves untranslated must not meet another network's or a route of the host", async () => {
  const world = two();
  const rival: Program = async (run) => {
    const fabric = [...run.outputs.values()].find(({ urn }) => urn.includes("Fabric"))?.urn ?? "";
    await run.add("sdn:index:VirtualNetwork", "rival", { fabric, cidr: "10.16.0.0/12", egress: "routed" });
  };
  expect(await failureOf(world, network(world, { egress: "routed" }, rival))).toContain(
    "network shop leaves this host untranslated too, with 10.20.0.0/16",
  );
  const other = two();
  other.host.model.addRoute("10.20.128.0/17", "ens3");
  expect(await failureOf(other, network(other, { egress: "routed" }))).toContain(
    "the host has a route to 10.20.128.0/17 by ens3",
  );
});

test("an address that the host does not have is refused", async () => {
  const world = two();
  const source = [{ from: "10.20.5.0/24", address: "192.0.2.11" }];
  expect(await failureOf(world, network(world, { egress: "nat", nat: { source } }))).toContain(
    'host h2, shop, nat.source: is no address of the host (got "192.0.2.11")',
  );
  await new Engine(two().handlers).preview(
    network(world, { egress: "nat", nat: { source: [{ ...source[0], hosts: ["h1"] }] } }),
  );
});

test.each<[string, ValueMap, readonly string[]]>([
  [
    "rules that nothing can follow",
    { nat: { source: [{ from: "10.20.5.0/24", address: "host" }] } },
    ["nat.source: nothing leaves a network with egress: none. Set egress to nat or routed."],
  ],
  [
    "words that are no source",
    { egress: "nat", nat: { source: [{ from: "10.20.5.0/24", address: "masquerade" }, { address: "none" }] } },
    [
      'nat.source[0].address: is no source to translate to (got "masquerade"). Write host, none or an address of the host.',
      "nat.source[1].from: is required and missing. Give the addresses of the network that it is for.",
    ],
  ],
  [
    "two families in one rule",
    {
      egress: "nat",
      nat: {
        source: [{ from: "10.20.5.0/24", to: "2001:db8::/32", address: "none" }],
        destination: [{ ...web, address: "2001:db8::1" }],
      },
    },
    [
      'nat.source[0].to: is IPv6, but from is IPv4 (got "2001:db8::/32"). Keep to one family.',
      'nat.destination[0].toAddress: is IPv4, but address is IPv6 (got "10.20.1.5"). Keep to one family.',
    ],
  ],
  [
    "a range that is none, and one that is moved",
    { nat: { destination: [{ ...web, endPort: 80 }] } },
    [
      "nat.destination[0].endPort: must be larger than port 80 (got 80). Leave it out for a single port.",
      "nat.destination[0].toPort: each port of a range leads to itself (got 8080). Leave out toPort or endPort.",
    ],
  ],
  [
    "one port and one name twice",
    { nat: { destination: [web, { ...web, toAddress: "10.20.1.6" }, { ...web, protocol: "udp", name: "dns" }] } },
    [
      'nat.destination[1].name: is in the list already (got "web"). Name each rule once.',
      "nat.destination[1].port: tcp port 80 is taken by rule web on the same host (got 80). Choose another port, address or host.",
    ],
  ],
  [
    "too many rules",
    {
      nat: { destination: Array.from({ length: 17 }, (_, index) => ({ ...web, name: `r${index}`, port: index + 1 })) },
    },
    ["nat.destination: at most 16 rules are possible (got 17). Combine some."],
  ],
  [
    "too many addresses of hosts",
    {
      nat: {
        destination: Array.from({ length: 6 }, (_, index) => ({
          ...web,
          name: `r${index}`,
          address: `192.0.2.${index + 1}`,
        })),
      },
    },
    ["nat: names 6 IPv4 addresses of hosts. Use at most 5 in one network."],
  ],
])("refused by the inputs alone: %s", async (_name, args, expected) => {
  const world = two();
  expect((await failureOf(world, network(world, args))).split("\n")).toEqual(expected);
});

test.each<[string, ValueMap, string]>([
  [
    "a source outside of the network",
    { egress: "nat", nat: { source: [{ from: "10.30.0.0/16", address: "none" }] } },
    'nat.source[0].from: lies outside of the network\'s space 10.20.0.0/16 (got "10.30.0.0/16"). Choose a part of it.',
  ],
  [
    "a destination inside of it",
    { egress: "nat", nat: { source: [{ from: "10.20.5.0/24", to: "10.0.0.0/8", address: "none" }] } },
    'nat.source[0].to: lies in the network\'s own space 10.20.0.0/16 (got "10.0.0.0/8"). Within the network nothing is translated: choose what is outside.',
  ],
  [
    "an endpoint outside of it",
    { nat: { destination: [{ ...web, toAddress: "10.30.1.5" }] } },
    "nat.destination[0].toAddress: lies outside of the network's space 10.20.0.0/16 (got \"10.30.1.5\"). Give an endpoint's address.",
  ],
  [
    "a host that the fabric has not",
    { nat: { destination: [{ ...web, hosts: ["h9"] }] } },
    'nat.destination[0].hosts: is not a host of the fabric (got "h9"). Choose from h1, h2.',
  ],
])("refused by the network: %s", async (_name, args, message) => {
  const world = two();
  expect(await failureOf(world, network(world, args))).toBe(message);
});
