/** The kernel does with real packets what the evaluator says and what the tracer says. */
import fc from "fast-check";
import { dynamicCommands, dynamicElements } from "../../provider/src/compile/firewall/dynamics";
import { type Flow, flowsToCut } from "../../provider/src/compile/firewall/flows";
import { type FirewallPlan, firewallPlan } from "../../provider/src/compile/firewall/plan";
import { firewallProgram, firewallTable } from "../../provider/src/compile/firewall/program";
import { changeCommands, nextProgram, type Program, replaceCommands } from "../../provider/src/compile/nft/program";
import { parseAddress } from "../../provider/src/model/address";
import { addressToCidr } from "../../provider/src/model/cidr";
import type { Policy, Rule } from "../../provider/src/policy/rule";
import type { Segment, World } from "../../provider/src/policy/world";
import { agrees, expectedTrace, tracedPacket } from "../support/policy/agreement";
import { type BridgedPacket, now, policiesArbitrary, segments, worldArbitrary } from "../support/policy/arbitraries";
import {
  addressOf,
  container,
  endpoints,
  KernelBench,
  outsidePairs,
  outsider,
  type Pair,
  ports,
  type Probe,
  publishedPort,
  stranger,
  theHost,
} from "../support/policy/kernel-bench";
import type { ProbeResult } from "../support/policy/probe-agents";
import { heldCommands } from "../support/policy/held";
import { applyCommands, type Json } from "../support/policy/nft-model";
import { expectedOwn, type OwnPacket, type Spared, tracedOwn } from "../support/policy/own-host";
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
function apply(
  policies: readonly Policy[],
  where: World = world,
  time = seconds(),
  { cuts = [], failsafe = [] }: { readonly cuts?: readonly Flow[]; readonly failsafe?: Spared["failsafe"] } = {},
): Applied {
  const plan = firewallPlan(policies, where, { host: "h1", now: time, failsafe });
  const program = firewallProgram(plan, cuts);
  bench.nft(loaded === undefined ? replaceCommands(program) : changeCommands(loaded, program));
  loaded = program;
  return { plan, guarded: plan.guarded, program };
}

interface Applied {
  readonly plan: FirewallPlan;
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
    firstWord: probe.localPort ?? 0,
    isAnswer: false,
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

async function results(all: readonly Probe[]): Promise<readonly string[]> {
  const found = await Promise.all(all.map((probe) => bench.probe(probe)));
  return found.map((result, index) => told(all[index]!, result));
}

const told = ({ do: what, source, destination, family, port }: Probe, result: ProbeResult): string =>
  `${what} ${addressOf(source, family)} → ${destination.name} IPv${family} ${port}: ${result}`;

function hits(traces: readonly Pick<Trace, "counted">[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { counted } of traces) for (const comment of counted) counts[comment] = (counts[comment] ?? 0) + 1;
  return counts;
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
  expect(await results(all)).toEqual(traces.map(({ verdict }, index) => told(all[index]!, expectedResult[verdict])));
  expect(growth(before)).toEqual(hits(traces));
});

/** What the host sees of a probe: it is asked for the published port, and the packet goes on to the container. */
function ownPacket({ source, destination, family, port, do: what }: Probe, time: number): OwnPacket {
  const address = (of: Endpoint) => parseAddress(addressOf(of, family), "test");
  const isPublished = port === publishedPort;
  return {
    host: "h1",
    hook: isPublished ? "forward" : source === theHost ? "output" : "input",
    side: "under0",
    source: address(source),
    destination: address(isPublished ? container : destination),
    sentTo: isPublished ? { address: address(destination), port } : undefined,
    protocol: { tcp: 6, udp: 17, ping: family === 4 ? 1 : 58 }[what],
    firstWord: 0,
    secondWord: isPublished ? 80 : port,
    icmp: { type: family === 4 ? 8 : 128, code: 0 },
    tcpFlags: 2,
    isAnswer: false,
    state: "new",
    time,
  };
}

/** Who has two addresses answers UDP from the one that its routes prefer, whatever it was asked by. */
const answersUdp = ({ destination, family }: Pair): boolean =>
  destination === theHost || (destination === outsider && family === 4);

const ownProbes: readonly Probe[] = outsidePairs.flatMap((pair): readonly Probe[] => [
  ...[80, 443, ...(pair.destination === theHost ? [publishedPort] : [])].flatMap((port): readonly Probe[] => [
    { ...pair, do: "tcp", port },
    ...(answersUdp(pair) ? [{ ...pair, do: "udp" as const, port }] : []),
  ]),
  { ...pair, do: "ping", port: 0 },
]);

/** Policies that apply to something apply to the host, so that it has several. */
const ofHost = (policies: readonly Policy[]): readonly Policy[] =>
  policies.map((one, index) => (index % 3 === 2 ? one : { ...one, appliesTo: [{ kind: "host", name: "h1" }] }));

test.each([1, 2, 3, 5, 8, 13, 21, 34])("the three agree about the host itself (seed %i)", async (seed) => {
  const time = seconds();
  const [[generated, chosen] = []] = fc.sample(fc.tuple(worldArbitrary, policiesArbitrary), { seed, numRuns: 1 });
  const where: World = { ...generated!, endpoints, hostRanges: [] };
  const policies = ofHost(moved(chosen!, time - now));
  const { program } = apply(policies, where, time);
  const model = applyCommands(new Map(), replaceCommands(program));
  const spared: Spared = { failsafe: [], underlayPorts: [] };
  const traces = ownProbes.map((probe) => {
    const packet = ownPacket(probe, time);
    const expected = expectedOwn(policies, where, packet, { spared, cuts: [] });
    expect(agrees(expected, trace(model, firewallTable, tracedOwn(packet)))).toBe(true);
    return expected;
  });
  const before = counters();
  expect(await results(ownProbes)).toEqual(
    traces.map(({ verdict }, index) => told(ownProbes[index]!, expectedResult[verdict])),
  );
  expect(growth(before)).toEqual(hits(traces));
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

/** A change as the hosts get it: with the flows that it forbids. */
function change(policies: readonly Policy[], earlier: readonly Flow[] = []): readonly Flow[] {
  const plan = firewallPlan(policies, world, { host: "h1", now: seconds(), hostAddresses: theHost.addresses });
  const cuts = flowsToCut(plan, policies, bench.flows(), seconds(), earlier).map(({ flow }) => flow);
  apply(policies, world, seconds(), { cuts });
  return cuts;
}

test.each([4, 6] as const)("a change ends the open flows that it forbids, and only those (IPv%i)", async (family) => {
  const tcp = (...ports: readonly number[]) =>
    [{ kind: "ports", protocol: 6, ports: ports.map((port) => ({ first: port, last: port })) }] as const;
  const onlyTcp = (...ports: readonly number[]): Policy =>
    policy("guard", {
      appliesTo: [{ kind: "endpoint", name: "e2" }],
      defaults: { ingress: "deny", egress: "continue" },
      rules: [rule("some", { services: tcp(...ports) })],
    });
  apply([]);
  bench.forget();
  const open = (more: Partial<Probe>) => bench.open(fromTo(e1, e2, { family, ...more }));
  const [closed, stays, udp, ping, back] = await Promise.all([
    open({ localPort: 40_080 }),
    open({ port: 443 }),
    open({ do: "udp" }),
    open({ do: "ping" }),
    bench.open(fromTo(e2, e1, { family })),
  ]);
  expect([closed, stays, udp, ping, back].map(({ result }) => result)).toEqual(Array(5).fill("connected"));
  const cuts = change([onlyTcp(443)]);
  expect(cuts).toHaveLength(3);
  const echoes = (): Promise<readonly ProbeResult[]> =>
    Promise.all([closed, stays, udp, ping, back].map((flow) => flow.echo()));
  expect(await echoes()).toEqual(["silent", "connected", "silent", "silent", "connected"]);
  // Allowed again for another reason than the flow's own: only what is forbidden still stays cut.
  const fewer = change([onlyTcp(80, 443)], cuts);
  expect(fewer).toHaveLength(2);
  // TCP takes its time to send again what was lost.
  await waitFor(async () => (await closed.echo()) === "connected", { what: "the flow's going on" });
  expect(await echoes()).toEqual(["connected", "connected", "silent", "silent", "connected"]);
  expect(await bench.probe(fromTo(e1, e2, { family }))).toBe("connected");
  // A policy that keeps open flows does not open again what was cut.
  expect(change([{ ...onlyTcp(443), onClose: "keep" }], fewer)).toHaveLength(2);
  expect(await echoes()).toEqual(["connected", "connected", "silent", "silent", "connected"]);
  expect(change([], fewer)).toEqual([]);
  expect(await echoes()).toEqual(Array(5).fill("connected"));
});

const guardedHost = (...rules: readonly Rule[]): Policy =>
  policy("host", {
    appliesTo: [{ kind: "host", name: "h1" }],
    defaults: { ingress: "continue", egress: "continue" },
    rules,
  });
const tcpPort = (port: number) => [{ kind: "ports", protocol: 6, ports: [{ first: port, last: port }] }] as const;

test.each([4, 6] as const)("a published port is no way around a policy of the host (IPv%i)", async (family) => {
  const ask = (source: Endpoint, port: number): Probe => fromTo(source, theHost, { family, port });
  const peers = stranger.addresses.map((address) => ({
    kind: "cidr" as const,
    cidr: addressToCidr(address),
    except: [],
  }));
  apply([guardedHost(rule("no-stranger", { action: "deny", peers, services: tcpPort(publishedPort) }))]);
  expect(await bench.probe(ask(stranger, publishedPort))).toBe("silent");
  expect(await bench.probe(ask(outsider, publishedPort))).toBe("connected");
  // Port 80 of the host is another thing than port 80 of the container.
  apply([guardedHost(rule("no-web", { action: "deny", services: tcpPort(80) }))]);
  expect(await bench.probe(ask(outsider, publishedPort))).toBe("connected");
  expect(await bench.probe(ask(outsider, 80))).toBe("silent");
});

test.each([4, 6] as const)("what a host rejects is answered; on a bridge only TCP is (IPv%i)", async (family) => {
  const appliesTo: Policy["appliesTo"] = [
    { kind: "host", name: "h1" },
    { kind: "endpoint", name: "e2" },
  ];
  apply([policy("no", { appliesTo, defaults: { ingress: "reject", egress: "continue" } })]);
  const ask = (source: Endpoint, destination: Endpoint, more: Partial<Probe> = {}): Promise<ProbeResult> =>
    bench.probe(fromTo(source, destination, { family, ...more }));
  const ping = { do: "ping", port: 0 } as const;
  const published = { port: publishedPort };
  expect({
    "TCP to the host": await ask(outsider, theHost),
    "UDP to the host": await ask(outsider, theHost, { do: "udp" }),
    "a ping of the host": await ask(outsider, theHost, ping),
    "a published port": await ask(outsider, theHost, published),
    "TCP to an endpoint": await ask(e1, e2),
    "UDP to an endpoint": await ask(e1, e2, { do: "udp" }),
    "a ping of an endpoint": await ask(e1, e2, ping),
  }).toEqual({
    "TCP to the host": "refused",
    "UDP to the host": "refused",
    "a ping of the host": "refused",
    "a published port": "refused",
    "TCP to an endpoint": "refused",
    "UDP to an endpoint": "silent",
    "a ping of an endpoint": "silent",
  });
});

test("open flows of the host and through its published ports are cut, and only those that are forbidden", async () => {
  apply([]);
  bench.forget();
  const [own, published, sent] = await Promise.all([
    bench.open(fromTo(outsider, theHost)),
    bench.open(fromTo(outsider, theHost, { port: publishedPort })),
    bench.open(fromTo(theHost, outsider)),
  ]);
  const echoes = (): Promise<readonly ProbeResult[]> => Promise.all([own, published, sent].map((flow) => flow.echo()));
  expect(await echoes()).toEqual(["connected", "connected", "connected"]);
  expect(change([guardedHost(rule("shut", { action: "deny", services: tcpPort(publishedPort) }))])).toHaveLength(1);
  expect(await echoes()).toEqual(["connected", "silent", "connected"]);
  expect(change([guardedHost(rule("shut", { action: "deny", services: tcpPort(80) }))])).toHaveLength(1);
  await waitFor(async () => (await published.echo()) === "connected", { what: "the flow's going on" });
  expect(await echoes()).toEqual(["silent", "connected", "connected"]);
});

test("the failsafe's session opens and goes on whatever the policy says and conntrack forgets", async () => {
  apply([]);
  bench.forget();
  const session = await bench.open(fromTo(outsider, theHost, { port: 443 }));
  const other = await bench.open(fromTo(outsider, theHost));
  const client = addressToCidr(outsider.addresses[0]!);
  const closed: Policy = { ...guardedHost(), defaults: { ingress: "deny", egress: "deny" } };
  apply([closed], world, seconds(), { failsafe: [{ client, server: theHost.addresses[0]!, port: 443 }] });
  bench.forget();
  expect(await Promise.all([session.echo(), other.echo()])).toEqual(["connected", "silent"]);
  expect(await bench.probe(fromTo(outsider, theHost, { port: 443 }))).toBe("connected");
  expect(await bench.probe(fromTo(stranger, theHost, { port: 443 }))).toBe("silent");
  expect(await bench.probe(fromTo(theHost, outsider, { port: 443 }))).toBe("silent");
});

test.each([4, 9, 16])("with two tables in force only what both allow passes (seed %i)", async (seed) => {
  const time = seconds();
  const [[generated, first, second] = []] = fc.sample(fc.tuple(worldArbitrary, policiesArbitrary, policiesArbitrary), {
    seed,
    numRuns: 1,
  });
  const where: World = { ...generated!, endpoints, hostRanges: [] };
  const old = apply(moved(first!, time - now), where, time).program;
  const next = nextProgram(firewallProgram(firewallPlan(moved(second!, time - now), where, { host: "h1", now: time })));
  bench.nft(replaceCommands(next));
  const models = [old, next].map(
    (program) => [program.table, applyCommands(new Map(), replaceCommands(program))] as const,
  );
  const all = probes();
  const expected = all.map((probe) => {
    const verdicts = way(probe).flatMap((segment) => {
      const packet = tracedPacket(packetOf(probe, segment, time));
      return models.map(([table, model]) => trace(model, table, packet).verdict);
    });
    return told(probe, expectedResult[verdicts.find((one) => one !== "accept") ?? "accept"]);
  });
  const found = await results(all);
  bench.nft([{ delete: { table: { family: "inet", name: next.table } } }]);
  expect(found).toEqual(expected);
});

test("whom the host finds out about is told by elements alone: peers, subjects and names", async () => {
  const web = { matchLabels: { app: "web" }, matchExpressions: [] };
  const where: World = { ...world, groups: [{ name: "webs", members: [{ kind: "containers", selector: web }] }] };
  const policies = (...more: readonly Rule[]): readonly Policy[] => [
    policy("database", {
      appliesTo: [{ kind: "endpoint", name: "e2" }],
      defaults: { ingress: "deny", egress: "continue" },
      rules: [rule("webs", { peers: [{ kind: "group", name: "webs" }], services: tcpPort(80) }), ...more],
    }),
    policy("webs", { appliesTo: [{ kind: "group", name: "webs" }], defaults: { ingress: "deny", egress: "continue" } }),
    {
      ...guardedHost(rule("partner", { peers: [{ kind: "name", name: "partner.example" }] })),
      defaults: { ingress: "deny", egress: "continue" },
    },
  ];
  const all = [fromTo(e1, e2), fromTo(e1, e2, { port: 443 }), fromTo(e2, e1), fromTo(stranger, theHost)];
  const probed = async () => Promise.all(all.map((probe) => bench.probe(probe)));
  const { plan } = apply(policies(), where);
  expect(await probed()).toEqual(["silent", "silent", "connected", "silent"]);
  const members = {
    names: { "partner.example": stranger.addresses },
    containers: e1.addresses.map((address) => ({ segment: "red-a", address, labels: { app: "web" } })),
  };
  const elements = dynamicElements(plan.dynamics, members, (name) => segments.find((one) => one.name === name)?.bridge);
  bench.nft(dynamicCommands(firewallTable, elements));
  const closed = ["connected", "silent", "silent", "connected"];
  expect(await probed()).toEqual(closed);
  // A change of rules leaves them; one of what they are about takes them out.
  apply(policies(rule("https", { services: tcpPort(443) })), where);
  expect(await probed()).toEqual(["connected", "connected", "silent", "connected"]);
  bench.nft(dynamicCommands(firewallTable, elements).map(({ add }) => ({ delete: add })));
  expect(await probed()).toEqual(["silent", "connected", "connected", "silent"]);
  bench.nft(dynamicCommands(firewallTable, elements));
  apply([]);
  apply(policies(), where);
  expect(await probed()).toEqual(["silent", "silent", "connected", "silent"]);
});
