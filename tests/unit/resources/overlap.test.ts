/** What a network's space overlaps: what is an error, what a warning, and whose it is. */
import type { RouterIntent } from "../../../provider/src/compile/intent";
import type { RouteState, Snapshot } from "../../../provider/src/model/snapshot";
import { SnapshotBuilder } from "../../../provider/src/render/snapshot-builder";
import { overlapWarnings } from "../../../provider/src/resources/overlap-warnings";
import { Engine } from "../../support/engine";
import { egress4, routerIntent, segmentIntent } from "../../support/intents";
import { shop } from "../../support/programs";
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
