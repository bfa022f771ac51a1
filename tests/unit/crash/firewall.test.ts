/** The crash matrix of a policy and of labels, whose changes are rollouts over all hosts. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import type { ProgramOf, Wave } from "../../support/crash-matrix";
import { CrashMatrix } from "../../support/crash-matrix";
import type { Run } from "../../support/engine";
import { faults, Fleet } from "../../support/fleet";
import type { Shop } from "../../support/programs";
import { endpointOn, shop, subnetOf } from "../../support/programs";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

const web = { app: "web" };

/** A network with a subnet on some hosts, and what else is wanted there. */
const on =
  (count: number, then: (run: Run, made: Shop, endpoint: Endpoints) => readonly Promise<unknown>[]): ProgramOf =>
  (world) =>
  async (run) => {
    const made = await shop(run, { hosts: world.hosts.slice(0, count) });
    const subnet = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", docker: false });
    const endpoint: Endpoints = {
      subnet,
      add: (host, name, args) => endpointOn(run, made.hosts[host], name, { subnet, ...args }),
    };
    await Promise.all(then(run, made, endpoint));
  };

interface Endpoints {
  readonly subnet: ValueMap[string];
  readonly add: (host: number, name: string, args: ValueMap) => Promise<unknown>;
}

async function guard(run: Run, { fabric }: Shop, subnet: ValueMap[string], policy: ValueMap): Promise<void> {
  const group = await run.add("sdn:index:SecurityGroup", "webs", { members: [{ labels: { matchLabels: web } }] });
  const https = { name: "https", direction: "ingress", action: "allow", from: [{ group }] };
  await run.add("sdn:index:FirewallPolicy", "guard", {
    fabric,
    priority: 100,
    appliesTo: [{ subnet }],
    rules: [{ ...https, services: [{ protocol: "tcp", ports: 443 }] }],
    ...policy,
  });
}

const plain = on(3, () => []);

const first = on(3, (run, made, { subnet, add }) => [
  add(0, "left", { namespace: { name: "left" }, ipv4Address: "10.20.1.20", labels: web }),
  guard(run, made, subnet, { defaults: { ingress: "deny", egress: "continue" } }),
]);

/** The third host leaves, labels and addresses change, an endpoint comes, and the policy closes both directions. */
const second = on(2, (run, made, { subnet, add }) => [
  add(0, "left", { namespace: { name: "left" }, ipv4Address: "10.20.1.60", labels: { app: "old" } }),
  add(1, "right", { labels: web }),
  guard(run, made, subnet, { defaults: { ingress: "isolate", egress: "deny" } }),
]);

const waves: readonly Wave[] = [
  { name: "a policy and labels are made", program: first },
  { name: "they are changed and a host leaves", program: second },
  { name: "they are removed and it is back", program: plain },
];

let fleet: Fleet;
let matrix: CrashMatrix;

/** What the kernel is told stays until the last resource of the host goes: here it was so before. */
const settings = [
  ["net.bridge.bridge-nf-call-iptables", "1"],
  ["net.bridge.bridge-nf-call-ip6tables", "1"],
  ["net.netfilter.nf_conntrack_tcp_loose", "0"],
] as const;

beforeAll(async () => {
  fleet = new Fleet([{ docker: false }, { docker: false }, { docker: false }]);
  fleet.models[0]?.addNamespace("left");
  for (const model of fleet.models) for (const [key, value] of settings) model.setSysctl(key, value);
  matrix = new CrashMatrix(fleet, waves);
  const { error } = await matrix.up(plain);
  if (error !== undefined) throw error;
  await matrix.record();
});

test("the faultless runs are rollouts over all hosts, and the last leaves nothing of the firewall", () => {
  expect(waves.map(({ name }) => matrix.undisturbed(name).executions.map((count) => count > 2))).toEqual([
    [true, true, true],
    [true, true, true],
    [true, true, true],
  ]);
  const bare = matrix.undisturbed("a policy and labels are made").before;
  const after = matrix.undisturbed("they are removed and it is back").after;
  expect(after.hosts.map(({ firewall, ledger }) => [firewall.tables.size, ledger.has("firewall")])).toEqual([
    [0, false],
    [0, false],
    [0, false],
  ]);
  expect(after.state.size).toBe(bare.state.size);
});

describe.each(waves)("while $name", (wave) => {
  test.each(faults)("%s: another up, and refresh and up, give what an undisturbed run gives", async (fault) => {
    const { wrong, struck } = await matrix.mended(wave, fault);
    expect(wrong).toBe("");
    expect(struck).toBeGreaterThan(0);
  });
});

describe("when the program is another one after the run that was cut off", () => {
  test.each([
    ["a policy and labels are made", plain, "they are removed and it is back"],
    ["they are changed and a host leaves", plain, "they are removed and it is back"],
  ] as const)("while %s: refresh and up leave no orphan", async (name, next, wanted) => {
    expect(await matrix.leftBy(name, next, matrix.undisturbed(wanted).after)).toBe("");
  });

  test("while all is changed: refresh and up give what was there before", async () => {
    const { after } = matrix.undisturbed("a policy and labels are made");
    expect(await matrix.leftBy("they are changed and a host leaves", first, after)).toBe("");
  });
});
