/** The four network modes of a container, and the other things that can be attached: what each may ask for and gets. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const subnetArgs = { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:1::/64" };

function bench() {
  const world = new World();
  const { model } = world.host;
  model.setContainer("app", { networkMode: "default" });
  model.setContainer("bare", { networkMode: "none" });
  model.setContainer("hosted", { networkMode: "host" });
  model.setContainer("sidecar", { networkMode: "container:4f1d" });
  model.addNamespace("box");
  model.setLink("ens4", { up: true });
  const engine = new Engine(world.handlers);
  /** An endpoint on a dual-stack subnet; `withSubnet` says whether it refers to it. */
  const add = async (args: ValueMap, withSubnet = true, subnetChanges: ValueMap = {}): Promise<ValueMap> => {
    let outputs: ValueMap = {};
    await engine.up(async (run) => {
      const made = await shop(run, world, { network: { ipv6Cidr: "fd00:20::/32" } });
      const subnet = await subnetOf(run, made, "web", { ...subnetArgs, ...subnetChanges });
      outputs = run.outputsOf(
        await endpointOn(run, made.hosts[0], "it", { ...args, ...(withSubnet ? { subnet } : {}) }),
      );
    });
    return outputs;
  };
  const specOf = (): unknown =>
    [...engine.state.values()].find(({ type }) => type === "sdn:linux:Port")?.inputs["spec"];
  return { add, specOf, engine, model, world };
}

const textOf = (map: ValueMap, name: string): string => (typeof map[name] === "string" ? map[name] : "");

const container = (name: string, networkMode?: string): ValueMap => ({
  container: { name, ...(networkMode === undefined ? {} : { networkMode }) },
});

/** `has it`, or why not. */
type Verdict = string;
const shared = (mode: string, whose: string, property: string): string =>
  `${property}: networkMode ${mode} has no network of its own: its addresses are ${whose}. Leave ${property} out, or use networkMode: bridge or none.`;

/** For each mode: a subnet, an address, a MAC address. */
const table: readonly (readonly [
  string,
  ValueMap,
  { subnet: Verdict; ipv4Address: Verdict; ipv6Address: Verdict; macAddress: Verdict },
])[] = [
  [
    "bridge",
    container("app"),
    {
      subnet: "has it",
      ipv4Address: "has it",
      ipv6Address: "has it",
      macAddress:
        "macAddress: Docker derives the MAC address from the IPv4 address when it connects a running container. Leave macAddress out, or use networkMode: none.",
    },
  ],
  [
    "none",
    container("bare", "none"),
    { subnet: "has it", ipv4Address: "has it", ipv6Address: "has it", macAddress: "has it" },
  ],
  [
    "host",
    container("hosted", "host"),
    {
      subnet: shared("host", "the host's", "subnet"),
      ipv4Address: shared("host", "the host's", "ipv4Address"),
      ipv6Address: shared("host", "the host's", "ipv6Address"),
      macAddress: shared("host", "the host's", "macAddress"),
    },
  ],
  [
    "container:NAME",
    container("sidecar", "container:app"),
    {
      subnet: shared("container:app", "the other container's", "subnet"),
      ipv4Address: shared("container:app", "the other container's", "ipv4Address"),
      ipv6Address: shared("container:app", "the other container's", "ipv6Address"),
      macAddress: shared("container:app", "the other container's", "macAddress"),
    },
  ],
];
const asked = { ipv4Address: "10.20.1.9", ipv6Address: "fd00:20:1::9", macAddress: "02:42:00:00:00:09" };
const cases = table.flatMap(([mode, args, verdicts]) =>
  Object.entries(verdicts).map(([property, verdict]) => ({ mode, args, property, verdict })),
);

test.each(cases)("networkMode $mode and $property: $verdict", async ({ mode, args, property, verdict }) => {
  const { add } = bench();
  const wish = property === "subnet" ? {} : { [property]: asked[property as keyof typeof asked] };
  const isShared = mode === "host" || mode === "container:NAME";
  const made = add({ ...args, ...wish }, property === "subnet" || !isShared);
  if (verdict === "has it") expect(await made).toMatchObject(wish);
  else await expect(made).rejects.toThrow(verdict);
});

describe("what each gets", () => {
  test("bridge: Docker connects it, with an address of ours", async () => {
    const { add, specOf, model } = bench();
    const outputs = await add(container("app"));
    expect(outputs).toMatchObject({ networkMode: "bridge", dockerNetworkName: "shop-web" });
    expect(specOf()).toMatchObject({ attachment: { kind: "docker", network: "shop-web", container: "app" } });
    expect(model.contents.docker.containers.get("app")?.networks.get("shop-web")).toEqual({
      ipv4: outputs["ipv4Address"],
      ipv6: outputs["ipv6Address"],
    });
  });

  test("none: an interface is put into its namespace, with address, MAC and default routes", async () => {
    const { add, model } = bench();
    const outputs = await add({ container: { name: "bare", networkMode: "none", interface: "net0" } });
    const inside = model.contents.namespaces.get("container:bare");
    expect(inside?.links.get("net0")).toMatchObject({
      mac: outputs["macAddress"],
      addresses: [`${textOf(outputs, "ipv4Address")}/24`, `${textOf(outputs, "ipv6Address")}/64`],
    });
    expect([...(inside?.routes.keys() ?? [])]).toEqual(["0.0.0.0/0", "::/0"]);
  });

  test("host and container:NAME: the addresses of what they share with, and nothing is made", async () => {
    const one = bench();
    expect(await one.add(container("hosted", "host"), false)).toMatchObject({
      ipv4Address: "192.0.2.11",
      networkMode: "host",
    });
    const two = bench();
    two.model.setContainer("app", { networks: new Map([["other", { ipv4: "172.17.0.2", ipv6: "" }]]) });
    expect(await two.add(container("sidecar", "container:app"), false)).toMatchObject({ ipv4Address: "172.17.0.2" });
    expect(two.specOf()).toBeUndefined();
  });

  test("a namespace and an interface of the host", async () => {
    const one = bench();
    await one.add({ namespace: { name: "box" } });
    expect(one.specOf()).toMatchObject({ attachment: { kind: "namespace", namespace: "box", interface: "eth0" } });
    const two = bench();
    await two.add({ interface: { name: "ens4" } });
    expect(two.model.contents.namespaces.get("-")?.links.get("ens4")?.master).toMatch(/^sdn-b-/);
  });

  test("nothing: the addresses are reserved", async () => {
    const { add, specOf } = bench();
    const outputs = await add({ labels: { tier: "web" } });
    expect(outputs).toMatchObject({
      labels: { tier: "web" },
      ipv4Address: expect.stringMatching(/^10\.20\.1\./) as string,
    });
    expect(specOf()).toBeUndefined();
  });

  test("the MAC address follows from the IPv4 address, as Docker derives it", async () => {
    expect(await bench().add({ namespace: { name: "box" }, ipv4Address: "10.20.1.5" })).toMatchObject({
      macAddress: "02:42:0a:14:01:05",
    });
  });
});

describe("refused", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    [
      "nothing that says where, and two things at once",
      { container: { name: "app" }, namespace: { name: "box" } },
      [
        "host: is required and missing. Give the Host resource itself.",
        "namespace: container and namespace exclude each other. Keep the one that is attached.",
        "subnet: is required and missing. Give the Subnet that it is attached to.",
      ],
    ],
    [
      "names and addresses that are none",
      {
        container: { name: "a b", networkMode: "macvlan", interface: "eth/0" },
        ipv4Address: "10.20.1.5/24",
        macAddress: "01:00:5e:00:00:01",
      },
      [
        "host: is required and missing. Give the Host resource itself.",
        'container.networkMode: is not a network mode (got "macvlan"). Write bridge, none, host or container:NAME.',
        'container.name: the value is not a valid Docker name (got "a b"). Write 1 to 128 letters, digits, underscores, dots or hyphens, beginning with a letter or digit.',
        'container.interface: the value is not a valid interface name (got "eth/0"). Write 1 to 15 letters, digits, underscores, dots or hyphens, not beginning with a hyphen, such as eth0.',
      ],
    ],
    ["a container without a name", { container: {} }, ["container.name: is required and missing. Give its name."]],
  ])("%s", (_name, inputs, expected) => {
    const component = new World().handlers.components.get("sdn:index:Endpoint")?.();
    const failures = (component?.check(inputs) ?? []).map(({ property, reason }) => `${property}: ${reason}`);
    expect(failures).toEqual(expect.arrayContaining([...expected]));
  });

  test("bridge on a subnet without a Docker network", async () => {
    await expect(bench().add(container("app"), true, { docker: false })).rejects.toThrow(
      'container.networkMode: the subnet has no Docker network on host h1 (got "bridge"). ' +
        "Set docker: true on the Subnet, or use networkMode: none.",
    );
  });

  test.each<[string, ValueMap, string]>([
    ["bridge", container("bare"), "container bare runs with network mode none, which Docker connects to nothing"],
    ["none", container("app", "none"), "container app runs with network mode default"],
    ["bridge", container("hosted"), "container hosted runs with network mode host: it has no namespace of its own"],
  ])("the preview sees that a container that should be %s runs in another mode", async (_mode, args, message) => {
    const { world, engine } = bench();
    const preview = engine.preview(async (run) => {
      const made = await shop(run, world);
      const subnet = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24" });
      await endpointOn(run, made.hosts[0], "it", { ...args, subnet });
    });
    await expect(preview).rejects.toThrow(message);
  });

  test("a container that is not there yet is fine in a preview, and an error when the change is made", async () => {
    const { world, engine, add } = bench();
    await engine.preview(async (run) => {
      const made = await shop(run, world);
      const subnet = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24" });
      await endpointOn(run, made.hosts[0], "it", { ...container("later"), subnet });
    });
    await expect(add(container("later"))).rejects.toThrow(
      "host h1, it: container later does not exist on this engine. " +
        "Create it first, or let the resource that creates it come before this one (dependsOn).",
    );
  });

  test("an address that another endpoint has names the other one", async () => {
    const { world, engine } = bench();
    const up = engine.up(async (run) => {
      const made = await shop(run, world);
      const subnet = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24" });
      const address = { subnet, ipv4Address: "10.20.1.9" };
      await endpointOn(run, made.hosts[0], "one", address);
      await endpointOn(run, made.hosts[0], "two", address);
    });
    await expect(up).rejects.toThrow(/endpoint two.*10\.20\.1\.9.*endpoint one of shop\/dev/);
  });
});

describe("what an endpoint may say", () => {
  const box = { namespace: { name: "box" } };
  const pair = (address: string, macAddress?: string): ValueMap =>
    macAddress === undefined ? { address } : { address, macAddress };

  test.each<[string, ValueMap, unknown]>([
    ["its own addresses, from its own MAC address", box, { bindMac: true, pairs: [] }],
    [
      "an interface of the host: its own addresses, from whatever MAC address is behind it",
      { interface: { name: "ens4" } },
      { bindMac: false, pairs: [] },
    ],
    [
      "an interface of the host with a MAC address: from that one",
      { interface: { name: "ens4" }, macAddress: "02:00:5e:10:00:01" },
      { bindMac: true, pairs: [] },
    ],
    [
      "address pairs besides",
      {
        ...box,
        allowedAddressPairs: [pair("10.20.1.50"), pair("192.0.2.0/28", "00-00-5E-00-01-01"), pair("fd00:20:1::50")],
      },
      {
        bindMac: true,
        pairs: [
          { cidr: "10.20.1.50/32" },
          { cidr: "192.0.2.0/28", mac: "00:00:5e:00:01:01" },
          { cidr: "fd00:20:1::50/128" },
        ],
      },
    ],
    ["anything", { ...box, antiSpoofing: false }, undefined],
  ])("%s", async (_case, args, guard) => {
    const { add, specOf } = bench();
    await add(args);
    expect((specOf() as ValueMap)["guard"]).toEqual(guard);
  });

  test.each<[string, ValueMap, string]>([
    [
      "a pair that is no address",
      { ...box, allowedAddressPairs: [pair("10.20.1.50"), pair("10.20.1.300")] },
      "allowedAddressPairs[1].address",
    ],
    [
      "a pair without an address",
      { ...box, allowedAddressPairs: [{ macAddress: "00:00:5e:00:01:01" }] },
      "allowedAddressPairs[0].address: is required and missing",
    ],
    [
      "a pair with the gateway in it",
      { ...box, allowedAddressPairs: [pair("10.20.1.0/29")] },
      "allowedAddressPairs[0].address: has the subnet's gateway in it",
    ],
    [
      "pairs where anything goes",
      { ...box, antiSpoofing: false, allowedAddressPairs: [pair("10.20.1.50")] },
      "allowedAddressPairs: has no meaning where antiSpoofing is false",
    ],
  ])("refuses %s", async (_case, args, message) => {
    await expect(bench().add(args)).rejects.toThrow(message);
  });
});
