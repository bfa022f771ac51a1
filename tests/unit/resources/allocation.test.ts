import type { CustomResourceHandler } from "../../../provider/src/rpc/handlers";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { unknown } from "../../../provider/src/rpc/value";
import { shopWorld } from "../../support/shop-world";
import { connectionInput, FakeCall, urnOf, World } from "../../support/world";

const fabric = urnOf("sdn:index:Fabric", "dc");
const networkUrn = urnOf("sdn:index:VirtualNetwork", "shop");
const vniRange = { start: 5000, end: 5003 };

const tokens = {
  network: "sdn:ipam:NetworkAllocation",
  subnet: "sdn:ipam:SubnetAllocation",
  endpoint: "sdn:ipam:EndpointAllocation",
} as const;

const inputsOf: Readonly<Record<keyof typeof tokens, ValueMap>> = {
  network: { label: "shop", hostUris: [], fabric, vniRange, pools: ["10.128.0.0/9"], prefixLength: 16 },
  subnet: {
    label: "web",
    hostUris: [],
    fabric,
    network: networkUrn,
    networkVni: 4999,
    vniRange,
    pool: "10.20.0.0/16",
    prefixLength: 24,
    hosts: ["h1", "h2"],
  },
  endpoint: { label: "box", hostUris: [], subnet: urnOf("sdn:index:Subnet", "web"), cidr: "10.20.1.0/24" },
};

function bench() {
  const world = new World();
  const call = new FakeCall();
  const handlers = {
    network: world.resource(tokens.network),
    subnet: world.resource(tokens.subnet),
    endpoint: world.resource(tokens.endpoint),
  };
  const create = async (kind: keyof typeof tokens, label: string, changes: ValueMap = {}): Promise<ValueMap> => {
    const inputs = { ...inputsOf[kind], label, ...changes };
    return (await handlers[kind].create(call, { urn: urnOf(tokens[kind], label), inputs, preview: false })).outputs;
  };
  return { world, call, handlers, create };
}

test.each(["network", "subnet", "endpoint"] as const)("%s: what depends on unknown inputs is unknown", async (kind) => {
  const { handlers, call } = bench();
  const inputs = { ...inputsOf[kind], cidr: unknown, prefixLength: unknown };
  const { prefixLength: _, ...rest } = inputs;
  const news = kind === "endpoint" ? rest : inputs;
  const urn = urnOf(tokens[kind], "x");
  expect((await handlers[kind].check(call, { urn, olds: undefined, news })).failures).toEqual([]);
  const { id, outputs } = await handlers[kind].create(call, { urn, inputs: news, preview: true });
  const decided = {
    network: ["vni", "allottedCidr", "allottedIpv6Cidr"],
    subnet: ["vni", "ipv4", "ipv6"],
    endpoint: ["allottedIpv4", "allottedIpv6", "allottedMac"],
  }[kind];
  expect([id, ...decided.map((name) => outputs[name])]).toEqual([unknown, unknown, unknown, unknown]);
});

test.each<[keyof typeof tokens, ValueMap, readonly string[]]>([
  [
    "network",
    { label: "1", fabric: 5, vniRange: { start: 2, end: 1 }, pools: ["x"], cidr: "10.0.0.0/8", prefixLength: 8 },
    ["label", "fabric", "vniRange", "pools[0]", "prefixLength"],
  ],
  [
    "subnet",
    { networkVni: "1", hostRangePrefixLength: 31, ipv6Pool: "10.0.0.0/8", colour: 1 },
    ["networkVni", "hostRangePrefixLength", "ipv6Pool", "colour"],
  ],
  [
    "endpoint",
    { ipv4Address: "fd00::1", ipv6Address: "10.0.0.1", macAddress: "x" },
    ["ipv4Address", "ipv6Address", "macAddress"],
  ],
])("%s: all wrong properties are named at once", async (kind, changes, properties) => {
  const { handlers, call } = bench();
  const news = { ...inputsOf[kind], ...changes };
  const { failures } = await handlers[kind].check(call, { urn: urnOf(tokens[kind], "x"), olds: undefined, news });
  expect(failures.map(({ property }) => property).sort()).toEqual([...properties].sort());
});

test.each<[string, keyof typeof tokens, ValueMap, ValueMap]>([
  ["a network keeps VNI and space when its pool grows", "network", {}, { pools: ["10.0.0.0/9", "10.128.0.0/9"] }],
  ["a subnet keeps VNI, block and ranges when a host comes", "subnet", {}, { hosts: ["a", "b", "h1", "h2"] }],
  ["an endpoint keeps its address when its MAC is chosen", "endpoint", {}, { macAddress: "02:00:00:00:00:07" }],
])("%s", async (_name, kind, first, second) => {
  const { handlers, call, create } = bench();
  const olds = await create(kind, "x", first);
  const oldInputs = { ...inputsOf[kind], label: "x", ...first };
  const news = { ...oldInputs, ...second };
  const outputs = await handlers[kind].update(call, {
    urn: urnOf(tokens[kind], "x"),
    id: "x",
    olds,
    oldInputs,
    news,
    preview: false,
  });
  for (const name of ["vni", "allottedCidr", "allottedIpv4"]) expect(outputs[name]).toEqual(olds[name]);
  if (kind === "subnet") expect(outputs["ipv4"]).toMatchObject(olds["ipv4"] as object);
});

test("four VNIs are given once each, and the fifth is refused", async () => {
  const { create } = bench();
  const vnis = new Set<unknown>();
  for (const label of ["a", "b", "c", "d"]) vnis.add((await create("network", label))["vni"]);
  expect([...vnis].sort()).toEqual([5000, 5001, 5002, 5003]);
  await expect(create("network", "e")).rejects.toThrow(
    "network e: the VNI range 5000-5003 has no free VNI for network e of shop/dev. Widen the range or release a VNI.",
  );
});

test("what is given back can be had again", async () => {
  const { handlers, call, create } = bench();
  await create("endpoint", "one", { ipv4Address: "10.20.1.9" });
  await expect(create("endpoint", "two", { ipv4Address: "10.20.1.9" })).rejects.toThrow("endpoint two, ipv4Address:");
  const inputs = { ...inputsOf.endpoint, label: "one", ipv4Address: "10.20.1.9" };
  await handlers.endpoint.delete(call, { urn: urnOf(tokens.endpoint, "one"), id: "one", inputs, outputs: inputs });
  expect(await create("endpoint", "two", { ipv4Address: "10.20.1.9" })).toMatchObject({ allottedIpv4: "10.20.1.9" });
});

test("a newcomer keeps clear of what an unchanged resource holds", async () => {
  const { handlers, call, create } = bench();
  // Another process made it: this one learns of it in the diff.
  const oldInputs = { ...inputsOf.endpoint, label: "old" };
  const olds = { ...oldInputs, allottedIpv4: "10.20.1.9", allottedMac: "02:42:0a:14:01:09" };
  const asked = { urn: urnOf(tokens.endpoint, "old"), id: "old", olds, oldInputs, news: oldInputs };
  expect(await handlers.endpoint.diff(call, { ...asked, ignoreChanges: [] })).toMatchObject({ changes: false });
  await expect(create("endpoint", "new", { ipv4Address: "10.20.1.9" })).rejects.toThrow("endpoint old of shop/dev");
});

test("which hosts are looked at is no difference", async () => {
  const { handlers, call } = bench();
  const news = { ...inputsOf.network, hostUris: ["netns:h9"] };
  const asked = { urn: urnOf(tokens.network, "shop"), id: "shop", olds: {}, oldInputs: inputsOf.network, news };
  expect(await handlers.network.diff(call, { ...asked, ignoreChanges: [] })).toMatchObject({ changes: false });
});

test("a host that does not answer is passed over", async () => {
  const { world, call, create } = bench();
  await world.resource("sdn:index:Host").check(call, {
    urn: urnOf("sdn:index:Host", "h1"),
    olds: undefined,
    news: { ssh: { address: "192.0.2.11" } },
  });
  world.host.target.failBefore(1);
  expect(await create("network", "shop", { hostUris: [world.host.uri] })).toMatchObject({
    vni: expect.any(Number) as number,
  });
});

test("what the hosts hold for another stack is not given again", async () => {
  const { world, call, create } = bench();
  const router = world.resource("sdn:linux:Router");
  for (const vni of [5000, 5001, 5002]) {
    const spec = { label: `n${vni}`, vni, mtu: 1450 };
    const inputs = { connection: connectionInput(world.host), host: "h1", spec };
    await router.create(call, { urn: urnOf("sdn:linux:Router", `n${vni}`, { stack: "prod" }), inputs, preview: false });
  }
  expect((await create("network", "shop", { hostUris: [world.host.uri] }))["vni"]).toBe(5003);
});

describe("an import", () => {
  const kinds = ["network", "subnet", "endpoint"] as const;
  const keys = { network: "router-", subnet: "segment-", endpoint: "port-" } as const;

  test.each(kinds)("of a %s gives inputs that check takes as they are and that decide the same again", async (kind) => {
    const { world, engine } = await shopWorld();
    const ledger = world.hosts[0]?.model.contents.ledger ?? new Map<string, never>();
    const intents = [...ledger].filter(([key]) => key.startsWith(keys[kind]));
    const [, entry] = intents.find(([, { intent }]) => /"label":"(shop|web|web1)"/.test(atob(intent))) ?? [];
    const { vni, label } = JSON.parse(atob(entry?.intent ?? "")) as { vni: number; label: string };
    const made = [...engine.state.values()].find(
      ({ type, urn }) => type === tokens[kind] && urn.endsWith(`::${label}`),
    );
    const call = new FakeCall();
    const handler = createdAnew(world, tokens[kind]);
    const uris = world.hosts.map(({ uri }) => uri).join(",");
    const id = `${uris}#${kind}-${vni}${kind === "endpoint" ? `-${label}` : ""}`;
    const urn = urnOf(tokens[kind], label);
    const read = await handler.read(call, { urn, id, inputs: undefined, state: undefined });
    const decided = {
      network: ["vni", "allottedCidr"],
      subnet: ["vni", "ipv4", "ipv6"],
      endpoint: ["allottedIpv4", "allottedIpv6", "allottedMac"],
    };
    const shown = (outputs: ValueMap | undefined) => decided[kind].map((name) => outputs?.[name]);
    expect(shown(read?.outputs)).toEqual(shown(made?.outputs));
    const inputs = read?.inputs ?? {};
    expect(await handler.check(call, { urn, olds: inputs, news: inputs })).toEqual({ inputs, failures: [] });
  });

  test.each(kinds)("of a %s by something that is no id says what one looks like", async (kind) => {
    const { handlers, call } = bench();
    const request = { urn: urnOf(tokens[kind], "shop"), id: "shop", inputs: undefined, state: undefined };
    await expect(handlers[kind].read(call, request)).rejects.toThrow(
      `is not an id of this resource (got "shop"). Write HOST[,HOST…]#${kind}-VNI`,
    );
  });

  test.each(kinds)("of a %s that the hosts do not remember finds nothing", async (kind) => {
    const { world, handlers, call } = bench();
    const id = `${world.host.uri}#${kind}-4242${kind === "endpoint" ? "-web1" : ""}`;
    const request = { urn: urnOf(tokens[kind], "shop"), id, inputs: undefined, state: undefined };
    expect(await handlers[kind].read(call, request)).toBeUndefined();
  });

  test("of what another stack has is refused", async () => {
    const { world } = await shopWorld();
    const [key = ""] = world.hosts[0]?.model.ledgerKeys.filter((one) => one.startsWith("router-")) ?? [];
    const urn = urnOf(tokens.network, "shop", { stack: "prod" });
    const id = `${world.host.uri}#${key.replace("router", "network")}`;
    const handler = createdAnew(world, tokens.network);
    await expect(handler.read(new FakeCall(), { urn, id, inputs: undefined, state: undefined })).rejects.toThrow(
      "belongs to shop/dev, not to shop/prod",
    );
  });
});

/** As a process has it that has seen nothing of the run so far. */
function createdAnew(world: World, token: string): CustomResourceHandler {
  const make = world.anotherProvider().resources.get(token);
  if (make === undefined) throw new Error(`no handler of ${token}`);
  return make();
}

describe("a VNI that is given", () => {
  test.each(["network", "subnet"] as const)("is the %s's", async (kind) => {
    expect((await bench().create(kind, "web", { vni: 5002 }))["vni"]).toBe(5002);
  });

  test.each([
    ["outside of the range", 6000, "vni: VNI 6000 is not in the range 5000-5003 "],
    ["that another has", 5001, "vni: VNI 5001 is taken by network other of shop/dev"],
  ])("%s is refused", async (_case, vni, message) => {
    const { create } = bench();
    await create("network", "other", { vni: 5001 });
    await expect(create("subnet", "web", { vni })).rejects.toThrow(message.trim());
  });

  test("is not drawn by others", async () => {
    const { create } = bench();
    await create("network", "other", { vni: 5001 });
    const drawn = [];
    for (const label of ["a", "b", "c"]) drawn.push((await create("network", label))["vni"]);
    expect(drawn.sort()).toEqual([5000, 5002, 5003]);
  });

  test("that is no VNI is refused by name", async () => {
    const { handlers, call } = bench();
    const news = { ...inputsOf.network, vni: 0 };
    const { failures } = await handlers.network.check(call, { urn: urnOf(tokens.network, "x"), olds: undefined, news });
    expect(failures.map(({ property }) => property)).toEqual(["vni"]);
  });
});

describe("a host's range that is given", () => {
  const rangesIn = (outputs: ValueMap): unknown => (outputs["ipv4"] as { readonly ranges: unknown }).ranges;
  const { prefixLength: _drawn, ...subnet } = inputsOf.subnet;
  const given = (hostRanges: ValueMap): Promise<ValueMap> => {
    const { handlers, call } = bench();
    const inputs = { ...subnet, cidr: "10.20.9.0/24", hostRanges };
    const urn = urnOf(tokens.subnet, "web");
    return handlers.subnet.create(call, { urn, inputs, preview: false }).then(({ outputs }) => outputs);
  };

  test("is its own, and the others keep clear of it", async () => {
    const ranges = rangesIn(await given({ h1: "10.20.9.192/27" }));
    expect(ranges).toMatchObject({ h1: { cidr: "10.20.9.192/27", router: "10.20.9.192" } });
    expect((ranges as { h2: { cidr: string } }).h2.cidr).not.toMatch(/^10\.20\.9\.(192|208)\//);
  });

  test.each([
    ["of a host that the subnet has not", { h9: "10.20.9.192/28" }, "hostRanges.h9: is not a host of the subnet"],
    ["among the endpoints' addresses", { h1: "10.20.9.16/28" }, "is no host range of subnet 10.20.9.0/24"],
    ["that overlaps another's", { h1: "10.20.9.192/27", h2: "10.20.9.208/28" }, "overlaps"],
  ])("%s is refused", async (_case, ranges, message) => {
    await expect(given(ranges)).rejects.toThrow(message);
  });

  test("that is no CIDR of its family is refused by name", async () => {
    const { handlers, call } = bench();
    const news = { ...inputsOf.subnet, hostRanges: { h1: "fd00::/68", h2: 5 }, ipv6HostRanges: { h1: "10.0.0.0/28" } };
    const { failures } = await handlers.subnet.check(call, { urn: urnOf(tokens.subnet, "x"), olds: undefined, news });
    expect(failures.map(({ property }) => property)).toEqual(["hostRanges.h1", "hostRanges.h2", "ipv6HostRanges.h1"]);
  });
});

test("a read gives what the state has", async () => {
  const { handlers, call, create } = bench();
  const state = await create("network", "shop");
  const request = { urn: urnOf(tokens.network, "shop"), id: "shop", inputs: inputsOf.network, state };
  expect(await handlers.network.read(call, request)).toEqual({ id: "shop", inputs: inputsOf.network, outputs: state });
});
