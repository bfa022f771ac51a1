/** How reachability grows with the fleet: counted, not timed. */
import { changeLines, sentence } from "../../../provider/src/reach/change-text";
import { differences } from "../../../provider/src/reach/difference";
import { namedMarks, Naming } from "../../../provider/src/reach/naming";
import { Reach } from "../../../provider/src/reach/reach";
import { realmOf } from "../../../provider/src/reach/realm";
import { waysOfWorld } from "../../../provider/src/reach/ways";
import { rule } from "../../support/policy/policies";
import { largeFleet } from "../../support/reach/large-world";

const asIs = (name: string): string => name;
const names = { network: asIs, segment: asIs, host: asIs };

test("ten thousand endpoints under a thousand policies are as many classes as there are applications", () => {
  const { world, policies, hosts } = largeFleet(10_000, 1_000);
  const realm = realmOf(hosts, policies, world);
  const reach = new Reach({ versions: [[realm]], ways: waysOfWorld(world), marks: [], now: 0 });
  // And who is outside, of both families.
  expect(reach.classes.length).toBe(102);
  expect(reach.classes.reduce((sum, { members }) => sum + members.length, 0)).toBeLessThan(10_200);
});

test("of one rule more among a thousand policies one line is told", () => {
  const { world, policies, hosts } = largeFleet(1_000, 1_000);
  const more = rule("ssh", {
    peers: [{ kind: "group", name: "g3" }],
    services: [{ kind: "ports", protocol: 6, ports: [{ first: 22, last: 22 }] }],
  });
  const changed = policies.map((one, index) => (index === 500 ? { ...one, rules: [...one.rules, more] } : one));
  const [before, after] = [realmOf(hosts, policies, world), realmOf(hosts, changed, world)];
  const marks = namedMarks([after]);
  const versions = [[before], [after]];
  const reach = new Reach({ versions, ways: waysOfWorld(world), marks: marks.map(({ mark }) => mark), now: 0 });
  const lines = changeLines(reach, new Naming(reach.classes, marks, names), differences(reach, 0, 1));
  expect(lines.map(sentence)).toEqual(["+ g3 → g0 tcp/22"]);
});

test("where rules tell too many ends apart, that is said instead of looking at every pair", () => {
  const { world, policies, hosts } = largeFleet(2_500, 2_500, 2_500);
  const reach = new Reach({
    versions: [[realmOf(hosts, policies, world)]],
    ways: waysOfWorld(world),
    marks: [],
    now: 0,
  });
  expect(() => reach.pairs()).toThrow(
    /^rules tell \d+ kinds of ends apart, and of at most 2000 every pair is looked at/,
  );
});
