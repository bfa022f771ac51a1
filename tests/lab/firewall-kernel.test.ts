/** The kernel does with real packets what the evaluator says and what the tracer says. */
import fc from "fast-check";
import { firewallPlan } from "../../provider/src/compile/firewall/plan";
import { firewallProgram, firewallTable } from "../../provider/src/compile/firewall/program";
import { changeCommands, type Program, replaceCommands } from "../../provider/src/compile/nft/program";
import { parseAddress } from "../../provider/src/model/address";
import type { Policy } from "../../provider/src/policy/rule";
import type { Segment, World } from "../../provider/src/policy/world";
import { agrees, expectedTrace, tracedPacket } from "../support/policy/agreement";
import { type BridgedPacket, now, policiesArbitrary, segments, worldArbitrary } from "../support/policy/arbitraries";
import { addressOf, endpoints, KernelBench, ports, type Probe, type ProbeResult } from "../support/policy/kernel-bench";
import { heldCommands } from "../support/policy/held";
import { applyCommands, type Json } from "../support/policy/nft-model";
import { policy, rule } from "../support/policy/policies";
import { trace, type Trace } from "../support/policy/tracer";
import { waitFor } from "./harness/wait";

let bench: KernelBench;
let loaded: Program | undefined;

beforeAll(async () => {
  bench = await KernelBench.start();
  await bench.warmUp();
});

afterAll(async () => bench.stop());

const seconds = (): number => Math.floor(Date.now() / 1000);
const world: World = {
  networks: [
    { name: "red", peers: [] },
    { name: "blue", peers: [] },
    { name: "green", peers: [] },
  ],
  segments,
  endpoints,
  groups: [],
  hostRanges: [],
};

/** Puts policies into the kernel: the first time whole, then only what differs. */
function apply(policies: readonly Policy[], where: World = world, time = seconds()): Applied {
  const plan = firewallPlan(policies, where, { host: "h1", now: time });
  const program = firewallProgram(plan);
  bench.nft(loaded === undefined ? replaceCommands(program) : changeCommands(loaded, program));
  loaded = program;
  return { guarded: plan.guarded, program };
}

interface Applied {
  readonly guarded: readonly string[];
  readonly program: Program;
}

/** Moments of the generated policies, moved to now. */
function moved(policies: readonly Policy[], offset: number): readonly Policy[] {
  return policies.map((one) => ({
    ...one,
    enforcement:
      one.enforcement.mode === "watch" && one.enforcement.until !== undefined
        ? { mode: "watch", until: one.enforcement.until + offset }
        : one.enforcement,
    rules: one.rules.map((each) => (each.expires === undefined ? each : { ...each, expires: each.expires + offset })),
  }));
}

const probes = (): readonly Probe[] =>
  bench
    .pairs()
    .flatMap((pair): readonly Probe[] => [
      ...ports.map((port): Probe => ({ ...pair, do: "tcp", port })),
      ...[80, 443].map((port): Probe => ({ ...pair, do: "udp", port })),
      { ...pair, do: "ping", port: 0 },
    ]);

function packetOf(probe: Probe, segment: Segment, time: number): BridgedPacket {
  const { source, destination, family } = probe;
  return {
    host: "h1",
    segment,
    source: parseAddress(addressOf(source, family), "test"),
    destination: parseAddress(addressOf(destination, family), "test"),
    protocol: { tcp: 6, udp: 17, ping: family === 4 ? 1 : 58 }[probe.do],
    secondWord: probe.port,
    icmp: { type: family === 4 ? 8 : 128, code: 0 },
    tcpFlags: 2,
    state: "new",
    time,
  };
}

/** The bridges that a probe crosses: its source's, and its destination's where the router leads to another. */
function way(probe: Probe): readonly Segment[] {
  const names = new Set([probe.source.segment, probe.destination.segment]);
  return [...names].map((name) => segments.find((segment) => segment.name === name)!);
}

/** What each counter of the kernel says, by comment. */
function counters(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (comment: unknown, counter: unknown): void => {
    const packets = (counter as { packets?: number } | undefined)?.packets ?? 0;
    if (typeof comment === "string" && packets > 0) counts.set(comment, (counts.get(comment) ?? 0) + packets);
  };
  for (const object of bench.list(firewallTable)) {
    const found = object["rule"] as { comment?: string; expr: readonly Json[] } | undefined;
    add(found?.comment, found?.expr.find((statement) => "counter" in statement)?.["counter"]);
    const map = object["map"] as { elem?: readonly (readonly [Json, Json])[] } | undefined;
    for (const [key] of map?.elem ?? []) {
      const element = key["elem"] as { comment?: string; counter?: unknown } | undefined;
      add(element?.comment, element?.counter);
    }
  }
  return counts;
}

/** How much each counter grew; one that a change made anew may have begun at nothing. */
const growth = (before: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries(
    [...counters()]
      .map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );

/** The table as the kernel has it, without handles, counts and order. */
function shape(): readonly string[] {
  return bench
    .list(firewallTable)
    .flatMap((object) => {
      const map = object["map"] as { name: string; elem?: readonly Json[] } | undefined;
      const elements = (map?.elem ?? []).map((element) => `${map?.name ?? ""} ${JSON.stringify(element)}`);
      return [JSON.stringify(map === undefined ? object : { map: { ...map, elem: 0 } }), ...elements];
    })
    .map((line) => line.replace(/"(handle|packets|bytes)":\d+/g, ""))
    .sort();
}

const expectedResult = { accept: "connected", drop: "silent", reject: "refused" } as const;

test.each([1, 2, 3, 5, 7, 10, 12, 14, 19, 21])("evaluator, tracer and kernel agree (seed %i)", async (seed) => {
  const time = seconds();
  const [[generated, chosen] = []] = fc.sample(fc.tuple(worldArbitrary, policiesArbitrary), { seed, numRuns: 1 });
  const where: World = { ...generated!, endpoints, hostRanges: [] };
  const policies = moved(chosen!, time - now);
  const { guarded, program } = apply(policies, where, time);
  const model = applyCommands(new Map(), replaceCommands(program));
  const all = probes();
  const traces = all.map((probe) => {
    const steps: Trace[] = [];
    for (const segment of way(probe)) {
      const packet = packetOf(probe, segment, time);
      const expected = expectedTrace(policies, where, packet, guarded);
      expect(agrees(expected, trace(model, firewallTable, tracedPacket(packet)))).toBe(true);
      steps.push(expected);
      if (expected.verdict !== "accept") break;
    }
    return { verdict: steps.at(-1)!.verdict, counted: steps.flatMap(({ counted }) => counted) };
  });
  const before = counters();
  const results = await Promise.all(all.map((probe) => bench.probe(probe)));
  const told = (result: ProbeResult, index: number): string => {
    const { source, destination, family, port } = all[index]!;
    return `${all[index]!.do} ${source.name} → ${destination.name} IPv${family} ${port}: ${result}`;
  };
  expect(results.map(told)).toEqual(traces.map(({ verdict }, index) => told(expectedResult[verdict], index)));
  const hits: Record<string, number> = {};
  for (const { counted } of traces) for (const comment of counted) hits[comment] = (hits[comment] ?? 0) + 1;
  expect(growth(before)).toEqual(hits);
});

test("a change leaves in the kernel what a fresh table has", () => {
  const time = seconds();
  for (const [where, policies] of fc.sample(fc.tuple(worldArbitrary, policiesArbitrary), { seed: 77, numRuns: 20 })) {
    const { program } = apply(moved(policies, time - now), where, time);
    const changed = shape();
    bench.nft(replaceCommands(program));
    expect(changed).toEqual(shape());
  }
});

const [e1, e2, , e4, e5, e6] = endpoints as [Endpoint, Endpoint, Endpoint, Endpoint, Endpoint, Endpoint];
type Endpoint = (typeof endpoints)[number];
const fromTo = (source: Endpoint, destination: Endpoint, more: Partial<Probe> = {}): Probe => ({
  do: "tcp",
  source,
  destination,
  family: 4,
  port: 80,
  ...more,
});
const deny = { ingress: "deny", egress: "deny" } as const;
const e1MayAskE2 = policy("pair", {
  appliesTo: [
    { kind: "endpoint", name: "e1" },
    { kind: "endpoint", name: "e2" },
  ],
  defaults: deny,
  rules: [
    rule("out", { direction: "egress", peers: [{ kind: "endpoint", name: "e2" }] }),
    rule("in", { direction: "ingress", peers: [{ kind: "endpoint", name: "e1" }] }),
  ],
});

test("what is held is dropped, open flows too, until the next program takes it out", async () => {
  apply([]);
  const flow = await bench.open(fromTo(e1, e2));
  expect(flow.result).toBe("connected");
  const addresses = e2.addresses.map((address) => ({ bridge: "sdn-b-11", address }));
  bench.nft(heldCommands({ bridges: ["sdn-b-21"], addresses }));
  const before = counters();
  expect(await flow.echo()).toBe("silent");
  expect(await bench.probe(fromTo(e1, e2, { family: 6 }))).toBe("silent");
  expect(await bench.probe(fromTo(e2, e1))).toBe("silent");
  expect(await bench.probe(fromTo(e4, e6))).toBe("silent");
  expect(await bench.probe(fromTo(e1, e5))).toBe("connected");
  expect(growth(before)["held"]).toBeGreaterThanOrEqual(4);
  apply([]);
  expect(await bench.probe(fromTo(e1, e2))).toBe("connected");
  expect(await bench.probe(fromTo(e4, e6, { family: 6 }))).toBe("connected");
});

test("an expired rule no longer matches, without anybody telling the kernel", async () => {
  const end = seconds() + 5;
  const guard = policy("short", {
    appliesTo: [{ kind: "endpoint", name: "e2" }],
    defaults: { ingress: "deny", egress: "continue" },
    rules: [rule("for-now", { direction: "ingress", expires: end })],
  });
  apply([guard]);
  const first = await bench.probe(fromTo(e1, e2));
  expect([first, seconds() < end]).toEqual(["connected", true]);
  await waitFor(() => Date.now() / 1000 > end, { what: "the rule's end" });
  expect(await bench.probe(fromTo(e1, e2))).toBe("silent");
});

test("an open flow of one network opens nothing in another with the same addresses", async () => {
  const blue = policy("blue", { appliesTo: [{ kind: "network", name: "blue" }], defaults: deny });
  apply([e1MayAskE2, blue]);
  const red = await bench.open(fromTo(e1, e2, { localPort: 33_333 }));
  expect(red.result).toBe("connected");
  expect(await bench.probe(fromTo(e4, e6, { localPort: 33_333 }))).toBe("silent");
  expect(await red.echo()).toBe("connected");
});

test("who may not send cannot answer what never reached it", async () => {
  // e1 may send to everybody; e5, in another subnet of the network, may neither receive nor send.
  const closed = policy("closed", { appliesTo: [{ kind: "endpoint", name: "e5" }], defaults: deny });
  apply([closed]);
  expect(await bench.probe(fromTo(e1, e5, { do: "udp", localPort: 4444, port: 8888 }))).toBe("silent");
  // The reverse of that flow: conntrack of a whole network would take it for an answer.
  const before = counters();
  await bench.probe(fromTo(e5, e1, { do: "udp", localPort: 8888, port: 4444 }));
  expect(growth(before)).toEqual({ "closed/default": 1 });
});

test("a change that forbids leaves open flows alone; a flow that conntrack forgot does not come back", async () => {
  apply([e1MayAskE2]);
  const flow = await bench.open(fromTo(e1, e2));
  expect(flow.result).toBe("connected");
  apply([{ ...e1MayAskE2, rules: [] }]);
  expect(await flow.echo()).toBe("connected");
  expect(await bench.probe(fromTo(e1, e2))).toBe("silent");
  bench.forget();
  expect(await flow.echo()).toBe("silent");
  apply([e1MayAskE2]);
  expect(await flow.echo()).toBe("silent");
  expect(await bench.probe(fromTo(e1, e2))).toBe("connected");
});
