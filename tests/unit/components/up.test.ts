/** Whole programs on modelled hosts: what they make, what the next runs change, and what it costs. */
import type { ResourceReference } from "../../../provider/src/rpc/value";
import { Unknown, unknown } from "../../../provider/src/rpc/value";
import type { Program } from "../../support/engine";
import { Engine } from "../../support/engine";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const three = (): World => new World([{}, {}, {}]);
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

interface Size {
  readonly subnets: number;
  readonly endpoints: number;
}

/** Each step waits for the one before, as the engine's waves do. `onWave` is told when one is over. */
const program =
  (world: World, { subnets, endpoints }: Size, onWave: (wave: string) => void = () => undefined): Program =>
  async (run) => {
    const made = await shop(run, world, { network: { egress: "nat" } });
    onWave("network");
    const nets = await Promise.all(
      numbers(subnets).map((index) => subnetOf(run, made, `net${index}`, { prefixLength: 24, docker: false })),
    );
    onWave("subnets");
    await Promise.all(
      numbers(endpoints).map((index) =>
        endpointOn(run, made.hosts[index % 3], `box${index}`, {
          subnet: nets[index % subnets] as ResourceReference,
          namespace: { name: `box${index}` },
        }),
      ),
    );
    onWave("endpoints");
  };

function boxes(world: World, count: number): void {
  for (const index of numbers(count)) world.hosts[index % 3]?.model.addNamespace(`box${index}`);
}

describe("1 network, 10 subnets and 20 endpoints on 3 hosts", () => {
  const size = { subnets: 10, endpoints: 20 };

  test("cost one execution on each host for each wave, and nothing when nothing changes", async () => {
    const world = three();
    boxes(world, 20);
    const engine = new Engine(world.handlers);
    const costs: Record<string, readonly number[]> = {};
    const note = (wave: string): void => {
      costs[wave] = world.takeExecutions();
    };

    await engine.preview(program(world, size, (wave) => note(`preview of ${wave}`)));
    await engine.up(program(world, size, (wave) => note(wave)));
    expect([...engine.state.keys()]).toHaveLength(3 + (1 + 3) + 10 * (1 + 3) + 20 * 2);
    expect(costs).toEqual({
      // The facts of the hosts; all checks of the preview are done with what was read then.
      "preview of network": [1, 1, 1],
      "preview of subnets": [0, 0, 0],
      "preview of endpoints": [0, 0, 0],
      // Facts again; then the routers.
      network: [2, 2, 2],
      // 10 segments on each; what the hosts hold by now was seen with the routers.
      subnets: [1, 1, 1],
      // 6 or 7 ports on each.
      endpoints: [1, 1, 1],
    });

    const again = await engine.up(program(world, size));
    expect(again.done).toEqual([]);
    expect(world.takeExecutions()).toEqual([0, 0, 0]);
    await engine.refresh();
    expect(world.takeExecutions()).toEqual([1, 1, 1]);
    expect((await engine.up(program(world, size))).done).toEqual([]);
  });

  test("are gone again after destroy, and so is every trace of them", async () => {
    const world = three();
    boxes(world, 20);
    const before = world.hosts.map(({ model }) => model.contents);
    const engine = new Engine(world.handlers);
    await engine.up(program(world, { subnets: 2, endpoints: 4 }));
    expect(world.host.model.ledgerKeys).not.toEqual([]);
    await engine.destroy();
    expect(engine.state.size).toBe(0);
    const stays = ({ namespaces, ...rest }: (typeof before)[number]) => {
      // A sysctl that is back at its value is there as a value.
      namespaces.get("-")?.sysctls.clear();
      return { namespaces, ...rest };
    };
    expect(world.hosts.map(({ model }) => stays(model.contents))).toEqual(before.map(stays));
  });
});

test("addresses, VNIs and MTUs do not change when the same program runs again elsewhere", async () => {
  const outputs = async () => {
    const world = three();
    boxes(world, 4);
    const engine = new Engine(world.handlers);
    await engine.up(program(world, { subnets: 2, endpoints: 4 }));
    return new Map([...engine.state.values()].map(({ urn, inputs }) => [urn, inputs["spec"]]));
  };
  expect(await outputs()).toEqual(await outputs());
});

test("a subnet more changes nothing of what is there", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  await engine.up(program(world, { subnets: 3, endpoints: 0 }));
  const { done } = await engine.up(program(world, { subnets: 4, endpoints: 0 }));
  expect([...done].sort()).toEqual([
    "create Segment net3-h1",
    "create Segment net3-h2",
    "create Segment net3-h3",
    "create SubnetAllocation net3",
  ]);
});

test("a subnet that comes and one that goes in the same run do not meet in a VNI or block", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  const nets =
    (...names: readonly string[]): Program =>
    async (run) => {
      const made = await shop(run, world);
      await Promise.all(names.map((name) => subnetOf(run, made, name, { prefixLength: 17, docker: false })));
    };
  await engine.up(nets("a"));
  const held = engine.state.get("urn:pulumi:dev::shop::sdn:index:Subnet$sdn:ipam:SubnetAllocation::a");
  await engine.up(nets("b"));
  const got = engine.state.get("urn:pulumi:dev::shop::sdn:index:Subnet$sdn:ipam:SubnetAllocation::b");
  expect(got?.outputs["vni"]).not.toBe(held?.outputs["vni"]);
  expect(got?.outputs["ipv4"]).not.toMatchObject({ cidr: (held?.outputs["ipv4"] as { cidr: string }).cidr });
});

test("a host more: the others learn its VTEP, and nothing is replaced", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  const spanning =
    (count: number): Program =>
    async (run) => {
      const made = await shop(run, { hosts: world.hosts.slice(0, count) });
      await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", docker: false });
    };
  await engine.up(spanning(2));
  const { done } = await engine.up(spanning(3));
  expect([...done].sort()).toEqual([
    "create Host h3",
    "create Router shop-h3",
    "create Segment web-h3",
    "update Segment web-h1: spec.peers[1]",
    "update Segment web-h2: spec.peers[1]",
    "update SubnetAllocation web: hosts[2]",
  ]);
  expect([...world.host.model.contents.fdb.keys()].filter((key) => key.includes("00:00:00:00:00:00"))).toHaveLength(2);
});

test("drift that a refresh finds is repaired by the next up, and only that", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  const plan = program(world, { subnets: 2, endpoints: 0 });
  await engine.up(plan);
  const name = [...(world.host.model.contents.namespaces.get("-")?.links.keys() ?? [])].find((one) =>
    one.startsWith("sdn-v-"),
  );
  world.host.model.removeLink(name ?? "");
  const { warnings } = await engine.refresh();
  expect(warnings).toContain(`host h1: interface ${name} is missing. \`pulumi up\` repairs it.`);
  const { done } = await engine.up(plan);
  expect(done).toEqual([expect.stringMatching(/^update Segment net[01]-h1: drift$/)]);
  expect(world.host.model.hasLink(name ?? "")).toBe(true);
});

test("what somebody put into our tables is found by a refresh, said once, and taken away by the next up", async () => {
  const world = new World();
  const engine = new Engine(world.handlers);
  const program: Program = async (run) => {
    const made = await shop(run, world);
    for (const name of ["web", "db"]) await subnetOf(run, made, name, { prefixLength: 24 });
  };
  await engine.up(program);
  const host = world.hosts[0]!.model;
  const before = host.contents;
  host.change(({ namespaces }) => {
    namespaces.get("-")?.tables.get("inet sdn")?.sets.get("bridges")?.add("eth0");
    namespaces.get("-")?.tables.get("bridge sdn")?.chains.set("sneaky", []);
  });
  const said = (await engine.refresh()).logged.map(({ message }) => message).filter((one) => one.includes("nftables"));
  expect(said).toEqual([
    "host h1: element eth0 of nftables set inet sdn bridges is not ours. `pulumi up` repairs it.",
    "host h1: nftables chain bridge sdn sneaky is not ours. `pulumi up` repairs it.",
  ]);
  const { done } = await engine.up(program);
  expect(done).toEqual(["update Router shop-h1: drift"]);
  expect(host.contents).toEqual(before);
  expect((await engine.refresh()).logged.filter(({ message }) => message.includes("nftables"))).toEqual([]);
});

test("a preview of hosts that do not exist yet: what depends on them is unknown, and what does not is known", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  const run = await engine.preview(async (preview) => {
    const made = await shop(preview, world, { host: { ssh: { address: unknown } } });
    const subnet = await subnetOf(preview, made, "web", { cidr: "10.20.1.0/24", ipv6Cidr: unknown });
    const box = await endpointOn(preview, made.hosts[0], "box", { subnet, container: { name: "web-1" } });
    const outputs = preview.outputsOf(subnet);
    expect(outputs["mtu"]).toBe(unknown);
    expect(outputs["dockerNetworkName"]).toBe("shop-web");
    expect(preview.outputsOf(box)["networkMode"]).toBe("bridge");
    expect(preview.outputsOf(box)["ipv4Address"]).toBeInstanceOf(Unknown);
  });
  expect(run.done.filter((line) => line.startsWith("create"))).toHaveLength(3 + 1 + 3 + 1 + 3 + 2);
  expect(world.takeExecutions()).toEqual([0, 0, 0]);
});

test("two stacks on the same hosts get different VNIs, because the hosts remember who has which", async () => {
  const world = three();
  const plan = program(world, { subnets: 2, endpoints: 0 });
  const first = new Engine(world.handlers, "shop", "dev");
  await first.up(plan);
  // Another process: it shares nothing with the first one but the hosts.
  const narrow = (vniRange: { start: number; end: number }): Program => {
    return async (run) => {
      const made = await shop(run, world, { fabric: { vniRange } });
      await subnetOf(run, made, "net0", { cidr: "10.20.1.0/24", docker: false });
    };
  };
  const vnisOf = (engine: Engine): readonly unknown[] =>
    [...engine.state.values()].flatMap(({ type, outputs }) => (type.startsWith("sdn:ipam:") ? [outputs["vni"]] : []));
  const taken = vnisOf(first) as readonly number[];
  const lowest = Math.min(...taken);
  const other = new World([{}, {}, {}]);
  world.hosts.forEach(({ model }, index) => {
    const target = other.hosts[index];
    if (target !== undefined) target.model.run = (stdin) => model.run(stdin);
  });
  const second = new Engine(other.handlers, "shop", "prod");
  await second.up(narrow({ start: lowest, end: lowest + 20 }));
  for (const vni of vnisOf(second)) expect(taken).not.toContain(vni);
});

test("a host that is down fails its own resources and says which; the rest is as it was", async () => {
  const world = three();
  const engine = new Engine(world.handlers);
  await engine.up(program(world, { subnets: 1, endpoints: 0 }));
  const target = world.hosts[1]?.target;
  target?.failBefore(target.executions + 1);
  const failed = engine.refresh();
  await expect(failed).rejects.toThrow("host h2");
  expect(engine.state.size).toBe(3 + 4 + 4);
});
