/** The real HAProxy and NGINX in a namespace: what they refuse, what outlives them, and what is asked of them. */
import type { Intent } from "../../../provider/src/compile/intent";
import type { Balancer } from "../../../provider/src/compile/service/balancer";
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { driftOf } from "../../../provider/src/compile/plan";
import type { Words } from "../../../provider/src/compile/steps";
import type { FragmentResult, Report } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import { addressing, balancedService, dualStackService, routerIntent, segmentIntent } from "../../support/intents";
import { applyFragment, removeFragment, requestOf } from "../../support/requests";
import { ProgramHost, sh } from "./bench";

const everything: Balancer = {
  driver: "haproxy",
  balancing: "least-connections",
  healthCheck: {
    probe: { protocol: "http", path: "/healthz?full=1", host: undefined, expectedStatus: "200-399" },
    port: 8081,
    interval: 2,
    timeout: 1,
    healthyAfter: 2,
    unhealthyAfter: 3,
  },
  affinity: 300,
  sendProxy: true,
};
let host: ProgramHost;
let router: string;
let folder: string;
beforeAll(() => {
  host = ProgramHost.create("balancers");
  router = `sdn-r-5000--${host.name}`;
  folder = `${host.ledger}/balancers/5000`;
});
afterAll(() => host.remove());

const onHost = <T extends Intent>(intent: T): T => ({ ...intent, scope: host.name });
const network = (): readonly Intent[] => [
  onHost(routerIntent({ ipv6Cidr: "fd00:20::/48" })),
  onHost(segmentIntent(addressing)),
];
const service = (changes: Partial<ServiceIntent> = {}): ServiceIntent => onHost(balancedService(changes));
const api = (changes: Partial<ServiceIntent> = {}): ServiceIntent =>
  service({ name: "api", label: "api", ipv4: "198.18.0.11", ...changes });

async function run(...requests: Parameters<typeof requestOf>[1]): Promise<Report> {
  const { stdout } = await host.run(requestOf(host.name, requests));
  return parseReport(stdout);
}
async function apply(to: Intent, from?: Intent): Promise<FragmentResult | undefined> {
  return [...(await run(applyFragment(to, from))).results.values()][0];
}
const make = async (...intents: readonly Intent[]): Promise<void> => {
  const report = await run(...intents.map((one) => applyFragment(one)));
  expect([...report.results.values()].filter(({ ok }) => !ok)).toEqual([]);
};
async function drift(intent: Intent): Promise<readonly string[]> {
  const { stdout } = await host.run(requestOf(host.name, [], [intent]));
  return driftOf(intent, parseReport(stdout).snapshot);
}
const master = (driver = "haproxy"): string => sh(`cat ${folder}/${driver}.pid`).trim();
const file = (driver = "haproxy"): string => sh(`cat ${folder}/${driver}.conf`);
/** HAProxy's word for each backend: 0 down, 2 up. */
const states = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    sh(`echo 'show servers state' | socat - UNIX-CONNECT:${folder}/haproxy.sock | awk '$4 ~ /^10/ { print $4, $6 }'`)
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );

beforeEach(async () => {
  host.reset();
  await make(...network());
});

test("a configuration that HAProxy refuses fails with its words, and neither file nor process changes", async () => {
  await make(service());
  const before = [file(), master()];
  const nonsense: Words = [
    "service_balancer",
    "haproxy",
    5000,
    router,
    "api",
    "198.18.0.11",
    btoa("listen x\nbynd y\n\n"),
  ];
  const fragment = applyFragment(api());
  const words = fragment.words.map((one) => (one[0] === "service_balancer" ? nonsense : one));
  const report = await run({ ...fragment, words });
  expect(report.results.get("service-5000-api")).toMatchObject({
    ok: false,
    message: expect.stringMatching(
      /haproxy refuses the configuration of sdn-r-5000.*unknown keyword 'bynd'/s,
    ) as string,
  });
  expect([file(), master()]).toEqual(before);
  expect(await drift(service())).toEqual([]);
  expect(sh(`ip -n ${router} -o addr show dev lo`)).not.toContain("198.18.0.11");
});

test("one that refuses nothing of two services in one run has both, and was told once", async () => {
  const report = await run(applyFragment(service()), applyFragment(api()));
  expect([...report.results.values()].map(({ ok }) => ok)).toEqual([true, true]);
  expect(sh(`ps -o comm= -p "$(ip netns pids ${router} | paste -sd,)" | grep -c haproxy`).trim()).toBe("2");
  for (const intent of [service(), api()]) expect(await drift(intent)).toEqual([]);
});

test("what a backend was known to be outlives a change; who is new, and whom a new process finds, is down", async () => {
  const { backends } = service();
  await make(service({ backends: backends.slice(0, 1) }));
  expect(states()).toEqual({ "10.20.1.5": "0" });
  sh(`echo 'set server svc-5000-front-tcp-80/10.20.1.5 health up' | socat - UNIX-CONNECT:${folder}/haproxy.sock`);
  expect(states()).toEqual({ "10.20.1.5": "2" });
  expect(await apply(service(), service({ backends: backends.slice(0, 1) }))).toMatchObject({ ok: true });
  expect(states()).toEqual({ "10.20.1.5": "2", "10.20.1.6": "0", "10.20.9.9": "0" });
  sh(`for pid in $(ip netns pids ${router}); do kill -KILL $pid; done`);
  await apply(service(), service());
  expect(states()).toEqual({ "10.20.1.5": "0", "10.20.1.6": "0", "10.20.9.9": "0" });
});

test("a killed master, whatever lives on without it, is replaced", async () => {
  for (const driver of ["haproxy", "nginx"] as const) {
    const balancer: Balancer = {
      driver,
      balancing: "random",
      healthCheck: undefined,
      affinity: undefined,
      sendProxy: false,
    };
    const wanted = service({ balancer });
    await make(wanted);
    const before = master(driver);
    sh(`kill -KILL ${before}`);
    expect((await drift(wanted)).join()).toContain("does not run");
    expect(await apply(wanted, wanted)).toMatchObject({ ok: true });
    expect(master(driver)).not.toBe(before);
    expect(await drift(wanted)).toEqual([]);
    await run(removeFragment(wanted));
    expect(sh(`ip netns pids ${router}`)).toBe("");
  }
});

test("a process in a namespace of before is found and ended", async () => {
  await make(service());
  const before = master();
  sh(`ip netns del ${router}`);
  await make(...network());
  expect(await drift(service())).toContain(`HAProxy does not run in ${router}`);
  expect(await apply(service(), service())).toMatchObject({ ok: true });
  expect(sh(`kill -0 ${before} 2>/dev/null && cat /proc/${before}/stat || true`)).toMatch(/^$| Z /);
  expect(await drift(service())).toEqual([]);
});

test.each<[string, ServiceIntent["ports"], Balancer]>([
  ["HAProxy with everything, over both families", balancedService().ports, everything],
  ["NGINX with UDP, over both families", dualStackService().ports, nginxBy("least-connections")],
  ["NGINX by hash", dualStackService().ports, nginxBy("source-hash")],
  ["NGINX at random", dualStackService().ports, nginxBy("random")],
])("%s is taken, and shows no drift", async (_name, ports, balancer) => {
  const wanted = onHost(dualStackService({ ports, balancer }));
  await make(wanted);
  expect(await drift(wanted)).toEqual([]);
});

test.each(["round-robin", "random", "source-hash"] as const)("HAProxy takes %s", async (balancing) => {
  const wanted = service({ balancer: { ...everything, balancing, affinity: undefined } });
  await make(wanted);
  expect(await drift(wanted)).toEqual([]);
});

function nginxBy(balancing: Balancer["balancing"]): Balancer {
  return { driver: "nginx", balancing, healthCheck: undefined, affinity: undefined, sendProxy: false };
}
