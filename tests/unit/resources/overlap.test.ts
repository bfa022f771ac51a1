/** What a network's space overlaps: what is an error, what a warning, and whose it is. */
import type { RouterIntent, SegmentIntent } from "../../../provider/src/compile/intent";
import { markOf } from "../../../provider/src/compile/names";
import type { RouteState, Snapshot } from "../../../provider/src/model/snapshot";
import { SnapshotBuilder } from "../../../provider/src/render/snapshot-builder";
import { encodeText } from "../../../provider/src/render/words";
import { overlapWarnings } from "../../../provider/src/resources/overlap-warnings";
import { Engine } from "../../support/engine";
import { egress4, routerIntent, segmentIntent } from "../../support/intents";
import { shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

function snapshotWith(...routes: readonly RouteState[]): Snapshot {
  const snapshot = new SnapshotBuilder().build();
  return { ...snapshot, host: { ...snapshot.host, routes } };
}
const route = (destination: string, device: string, via?: string): RouteState => ({
  destination,
  device,
  via,
  table: undefined,
  metric: 0,
});
const shopWith = (changes: Partial<RouterIntent> = {}): RouterIntent => routerIntent({ egress: egress4, ...changes });

test("a network with egress says which of the host's destinations it hides, and whose they are", () => {
  const snapshot = snapshotWith(
    route("0.0.0.0/0", "eth0", "192.0.2.1"),
    route("192.0.2.0/24", "eth0"),
    route("10.20.9.0/24", "docker0"),
    route("10.20.16.0/20", "cni0"),
    route("10.0.0.0/8", "eth1", "192.0.2.254"),
    route("10.20.7.0/24", "sdn-u-5000"),
  );
  expect(overlapWarnings(shopWith(), snapshot)).toEqual([
    "the space of network shop (10.20.0.0/16) overlaps what the host reaches: 10.20.9.0/24 (Docker's, by docker0), " +
      "10.20.16.0/20 (the cluster's, by cni0), 10.0.0.0/8 (by eth1 via 192.0.2.254). " +
      "From inside the network these addresses are the network's own, so its endpoints do not reach the others by egress. " +
      "Give the network another cidr if they shall.",
  ]);
});

test.each<[string, Parameters<typeof overlapWarnings>[0]]>([
  ["a network without a way out", routerIntent()],
  ["a network in which only replies leave", shopWith({ egress: { ...egress4, mode: "none" } })],
  ["a network with another space", shopWith({ cidr: "10.99.0.0/16" })],
  ["a subnet", segmentIntent()],
])("nothing is hidden by %s", (_case, intent) => {
  expect(overlapWarnings(intent, snapshotWith(route("10.20.9.0/24", "docker0"), route("::/0", "eth0")))).toEqual([]);
});

test("a long list is cut, and IPv6 counts too", () => {
  const routes = Array.from({ length: 6 }, (_, index) => route(`fd00:20:${index}::/48`, "eth1"));
  const [said = ""] = overlapWarnings(shopWith({ cidr: undefined, ipv6Cidr: "fd00:20::/32" }), snapshotWith(...routes));
  expect(said).toContain("fd00:20:3::/48 (by eth1) and 2 more.");
});

describe("the pools from which an engine makes networks by itself", () => {
  const engineWith = (pools: string): Snapshot => {
    const builder = new SnapshotBuilder();
    builder.take("section", ["facts", "-", encodeText(`docker 28.2.2 1.50\ndocker-pools ${pools}\n`)]);
    return builder.build();
  };
  const subnet = (cidr: string, changes: Partial<SegmentIntent> = {}): SegmentIntent => {
    const intent = segmentIntent({ dockerNetwork: "shop-web", ...changes });
    return { ...intent, ipv4: { ...intent.ipv4!, cidr } };
  };

  test.each<[string, string, string, string]>([
    ["given none, it has Docker's own", "null", "172.21.3.0/24", "172.20.0.0/14"],
    ["an old one does not say, and has Docker's own", "", "192.168.7.0/24", "192.168.0.0/16"],
    ["given one", '[{"Base":"10.200.0.0/16","Size":24}]', "10.200.7.0/24", "10.200.0.0/16"],
    [
      "given several, and a subnet that has them in it",
      '[{"Base":"10.1.0.0/16","Size":24},{"Base":"10.2.0.0/16","Size":24},{"Base":"10.99.0.0/16","Size":24}]',
      "10.0.0.0/14",
      "10.1.0.0/16, 10.2.0.0/16",
    ],
  ])("%s: a subnet in them may be refused one day", (_case, pools, cidr, named) => {
    expect(overlapWarnings(subnet(cidr), engineWith(pools))).toEqual([
      `subnet web (${cidr}) overlaps ${named}, from which this Docker engine takes the addresses of networks that are ` +
        "given none. Where such a network has them first, the engine refuses the subnet's. " +
        "Choose another CIDR, or set the engine's default-address-pools.",
    ]);
  });

  test.each<[string, SegmentIntent, string]>([
    ["a subnet beside them", subnet("10.20.1.0/24"), "null"],
    ["a subnet in Docker's own, which this engine does not use", subnet("172.21.3.0/24"), '[{"Base":"10.200.0.0/16"}]'],
    ["a subnet without a network of Docker's", subnet("172.21.3.0/24", { dockerNetwork: undefined }), "null"],
  ])("nothing is said of %s", (_case, intent, pools) => {
    expect(overlapWarnings(intent, engineWith(pools))).toEqual([]);
  });

  test("nothing is said of a subnet whose network the engine has already", () => {
    const intent = subnet("172.21.3.0/24");
    const network = { id: "4f5e", name: "shop-web", driver: "bridge", bridge: "sdn-b-5001", containers: [] };
    const mine = { ...network, mark: markOf(intent), subnets: ["172.21.3.0/24"] };
    expect(overlapWarnings(intent, { ...engineWith("null"), dockerNetworks: [mine] })).toEqual([]);
  });

  test("a preview names the host, and goes on", async () => {
    const world = new World();
    const engine = new Engine(world.handlers);
    const { call } = await engine.preview(async (run) => {
      const made = await shop(run, world, { network: { cidr: "172.20.0.0/16" } });
      await subnetOf(run, made, "web", { prefixLength: 24 });
    });
    const warnings = call.logged.filter(({ severity }) => severity === "warning").map(({ message }) => message);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^host h1: subnet web \(172\.20\.\d+\.0\/24\) overlaps 172\.20/),
    );
  });
});

describe("Fabric.reservedCidrs", () => {
  const reservedCidrs = [
    { cidr: "10.20.128.0/17", reason: "the cluster's pods" },
    { cidr: "fd00:20::/40", reason: "the lab" },
  ];
  const preview = async (network: Readonly<Record<string, string | number | null>>, cidrs: typeof reservedCidrs) => {
    const world = new World();
    const engine = new Engine(world.handlers);
    return engine.preview(async (run) => {
      await shop(run, world, { fabric: { reservedCidrs: cidrs, addressPools: ["10.20.0.0/16"] }, network });
    });
  };

  test("a given space that overlaps one is an error with all reasons", async () => {
    await expect(preview({ cidr: "10.20.0.0/16" }, reservedCidrs)).rejects.toThrow(
      'cidr: overlaps 10.20.128.0/17, which Fabric.reservedCidrs keeps: the cluster\'s pods (got "10.20.0.0/16")',
    );
    await expect(preview({ ipv6Cidr: "fd00:20::/48", cidr: "10.20.0.0/17" }, reservedCidrs)).rejects.toThrow("the lab");
  });

  test("a network that is taken from a pool keeps clear of them", async () => {
    const world = new World();
    const engine = new Engine(world.handlers);
    await engine.up(async (run) => {
      const hosts = await Promise.all(
        world.hosts.map(({ name, connection: { address } }) => run.add("sdn:index:Host", name, { ssh: { address } })),
      );
      const fabric = await run.add("sdn:index:Fabric", "dc", {
        hosts,
        addressPools: ["10.20.0.0/16"],
        reservedCidrs: [{ cidr: "10.20.128.0/17", reason: "pods" }],
      });
      for (let index = 0; index < 4; index += 1) {
        const network = await run.add("sdn:index:VirtualNetwork", `n${index}`, { fabric, prefixLength: 19 });
        expect(run.outputsOf(network)["cidr"]).toMatch(/^10\.20\.(0|32|64|96)\.0\/19$/);
      }
    });
  });

  test("one without a reason is said of the property", async () => {
    await expect(preview({ cidr: "10.20.0.0/17" }, [{ cidr: "10.99.0.0/16", reason: "" }])).rejects.toThrow(
      "reservedCidrs[0].reason: is empty",
    );
  });
});
