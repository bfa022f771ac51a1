/**
 * Every execution of every run is disturbed in every way: after the next run the hosts and the state are those of a
 * run that nothing disturbed.
 */
import { atOnce } from "../../support/at-once";
import type { Program } from "../../support/engine";
import { faults, Fleet, sceneText } from "../../support/fleet";
import type { Disturbance, Fault, Outcome, Scene } from "../../support/fleet";
import { endpointOn, subnetOf } from "../../support/programs";
import type { World } from "../../support/world";
import { difference } from "../../contract/program/faults";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

/** Three hosts, two subnets with a way out, and an endpoint of each kind. */
const first =
  (world: World): Program =>
  async (run) => {
    const hosts = await Promise.all(
      world.hosts.map(({ name, connection: { address } }) => run.add("sdn:index:Host", name, { ssh: { address } })),
    );
    const fabric = await run.add("sdn:index:Fabric", "dc", { hosts });
    const space = { cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48", egress: "nat" };
    const network = await run.add("sdn:index:VirtualNetwork", "shop", { fabric, ...space });
    const shop = { hosts, fabric, network };
    const web = await subnetOf(run, shop, "web", { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:0:1::/64" });
    const db = await subnetOf(run, shop, "db", { cidr: "10.20.2.0/24", docker: false });
    await Promise.all([
      endpointOn(run, hosts[0], "front", { subnet: web, container: { name: "front" } }),
      endpointOn(run, hosts[0], "left", { subnet: web, namespace: { name: "left" } }),
      endpointOn(run, hosts[1], "right", { subnet: web, namespace: { name: "right" }, ipv4Address: "10.20.1.20" }),
      endpointOn(run, hosts[2], "nic", { subnet: db, interface: { name: "ens4" } }),
    ]);
  };

/** The third host leaves, a subnet goes and another comes, the way out goes, addresses and attachments change. */
const second =
  (world: World): Program =>
  async (run) => {
    const hosts = await Promise.all(
      world.hosts
        .slice(0, 2)
        .map(({ name, connection: { address } }) => run.add("sdn:index:Host", name, { ssh: { address } })),
    );
    const fabric = await run.add("sdn:index:Fabric", "dc", { hosts, mtu: 1400 });
    const space = { cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48" };
    const network = await run.add("sdn:index:VirtualNetwork", "shop", { fabric, ...space });
    const shop = { hosts, fabric, network };
    const web = await subnetOf(run, shop, "web", { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:0:1::/64" });
    const cache = await subnetOf(run, shop, "cache", { cidr: "10.20.3.0/24" });
    await Promise.all([
      endpointOn(run, hosts[0], "left", { subnet: web, namespace: { name: "left", interface: "data0" } }),
      endpointOn(run, hosts[1], "right", { subnet: web, namespace: { name: "right" }, ipv4Address: "10.20.1.21" }),
      endpointOn(run, hosts[1], "store", { subnet: cache, namespace: { name: "store" } }),
    ]);
  };

const nothing = (): Program => () => Promise.resolve();

interface Wave {
  readonly name: string;
  readonly program: (world: World) => Program;
}
const waves: readonly Wave[] = [
  { name: "everything is made", program: first },
  { name: "much is changed", program: second },
  { name: "all is removed", program: nothing },
];

interface Faultless {
  readonly before: Scene;
  readonly after: Scene;
  readonly executions: readonly number[];
}

let fleet: Fleet;
const faultless = new Map<string, Faultless>();

beforeAll(async () => {
  fleet = new Fleet([{}, {}, {}]);
  for (const [index, names] of [["left"], ["right", "store"]].entries()) {
    for (const name of names) fleet.models[index]?.addNamespace(name);
  }
  fleet.models[0]?.setContainer("front");
  // As the network will have it: a host's own interface keeps the MTU that it got.
  fleet.models[2]?.setLink("ens4", { mtu: 1450, up: true });
  for (const model of fleet.models) {
    for (const key of ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]) {
      model.change(({ namespaces }) => namespaces.get("-")?.sysctls.set(key, "0"));
    }
  }
  for (const { name, program } of waves) {
    const before = fleet.scene;
    const { error, executions } = await atOnce(fleet.up(program));
    if (error !== undefined) throw error;
    faultless.set(name, { before, after: fleet.scene, executions });
  }
});

const undisturbed = (name: string): Faultless => {
  const found = faultless.get(name);
  if (found === undefined) throw new Error(`no wave ${name}`);
  return found;
};

type Mending = (program: Wave["program"]) => Promise<Outcome>;

const up: Mending = (program) => atOnce(fleet.up(program));
const refreshAndUp: Mending = async (program) => {
  const refreshed = await atOnce(fleet.refresh());
  return refreshed.error === undefined ? up(program) : refreshed;
};

test("the faultless runs do something on every host that they are about, and the last leaves nothing", () => {
  expect(waves.map(({ name }) => undisturbed(name).executions.map((count) => count > 0))).toEqual([
    [true, true, true],
    [true, true, true],
    [true, true, false],
  ]);
  const empty = undisturbed("everything is made").before;
  expect(sceneText(undisturbed("all is removed").after)).toBe(sceneText(empty));
});

interface Struck {
  readonly where: string;
  /** What there is after the disturbed run. */
  readonly scene: Scene;
}

/** The run, disturbed at each of its executions on each host in turn. */
async function* disturbed({ name, program }: Wave, fault: Fault): AsyncGenerator<Struck> {
  const { before, executions } = undisturbed(name);
  for (const [host, count] of executions.entries()) {
    for (let k = 1; k <= count; k += 1) {
      const disturbance: Disturbance = { fault, host, k };
      fleet.scene = before;
      await atOnce(fleet.up(program, disturbance));
      yield { where: `h${host + 1}, execution ${k}`, scene: fleet.scene };
    }
  }
}

/** How the scene differs from what there should be, `undefined` where it does not. */
function wrongIn({ error }: Outcome, wanted: Scene): string | undefined {
  if (error !== undefined) return error.message;
  const [now, should] = [sceneText(fleet.scene), sceneText(wanted)];
  return now === should ? undefined : `\n${difference(should, now)}`;
}

describe.each(waves)("while $name", (wave) => {
  test.each(faults)("%s: another up, and refresh and up, give what an undisturbed run gives", async (fault) => {
    const { after } = undisturbed(wave.name);
    const wrong: string[] = [];
    let struck = 0;
    for await (const { where, scene } of disturbed(wave, fault)) {
      if (sceneText(scene) !== sceneText(after)) struck += 1;
      for (const [mending, mend] of Object.entries({ up, refreshAndUp })) {
        fleet.scene = scene;
        const found = wrongIn(await mend(wave.program), after);
        if (found !== undefined) wrong.push(`${where}, ${mending}: ${found}`);
      }
    }
    expect(wrong.join("\n")).toBe("");
    if (fault !== "disk full" || wave.program !== nothing) expect(struck).toBeGreaterThan(0);
  });
});

/** Where it is not known what was done. (Of a plugin that is killed, only Pulumi's pending operations tell.) */
const uncertain = ["connection cut after its start", "connection cut before its reply"] as const;

describe("when the program is another one after the run that was cut off", () => {
  test.each([
    ["everything is made", nothing, "all is removed"],
    ["much is changed", nothing, "all is removed"],
    ["much is changed", first, "everything is made"],
  ] as const)("while %s: refresh and up leave no orphan (case %#)", async (name, next, wanted) => {
    const wave = waves.find((one) => one.name === name) as Wave;
    const wrong: string[] = [];
    for (const fault of uncertain) {
      for await (const { where } of disturbed(wave, fault)) {
        const found = wrongIn(await refreshAndUp(next), undisturbed(wanted).after);
        if (found !== undefined) wrong.push(`${fault} at ${where}: ${found}`);
      }
    }
    expect(wrong.join("\n")).toBe("");
  });
});

describe("two operators with the same state", () => {
  /** Another address of one endpoint. */
  const moved =
    (address: string) =>
    (world: World): Program =>
    async (run) => {
      const add = run.add.bind(run);
      run.add = (type, name, inputs) =>
        add(type, name, name === "right" ? { ...inputs, ipv4Address: address } : inputs);
      await first(world)(run);
    };

  beforeEach(() => {
    fleet.scene = undisturbed("everything is made").after;
  });

  test("the second one is refused in the execution in which it would change something, and told what to do", async () => {
    const { state } = fleet;
    expect((await up(moved("10.20.1.21"))).error).toBeUndefined();
    const hosts = sceneText({ ...fleet.scene, state: new Map() });
    fleet.state = state;
    const { error } = await up(moved("10.20.1.22"));
    expect(error?.message).toMatch(
      /^host h2, right: port-\d+-right has generation 2 on the host, this state was written for 1\. Run `pulumi refresh`, look at what the other run changed, and run again\.$/,
    );
    expect(sceneText({ ...fleet.scene, state: new Map() })).toBe(hosts);
  });

  test("after a refresh it gives what it gives on its own: of the first one nothing is left", async () => {
    await up(moved("10.20.1.22"));
    const alone = fleet.scene;
    fleet.scene = undisturbed("everything is made").after;
    const { state } = fleet;
    await up(moved("10.20.1.21"));
    fleet.state = state;
    expect(wrongIn(await refreshAndUp(moved("10.20.1.22")), alone)).toBeUndefined();
  });

  test("a removal of what another one changed meanwhile is refused too", async () => {
    const { state } = fleet;
    await up(moved("10.20.1.21"));
    fleet.state = state;
    const { error } = await up(nothing);
    expect(error?.message).toContain("this state was written for 1. Run `pulumi refresh`");
    expect(wrongIn(await refreshAndUp(nothing), undisturbed("all is removed").after)).toBeUndefined();
  });

  test("what is the same for both is no conflict", async () => {
    const { state } = fleet;
    await up(moved("10.20.1.21"));
    fleet.state = state;
    expect((await up(moved("10.20.1.21"))).error).toBeUndefined();
  });
});
