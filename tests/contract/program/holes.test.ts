/** A network's own block leads nowhere where no subnet has it, and to the subnet where one is as large as the network. */
import type { RouterIntent, SegmentIntent } from "../../../provider/src/compile/intent";
import { resourceKey } from "../../../provider/src/compile/names";
import { driftOf } from "../../../provider/src/compile/plan";
import { parseReport } from "../../../provider/src/render/report";
import { routerIntent, segmentIntent } from "../../support/intents";
import { applyFragment, requestOf } from "../../support/requests";
import { ProgramHost } from "./bench";
import { Injector } from "./faults";

let host: ProgramHost;
let injector: Injector;

beforeAll(() => {
  host = ProgramHost.create("holes");
  injector = new Injector(host);
});
afterAll(async () => {
  injector.remove();
  await host.remove();
});
beforeEach(() => host.reset());

const blocks = { cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48" };
const router = (): RouterIntent => ({ ...routerIntent(blocks), scope: host.name });
const segment = (): SegmentIntent => ({
  ...segmentIntent({
    ipv4: { cidr: blocks.cidr, gateway: "10.20.0.1", router: "10.20.128.0", range: "10.20.128.0/20" },
    ipv6: { cidr: blocks.ipv6Cidr, gateway: "fd00:20::1", router: "fd00:20::4000", range: "fd00:20::4000/114" },
  }),
  scope: host.name,
});

async function apply(...intents: readonly (RouterIntent | SegmentIntent)[]): Promise<void> {
  const input = requestOf(
    host.name,
    intents.map((intent) => applyFragment(intent)),
  );
  const { results } = parseReport((await host.run(input)).stdout);
  for (const intent of intents) expect(results.get(resourceKey(intent))).toMatchObject({ ok: true });
}

async function drift(): Promise<readonly string[]> {
  return driftOf(router(), parseReport((await host.run(requestOf(host.name, []))).stdout).snapshot);
}

const inRouter = (command: string): string => host.in(`ip -n sdn-r-5000--${host.name} ${command} 2>&1 || true`);
/** Whither the router's kernel sends what is for an address. */
const way = (address: string): string => / dev (\S+)/.exec(inRouter(`route get ${address}`))?.[1] ?? "nowhere";

/** As the program made it before: first of all routes. */
function makeOlder(): void {
  inRouter("route del blackhole 10.20.0.0/16");
  inRouter("-4 route prepend blackhole 10.20.0.0/16");
}

test("nowhere without a subnet, and to a subnet that is as large, whichever came first", async () => {
  await apply(router());
  expect([way("10.20.7.7"), way("fd00:20::77")]).toEqual(["nowhere", "nowhere"]);
  await apply(segment());
  expect([way("10.20.7.7"), way("fd00:20::77")]).toEqual(["g5001", "g5001"]);
  // A route that is made again stays behind.
  await apply(router());
  expect([way("10.20.7.7"), way("fd00:20::77")]).toEqual(["g5001", "g5001"]);
  expect(await drift()).toEqual([]);
});

test("what an older version made is found, and goes with the next change", async () => {
  await apply(router(), segment());
  makeOlder();
  expect(await drift()).toEqual([
    `route to 10.20.0.0/16 in sdn-r-5000--${host.name} by blackhole is asked before that of a subnet of the same block`,
  ]);
  await apply({ ...router(), mtu: 1400 });
  expect(way("10.20.7.7")).toBe("g5001");
  expect(inRouter("route show type blackhole")).toBe("blackhole 10.20.0.0/16 metric 1024 \n");
  expect(await drift()).toEqual([]);
});

test("what somebody put in its place is replaced", async () => {
  await apply(router());
  inRouter("route del blackhole 10.20.0.0/16");
  inRouter("-6 route replace unreachable fd00:20::/48 metric 1024");
  expect(await drift()).not.toEqual([]);
  await apply(router());
  expect(await drift()).toEqual([]);
});

test("whatever fails on the way, the routes are those of before", async () => {
  await apply(router(), segment());
  makeOlder();
  const before = inRouter("route show");
  const input = requestOf(host.name, [applyFragment({ ...router(), mtu: 1400 })]);
  let commands = 0;
  for (;;) {
    const { command } = await injector.strike("fails", commands + 1, input);
    if (command === undefined) break;
    commands += 1;
    expect([command, inRouter("route show")]).toEqual([command, before]);
  }
  expect(commands).toBeGreaterThan(2);
});
