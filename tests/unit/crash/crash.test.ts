/** The crash matrix of networks, subnets, endpoints and services: see tests/support/crash-matrix.ts. */
import type { Wave } from "../../support/crash-matrix";
import { CrashMatrix } from "../../support/crash-matrix";
import type { Program } from "../../support/engine";
import { faults, Fleet, sceneText } from "../../support/fleet";
import { endpointOn, subnetOf } from "../../support/programs";
import type { World } from "../../support/world";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

/** Three hosts, two subnets with a way out, an endpoint of each kind, and a service. */
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
    const [, left, right] = await Promise.all([
      endpointOn(run, hosts[0], "front", { subnet: web, container: { name: "front" } }),
      endpointOn(run, hosts[0], "left", { subnet: web, namespace: { name: "left" } }),
      endpointOn(run, hosts[1], "right", { subnet: web, namespace: { name: "right" }, ipv4Address: "10.20.1.20" }),
      endpointOn(run, hosts[2], "nic", { subnet: db, interface: { name: "ens4" } }),
    ]);
    const backends = [{ endpoint: left }, { endpoint: right }];
    await run.add("sdn:index:ServiceEntry", "shopfront", { network, ports: [{ port: 80 }], backends });
  };

/** The third host leaves, a subnet goes and another comes, the way out goes, addresses, attachments and backends change. */
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
    const [, right] = await Promise.all([
      endpointOn(run, hosts[0], "left", { subnet: web, namespace: { name: "left", interface: "data0" } }),
      endpointOn(run, hosts[1], "right", { subnet: web, namespace: { name: "right" }, ipv4Address: "10.20.1.21" }),
      endpointOn(run, hosts[1], "store", { subnet: cache, namespace: { name: "store" } }),
    ]);
    const ports = [{ port: 443, targetPort: 8443 }];
    await run.add("sdn:index:ServiceEntry", "shopfront", { network, ports, backends: [{ endpoint: right }] });
    const others = { network, headless: true, ports: [], backends: [{ endpoint: right }] };
    await run.add("sdn:index:ServiceEntry", "others", others);
  };

const nothing = (): Program => () => Promise.resolve();

const waves: readonly Wave[] = [
  { name: "everything is made", program: first },
  { name: "much is changed", program: second },
  { name: "all is removed", program: nothing },
];

const bridged = ["net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"];

let fleet: Fleet;
let matrix: CrashMatrix;

beforeAll(async () => {
  fleet = new Fleet([{}, {}, {}]);
  for (const [index, names] of [["left"], ["right", "store"]].entries()) {
    for (const name of names) fleet.models[index]?.addNamespace(name);
  }
  fleet.models[0]?.setContainer("front");
  // As the network will have it: a host's own interface keeps the MTU that it got.
  fleet.models[2]?.setLink("ens4", { mtu: 1450, up: true });
  for (const model of fleet.models) {
    for (const key of ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", ...bridged]) {
      model.change(({ namespaces }) => namespaces.get("-")?.sysctls.set(key, "0"));
    }
  }
  matrix = new CrashMatrix(fleet, waves);
  await matrix.record();
});

test("the faultless runs do something on every host that they are about, and the last leaves nothing", () => {
  expect(waves.map(({ name }) => matrix.undisturbed(name).executions.map((count) => count > 0))).toEqual([
    [true, true, true],
    [true, true, true],
    [true, true, false],
  ]);
  const empty = matrix.undisturbed("everything is made").before;
  expect(sceneText(matrix.undisturbed("all is removed").after)).toBe(sceneText(empty));
});

describe.each(waves)("while $name", (wave) => {
  test.each(faults)("%s: another up, and refresh and up, give what an undisturbed run gives", async (fault) => {
    const { wrong, struck } = await matrix.mended(wave, fault);
    expect(wrong).toBe("");
    if (fault !== "disk full" || wave.program !== nothing) expect(struck).toBeGreaterThan(0);
  });
});

describe("when the program is another one after the run that was cut off", () => {
  test.each([
    ["everything is made", nothing, "all is removed"],
    ["much is changed", nothing, "all is removed"],
    ["much is changed", first, "everything is made"],
  ] as const)("while %s: refresh and up leave no orphan (case %#)", async (name, next, wanted) => {
    expect(await matrix.leftBy(name, next, matrix.undisturbed(wanted).after)).toBe("");
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
    fleet.scene = matrix.undisturbed("everything is made").after;
  });

  test("the second one is refused in the execution in which it would change something, and told what to do", async () => {
    const { state } = fleet;
    expect((await matrix.up(moved("10.20.1.21"))).error).toBeUndefined();
    const hosts = sceneText({ ...fleet.scene, state: new Map() });
    fleet.state = state;
    const { error } = await matrix.up(moved("10.20.1.22"));
    expect(error?.message).toMatch(
      /^host h2, right: port-\d+-right has generation 2 on the host, this state was written for 1\. Run `pulumi refresh`, look at what the other run changed, and run again\.$/,
    );
    expect(sceneText({ ...fleet.scene, state: new Map() })).toBe(hosts);
  });

  test("after a refresh it gives what it gives on its own: of the first one nothing is left", async () => {
    await matrix.up(moved("10.20.1.22"));
    const alone = fleet.scene;
    fleet.scene = matrix.undisturbed("everything is made").after;
    const { state } = fleet;
    await matrix.up(moved("10.20.1.21"));
    fleet.state = state;
    expect(matrix.wrongIn(await matrix.refreshAndUp(moved("10.20.1.22")), alone)).toBeUndefined();
  });

  test("a removal of what another one changed meanwhile is refused too", async () => {
    const { state } = fleet;
    await matrix.up(moved("10.20.1.21"));
    fleet.state = state;
    const { error } = await matrix.up(nothing);
    expect(error?.message).toContain("this state was written for 1. Run `pulumi refresh`");
    expect(
      matrix.wrongIn(await matrix.refreshAndUp(nothing), matrix.undisturbed("all is removed").after),
    ).toBeUndefined();
  });

  test("what is the same for both is no conflict", async () => {
    const { state } = fleet;
    await matrix.up(moved("10.20.1.21"));
    fleet.state = state;
    expect((await matrix.up(moved("10.20.1.21"))).error).toBeUndefined();
  });
});
