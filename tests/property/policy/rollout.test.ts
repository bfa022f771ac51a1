/** While hosts change one after the other, no packet passes that neither the old nor the new policies allow. */
import fc from "fast-check";
import { changedDirections } from "../../../provider/src/compile/firewall/directions";
import { firewallTable } from "../../../provider/src/compile/firewall/program";
import { nextProgram, replaceCommands } from "../../../provider/src/compile/nft/program";
import type { DefaultAction, Direction, Policy } from "../../../provider/src/policy/rule";
import type { World } from "../../../provider/src/policy/world";
import { seed } from "../../support/intent-arbitraries";
import { judgeAt, tracedPacket } from "../../support/policy/agreement";
import {
  type BridgedPacket,
  hosts,
  packetArbitrary,
  policiesArbitrary,
  segments,
  worldArbitrary,
} from "../../support/policy/arbitraries";
import { compile, load } from "../../support/policy/compiled";
import type { Model } from "../../support/policy/nft-model";
import { policy } from "../../support/policy/policies";
import { trace } from "../../support/policy/tracer";

type Version = "old" | "new";
/** What each host has in force. */
type Fleet = readonly (readonly Version[])[];

/** The tables of both versions on each host, the new one as the second table. */
interface Tables {
  readonly old: Model;
  readonly new: Model;
}

function tablesOf(old: readonly Policy[], next: readonly Policy[], world: World): readonly Tables[] {
  return hosts.map((host) => ({
    old: compile(old, world, host).model,
    new: load(replaceCommands(nextProgram(compile(next, world, host).program))),
  }));
}

const tableName = { old: firewallTable, new: `${firewallTable}_next` };

/** Every table in force on every host on the way must let it pass. */
const passes = (tables: readonly Tables[], fleet: Fleet, packet: BridgedPacket): boolean =>
  tables.every((host, index) =>
    fleet[index]!.every(
      (version) => trace(host[version], tableName[version], tracedPacket(packet)).verdict === "accept",
    ),
  );

const everywhere = (...versions: readonly Version[]): Fleet => hosts.map(() => versions);
const stages = [
  [["old"], ["old", "new"]],
  [["old", "new"], ["new"]],
] as const;
const fleetArbitrary: fc.Arbitrary<Fleet> = fc
  .constantFrom(...stages)
  .chain((stage) => fc.tuple(...hosts.map(() => fc.constantFrom<readonly Version[]>(...stage))));

test("in two phases, with both tables in force between them", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      fc.tuple(policiesArbitrary, policiesArbitrary),
      fc.array(packetArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      fleetArbitrary,
      (...[world, [old, next], packets, fleet]) => {
        const tables = tablesOf(old, next, world);
        for (const packet of packets) {
          const before = passes(tables, everywhere("old"), packet);
          const after = passes(tables, everywhere("new"), packet);
          const now = passes(tables, fleet, packet);
          if (now) expect(before || after).toBe(true);
          if (before && after) expect(now).toBe(true);
        }
      },
    ),
    { numRuns: 120, seed },
  );
});

/** The same policies with one direction of one of them rewritten. */
const pairArbitrary = fc
  .tuple(
    policiesArbitrary,
    fc.constantFrom<Direction>("ingress", "egress"),
    fc.constantFrom<DefaultAction>("continue", "isolate", "deny", "allow"),
    fc.boolean(),
  )
  .map(([old, direction, action, isKept]): readonly [readonly Policy[], readonly Policy[]] => [
    old,
    old.map((one, index) =>
      index > 0
        ? one
        : {
            ...one,
            defaults: { ...one.defaults, [direction]: action },
            rules: isKept ? one.rules : one.rules.filter((each) => each.direction !== direction),
          },
    ),
  ]);

test("at once, where the change is of one direction; and such changes are seen as what they are", () => {
  let seen = 0;
  fc.assert(
    fc.property(
      worldArbitrary,
      pairArbitrary,
      fc.array(packetArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      fc.tuple(...hosts.map(() => fc.constantFrom<readonly Version[]>(["old"], ["new"]))),
      (...[world, [old, next], packets, fleet]) => {
        const changed = new Set(
          hosts.flatMap((host) => [
            ...changedDirections(compile(old, world, host).program, compile(next, world, host).program),
          ]),
        );
        expect(changed.size).toBeLessThan(2);
        seen += changed.size;
        const tables = tablesOf(old, next, world);
        for (const packet of packets) {
          for (const direction of ["ingress", "egress"] as const) {
            if (changed.has(direction)) continue;
            expect(judgeAt(next, world, packet, direction)).toEqual(judgeAt(old, world, packet, direction));
          }
          const isKnown = (["old", "new"] as const).some((one) => passes(tables, everywhere(one), packet));
          if (passes(tables, fleet, packet)) expect(isKnown).toBe(true);
        }
      },
    ),
    { numRuns: 120, seed },
  );
  expect(seen).toBeGreaterThan(50);
});

// Why both tables are in force in between, and not one that allows what either of them allows ("open first").
const world: World = {
  networks: [{ name: "red", peers: [] }],
  segments,
  endpoints: [
    { name: "a", segment: "red-a", host: "h1", labels: {}, addresses: [{ family: 4, value: 0x0a000101n }] },
    { name: "b", segment: "red-a", host: "h2", labels: {}, addresses: [{ family: 4, value: 0x0a000102n }] },
  ],
  groups: [],
  hostRanges: [],
};
const pair = (sends: DefaultAction, gets: DefaultAction): readonly Policy[] => [
  policy("a", { appliesTo: [{ kind: "endpoint", name: "a" }], defaults: { ingress: "continue", egress: sends } }),
  policy("b", { appliesTo: [{ kind: "endpoint", name: "b" }], defaults: { ingress: gets, egress: "continue" } }),
];
const packet: BridgedPacket = {
  host: "h1",
  segment: segments[0]!,
  source: world.endpoints[0]!.addresses[0]!,
  destination: world.endpoints[1]!.addresses[0]!,
  ...{ protocol: 6, firstWord: 1024, secondWord: 80, icmp: { type: 0, code: 0 }, tcpFlags: 2 },
  ...{ isAnswer: false, state: "new", time: 1000 },
};

test("kept: a packet that only the new sender may send and only the old receiver may get", () => {
  const [old, next] = [pair("deny", "continue"), pair("continue", "deny")];
  const tables = tablesOf(old, next, world);
  const isAllowed = (fleet: Fleet): boolean => passes(tables, fleet, packet);
  expect([isAllowed(everywhere("old")), isAllowed(everywhere("new"))]).toEqual([false, false]);
  // One host after the other lets it pass, and so does a table of what either of them allows in each direction.
  expect(isAllowed([["new"], ["old"]])).toBe(true);
  const either = pair("continue", "continue");
  expect(passes(tablesOf(either, either, world), everywhere("old"), packet)).toBe(true);
  for (const stage of stages) {
    for (const one of stage) for (const other of stage) expect(isAllowed([one, other])).toBe(false);
  }
  expect(changedDirections(compile(old, world, "h1").program, compile(next, world, "h1").program)).toEqual(
    new Set(["egress"]),
  );
});

test.each<readonly [string, readonly Policy[], readonly Policy[], readonly string[]]>([
  ["nothing", pair("deny", "deny"), pair("deny", "deny"), []],
  ["what is sent", pair("deny", "deny"), pair("allow", "deny"), ["egress"]],
  ["a first policy", [], pair("deny", "deny"), ["egress", "ingress"]],
])("directions that a change touches: %s", (_, old, next, expected) => {
  const changed = changedDirections(compile(old, world, "h1").program, compile(next, world, "h1").program);
  expect([...changed].sort()).toEqual(expected);
});

test("flows that are cut are no change of a direction", () => {
  const flow = { zone: 1, source: packet.source, destination: packet.destination, protocol: 6, sourcePort: 1, port: 2 };
  const host = policy("h", { appliesTo: [{ kind: "host", name: "h1" }] });
  const of = (policies: readonly Policy[], cut: boolean) =>
    compile(policies, world, "h1", { cuts: cut ? [flow, { ...flow, zone: 0 }] : [] }).program;
  expect(changedDirections(of([host], false), of([host], true))).toEqual(new Set());
});
