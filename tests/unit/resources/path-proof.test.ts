/** Whether the way between two hosts carries a full packet: what is asked when, and what is said of the answer. */
import { narrowPathMessage, narrowPaths, pathQueries } from "../../../provider/src/resources/path-proof";
import { SnapshotBuilder } from "../../../provider/src/render/snapshot-builder";
import type { SegmentIntent } from "../../../provider/src/compile/intent";
import { Engine } from "../../support/engine";
import { segmentIntent } from "../../support/intents";
import { shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const segment = (changes: Partial<SegmentIntent> & { readonly peers?: readonly string[] } = {}) => {
  const peers = changes.peers ?? ["192.0.2.12", "192.0.2.13"];
  return { ...segmentIntent(changes), peers };
};
const before = segment();

test.each<[string, ReturnType<typeof segment> | undefined, ReturnType<typeof segment>, readonly string[]]>([
  ["every peer of a new segment", undefined, before, ["192.0.2.12 1500", "192.0.2.13 1500"]],
  ["nobody where nothing changed", before, before, []],
  ["nobody where less is to be carried", before, segment({ mtu: 1400 }), []],
  ["every peer where more is to be carried", before, segment({ mtu: 8950 }), ["192.0.2.12 9000", "192.0.2.13 9000"]],
  ["the peer that came", before, segment({ peers: [...before.peers, "192.0.2.14"] }), ["192.0.2.14 1500"]],
  [
    "every peer from a new address",
    before,
    segment({ underlay: "192.0.2.99" }),
    ["192.0.2.12 1500", "192.0.2.13 1500"],
  ],
  [
    "over IPv6, where VXLAN takes 70 bytes",
    undefined,
    segment({ underlay: "2001:db8::1", mtu: 1430, peers: ["2001:db8::2"] }),
    ["2001:db8::2 1500"],
  ],
])("it is asked of %s", (_case, from, to, expected) => {
  expect(pathQueries(from, to)).toEqual(
    expected.map((one) => ["query_path", to.underlay, one.split(" ")[0], Number(one.split(" ")[1])]),
  );
});

test("of many hosts each asks those that follow it in a ring", () => {
  const all = Array.from({ length: 100 }, (_, index) => `192.0.2.${100 + index}`);
  const asked = all.flatMap((underlay) =>
    pathQueries(undefined, segment({ underlay, peers: all.filter((one) => one !== underlay) })).map(
      ([, , peer]) => peer,
    ),
  );
  expect(asked).toHaveLength(3200);
  for (const one of all) expect(asked.filter((peer) => peer === one)).toHaveLength(32);
});

test("a path that lets small packets pass and not full ones is narrow; silence says nothing", () => {
  const builder = new SnapshotBuilder();
  builder.take("path", ["192.0.2.12", "1500", "1392"]);
  builder.take("path", ["192.0.2.13", "1500", "-"]);
  const [path, ...others] = narrowPaths(builder.build());
  expect(others).toEqual([]);
  expect(path && narrowPathMessage("h1", "h2", before, path)).toBe(
    "between host h1 (192.0.2.11) and host h2 (192.0.2.12) packets of 1500 bytes are lost, those of 1392 pass: " +
      "something on the way has a smaller MTU than the hosts' interfaces, and large packets between the two disappear. " +
      "Mend the underlay, or set Fabric.mtu to 1342.",
  );
});

test("an up says it once a pair of hosts, however many subnets there are, and costs no execution more", async () => {
  const plain = new World([{}, {}, {}]);
  const narrow = new World([{}, {}, {}]);
  narrow.hosts[0]?.model.setPath("192.0.2.12", 1392);
  narrow.hosts[1]?.model.setPath("192.0.2.11", 1392);
  narrow.hosts[2]?.model.setPath("192.0.2.11", 0);
  const counts: number[] = [];
  for (const world of [plain, narrow]) {
    const engine = new Engine(world.handlers);
    const { call } = await engine.up(async (run) => {
      const made = await shop(run, world, {});
      await Promise.all([1, 2, 3].map((part) => subnetOf(run, made, `s${part}`, { cidr: `10.20.${part}.0/24` })));
    });
    counts.push(world.takeExecutions().reduce((sum, count) => sum + count, 0));
    const said = call.warnings.filter((message) => message.includes("packets of 1500 bytes are lost"));
    expect(said).toEqual(
      world === narrow ? [expect.stringMatching(/^between host h[12] .* and host h[12] .*Fabric.mtu to 1342/)] : [],
    );
  }
  expect(counts[1]).toBe(counts[0]);
});
