/** What is said of traffic by a real `pulumi`, before and after it happens, and what real packets say to that. */
import { ProbeAgents } from "../support/policy/probe-agents";
import { cli } from "./harness/cli";
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);
const ports = [22, 5432] as const;

const boxes = {
  web1: { host: "h1", subnet: "web", address: "10.20.1.5", labels: { app: "web" } },
  web2: { host: "h2", subnet: "web", address: "10.20.1.6", labels: { app: "web" } },
  job1: { host: "h1", subnet: "web", address: "10.20.1.7", labels: { app: "job" } },
  db1: { host: "h2", subnet: "db", address: "10.20.2.5", labels: { app: "db" } },
} as const;
type Box = keyof typeof boxes;
const names = Object.keys(boxes) as Box[];
const nameOf = (box: Box): string => `${tag}-${box}`;

let lab: Lab;
let stack: Stack;
const agents = new ProbeAgents();

function base(): Readonly<Record<string, YamlResource>> {
  const subnet = (cidr: string): YamlResource => ({
    type: "sdn:Subnet",
    properties: { network: ref("shop"), cidr, docker: false },
  });
  const endpoints = names.map((box): [string, YamlResource] => {
    const { host, subnet: on, address: ipv4Address, labels } = boxes[box];
    const properties = { host: ref(host), subnet: ref(on), namespace: { name: nameOf(box) }, ipv4Address, labels };
    return [box, { type: "sdn:Endpoint", properties }];
  });
  return {
    ...Object.fromEntries(
      lab.hosts.map(({ name, netns }) => [name, { type: "sdn:Host", properties: { namespace: netns } }]),
    ),
    fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
    shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
    web: subnet("10.20.1.0/24"),
    db: subnet("10.20.2.0/24"),
    ...Object.fromEntries(endpoints),
    webs: { type: "sdn:SecurityGroup", properties: { members: [{ labels: { matchLabels: { app: "web" } } }] } },
  };
}

const rule = (name: string, port: number): object => ({
  name,
  direction: "ingress",
  action: "allow",
  from: [{ group: ref("webs") }],
  services: [{ protocol: "tcp", ports: String(port) }],
});

const postgres = { from: ref("webs"), to: ref("db1"), protocol: "tcp", ports: 5432 };

async function write(...rules: readonly object[]): Promise<void> {
  await stack.write({
    resources: {
      ...base(),
      database: {
        type: "sdn:FirewallPolicy",
        properties: {
          fabric: ref("fabric"),
          priority: 100,
          appliesTo: [{ subnet: ref("db") }],
          rules,
          defaults: { ingress: "deny", egress: "continue" },
        },
      },
      traffic: {
        type: "sdn:ReachabilityTest",
        properties: {
          hosts: ref("fabric.hosts"),
          allowed: [postgres],
          denied: [{ from: "any", to: ref("db1"), protocol: "tcp", ports: 22 }],
          onlyFrom: [postgres],
        },
        options: { dependsOn: [ref("database"), ...names.map(ref)] },
      },
    },
  });
}

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const box of names) await execute("ip", ["netns", "add", nameOf(box)]);
  await Promise.all(names.map((box) => agents.start(nameOf(box), ports)));
  stack = await Stack.create({ resources: {} });
  await write(rule("postgres", 5432));
}, 180_000);

afterAll(async () => {
  await agents.stop();
  await stack.destroy();
  for (const box of names) await execute("ip", ["netns", "del", nameOf(box)]);
  await stack.remove();
  await lab.down();
}, 180_000);

test("the first preview says what the policy closes, and the assertions are tested against what is declared", async () => {
  const { code, stdout, stderr } = await stack.preview();
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("does not hold") as string });
  expect(stdout).toMatch(/− any → db all but tcp\/5432/);
});

test("after the change real packets do what the assertions say", async () => {
  await stack.up();
  const probe = (from: Box, to: Box, port: number) =>
    agents.probe(nameOf(from), { do: "tcp", from: boxes[from].address, to: boxes[to].address, port });
  await waitFor(async () => (await probe("web1", "db1", 5432)) === "connected", { what: "web1 reaches db1" });
  for (const from of ["web1", "web2", "job1"] as const) {
    for (const [to, port] of [
      ["db1", 5432],
      ["db1", 22],
      ["web1", 22],
    ] as const) {
      if (from === to) continue;
      const hosts = lab.hosts.flatMap(({ name, netns }) => ["--host", `${name}=netns:${netns}`]);
      const asked = await cli(["reachability", from, to, `tcp/${port}`, ...hosts]);
      const said = asked.stdout.split("\n")[0] === "allowed" ? "connected" : "silent";
      expect([from, to, port, said]).toEqual([from, to, port, await probe(from, to, port)]);
    }
  }
  await stack.up("--expect-no-changes");
});

test("a rule that opens more is told by the preview, in no more executions, and fails it where a test forbids it", async () => {
  await write(rule("postgres", 5432), rule("mysql", 3306));
  await stack.executions();
  const fine = await stack.preview();
  expect(fine.code).toBe(0);
  expect(fine.stdout).toContain("+ webs → db tcp/3306");
  const changing = (await stack.executions()).length;
  await write(rule("postgres", 5432), rule("mysql", 3306), rule("ssh", 22));
  const { code, stdout } = await stack.preview();
  expect(code).not.toBe(0);
  expect(stdout).toContain("+ webs → db tcp/22,3306");
  expect(stdout).toContain("rule database/ssh opens ports of management: tcp/22 (SSH)");
  expect(stdout).toMatch(
    /denied\[0\]: "denied any → db1 tcp\/22" does not hold: webs → db1 tcp\/22 is allowed, by\s+database\/ssh/,
  );
  expect((await stack.executions()).length).toBeLessThanOrEqual(changing);
});

test("a refresh tells what a run without the test has broken", async () => {
  await write(rule("postgres", 5432), rule("ssh", 22));
  const { code } = await stack.pulumi(["up", "--yes", "--skip-preview", "--exclude", "**traffic"]);
  expect(code).toBe(0);
  expect(await stack.refresh()).toContain('"denied any → db1 tcp/22" does not hold: webs → db1 tcp/22 is allowed');
  await write(rule("postgres", 5432));
  await stack.up();
  expect(await stack.refresh()).not.toContain("does not hold");
});
