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

describe("a subnet's rules", () => {
  const given = { cidr: "10.20.1.0/24", prefixLength: null };
  const pick = (fields: ValueMap): ValueMap =>
    Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== null));
  const make = async (changes: ValueMap): Promise<ValueMap> => {
    const { call, handlers } = bench();
    const inputs = pick({ ...inputsOf.subnet, ...given, ...changes });
    return (await handlers.subnet.create(call, { urn: urnOf(tokens.subnet, "web"), inputs, preview: true })).outputs;
  };
  const free = "Choose from what no host has: 10.20.1.2-10.20.1.254.";

  test.each<[string, ValueMap, string]>([
    [
      "a range outside of the subnet",
      { allocationRanges: [{ start: "10.20.2.1", end: "10.20.2.9" }] },
      `allocationRanges[0]: is not inside subnet 10.20.1.0/24 (got "10.20.2.1-10.20.2.9"). ${free}`,
    ],
    [
      "a range with the gateway in it",
      { allocationRanges: [{ start: "10.20.1.0", end: "10.20.1.9" }] },
      `allocationRanges[0]: has the network address 10.20.1.0 in it (got "10.20.1.0-10.20.1.9"). ${free.slice(0, -1)}; allocationRanges[0]: has the gateway 10.20.1.1 in it`,
    ],
    [
      "two ranges with a common address",
      {
        allocationRanges: [
          { start: "10.20.1.10", end: "10.20.1.20" },
          { start: "10.20.1.20", end: "10.20.1.30" },
        ],
      },
      `allocationRanges[1]: overlaps allocationRanges[0], 10.20.1.10-10.20.1.20 (got "10.20.1.20-10.20.1.30"). ${free}`,
    ],
    [
      "a reservation outside of the subnet",
      { reservations: [{ start: "10.20.3.1", reason: "printer" }] },
      `reservations[0]: is not inside subnet 10.20.1.0/24 (got "10.20.3.1-10.20.3.1"). ${free}`,
    ],
  ])("%s is refused", async (_case, changes, message) => {
    await expect(make(changes)).rejects.toThrow(message);
  });

  test.each<[string, ValueMap, readonly string[]]>([
    [
      "a range that ends before it starts",
      { allocationRanges: [{ start: "10.20.1.9", end: "10.20.1.2" }] },
      ["allocationRanges[0]"],
    ],
    [
      "a range of two families",
      { allocationRanges: [{ start: "10.20.1.9", end: "fd00::1" }] },
      ["allocationRanges[0]"],
    ],
    ["a reservation without a reason", { reservations: [{ start: "10.20.1.9" }] }, ["reservations[0].reason"]],
    [
      "a reservation with an empty reason",
      { reservations: [{ start: "10.20.1.9", reason: " " }] },
      ["reservations[0].reason"],
    ],
    [
      "what is no address",
      { reservations: [{ start: "x", end: "y", reason: "z" }] },
      ["reservations[0].start", "reservations[0].end"],
    ],
  ])("%s is said of the property", async (_case, changes, properties) => {
    const { call, handlers } = bench();
    const news = pick({ ...inputsOf.subnet, ...given, ...changes });
    const { failures } = await handlers.subnet.check(call, { urn: urnOf(tokens.subnet, "web"), olds: undefined, news });
    expect(failures.map(({ property }) => property)).toEqual(properties);
  });

  test("a range or reservation where a host hands out addresses is refused with the host's name", async () => {
    const { call, handlers } = bench();
    const oldInputs = pick({ ...inputsOf.subnet, ...given, label: "web" });
    const olds = (
      await handlers.subnet.create(call, { urn: urnOf(tokens.subnet, "web"), inputs: oldInputs, preview: false })
    ).outputs;
    const { cidr } = ((olds["ipv4"] as ValueMap)["ranges"] as Record<string, { cidr: string }>)["h1"] ?? { cidr: "" };
    const start = cidr.replace(/\/.*/, "");
    const news = { ...oldInputs, allocationRanges: [{ start }], reservations: [{ start, reason: "printer" }] };
    const update = handlers.subnet.update(call, {
      urn: urnOf(tokens.subnet, "web"),
      id: "x",
      olds,
      oldInputs,
      news,
      preview: true,
    });
    await expect(update).rejects.toThrow(
      `allocationRanges[0]: overlaps ${cidr}, from which host h1 hands out addresses`,
    );
    await expect(update).rejects.toThrow(`reservations[0]: overlaps ${cidr}, from which host h1 hands out addresses`);
  });
});

describe("a subnet that changes its size", () => {
  const sized = (fields: ValueMap): ValueMap => {
    const { prefixLength: _, ...rest } = inputsOf.subnet;
    return { ...rest, label: "web", ...fields };
  };
  const change = async (first: ValueMap, second: ValueMap) => {
    const { call, handlers } = bench();
    const urn = urnOf(tokens.subnet, "web");
    const [oldInputs, news] = [sized(first), sized(second)];
    const olds = (await handlers.subnet.create(call, { urn, inputs: oldInputs, preview: false })).outputs;
    const diff = await handlers.subnet.diff(call, { urn, id: "web", olds, oldInputs, news, ignoreChanges: [] });
    const outputs = await handlers.subnet.update(call, { urn, id: "web", olds, oldInputs, news, preview: false });
    const partOf = (map: ValueMap): ValueMap => map["ipv4"] as ValueMap;
    return {
      before: partOf(olds),
      after: partOf(outputs),
      kinds: [...diff.detailedDiff].map(([path, one]) => [path, one.kind]),
    };
  };

  test("keeps gateway and ranges where the new block contains the old, and engines keep what they know", async () => {
    const { before, after, kinds } = await change(
      { cidr: "10.20.1.0/24" },
      { cidr: "10.20.0.0/22", hosts: ["h1", "h2", "h3"] },
    );
    expect(kinds).toContainEqual(["cidr", "update"]);
    expect(after["gateway"]).toBe("10.20.1.1");
    const old = before["ranges"] as Record<string, object>;
    expect(after["ranges"]).toMatchObject({
      h1: { ...old["h1"], pool: "10.20.1.0/24" },
      h2: { ...old["h2"], pool: "10.20.1.0/24" },
    });
    expect((after["ranges"] as Record<string, object>)["h3"]).not.toHaveProperty("pool");
    expect(after["layout"]).toMatchObject({
      gateway: "10.20.1.1",
      endpointRanges: ["10.20.1.2-10.20.1.63", "10.20.0.1-10.20.0.63", "10.20.2.0-10.20.2.127"],
      hostSpaces: ["10.20.1.64-10.20.1.255", "10.20.0.64-10.20.0.255", "10.20.2.128-10.20.3.255"],
    });
  });

  test("grows around what it has where only a length is asked for", async () => {
    const { before, after, kinds } = await change({ prefixLength: 24 }, { prefixLength: 23 });
    expect(kinds).toEqual([["prefixLength", "update"]]);
    expect(after["gateway"]).toBe(before["gateway"]);
    expect(after["cidr"]).toMatch(/\/23$/);
  });

  test.each<[string, ValueMap, ValueMap, readonly (readonly string[])[]]>([
    ["a smaller block", { cidr: "10.20.0.0/23" }, { cidr: "10.20.1.0/24" }, [["cidr", "update-replace"]]],
    ["another block", { cidr: "10.20.1.0/24" }, { cidr: "10.20.2.0/24" }, [["cidr", "update-replace"]]],
    ["a longer prefix", { prefixLength: 23 }, { prefixLength: 24 }, [["prefixLength", "update-replace"]]],
  ])("%s is another subnet, which the preview says at the property", async (_case, first, second, kinds) => {
    expect((await change(first, second)).kinds).toEqual(kinds);
  });
});

describe("endpoints under a subnet's rules", () => {
  const layout = {
    gateway: "10.20.1.1",
    endpointRanges: ["10.20.1.10-10.20.1.19"],
    hostSpaces: ["10.20.1.64-10.20.1.255"],
    reservations: [{ range: "10.20.1.12-10.20.1.13", reason: "the load balancer's" }],
  };

  test("a wanted address in a reservation is an error that names it, and a free one never lies in it", async () => {
    const { create } = bench();
    await expect(create("endpoint", "lb", { layout, ipv4Address: "10.20.1.12" })).rejects.toThrow(
      "10.20.1.12 is reserved (10.20.1.12-10.20.1.13): the load balancer's. Choose an address from the endpoint range 10.20.1.10-10.20.1.19",
    );
    const given = new Set<unknown>();
    for (let index = 0; index < 8; index += 1)
      given.add((await create("endpoint", `e${index}`, { layout }))["allottedIpv4"]);
    expect([...given].sort()).toEqual([10, 11, 14, 15, 16, 17, 18, 19].map((last) => `10.20.1.${last}`));
    await expect(create("endpoint", "more", { layout })).rejects.toThrow("all 8 of its endpoint range");
  });

  test("one that has an address when it is reserved keeps it, and a warning says so", async () => {
    const { create, call, handlers } = bench();
    const olds = await create("endpoint", "lb", { ipv4Address: "10.20.1.12" });
    const oldInputs = { ...inputsOf.endpoint, label: "lb" };
    const news = { ...oldInputs, layout };
    const urn = urnOf(tokens.endpoint, "lb");
    const outputs = await handlers.endpoint.update(call, { urn, id: "lb", olds, oldInputs, news, preview: true });
    expect(outputs["allottedIpv4"]).toBe("10.20.1.12");
    expect(call.warnings.join("\n")).toContain("endpoint lb of shop/dev keeps 10.20.1.12, which is reserved since");
  });

  test("a warning says once a subnet and run that few addresses are left", async () => {
    const { create, call } = bench();
    const wide = { ...layout, endpointRanges: ["10.20.1.10-10.20.1.20"], reservations: [] };
    for (let index = 0; index < 3; index += 1) await create("endpoint", `e${index}`, { layout: wide });
    expect(call.warnings).toEqual([]);
    for (let index = 3; index < 6; index += 1) await create("endpoint", `e${index}`, { layout: wide });
    expect(call.warnings).toEqual([
      "subnet 10.20.1.0/24 has 7 of 11 addresses for endpoints left (10.20.1.10-10.20.1.20). Give it a larger CIDR that contains this one, or more allocationRanges.",
    ]);
  });

  test("what an engine gives an address to stays in the block that the engine knows", async () => {
    const { create } = bench();
    const grown = {
      cidr: "10.20.0.0/23",
      layout: { ...layout, endpointRanges: ["10.20.1.2-10.20.1.63", "10.20.0.1-10.20.0.63"], reservations: [] },
    };
    for (let index = 0; index < 20; index += 1) {
      const { allottedIpv4 } = await create("endpoint", `e${index}`, { ...grown, pool: "10.20.1.0/24" });
      expect(allottedIpv4).toMatch(/^10\.20\.1\./);
    }
    await expect(create("endpoint", "x", { ...grown, pool: "10.20.1.0/24", ipv4Address: "10.20.0.9" })).rejects.toThrow(
      "the host's Docker network has 10.20.1.0/24 only: it was made before the subnet grew",
    );
  });
});
