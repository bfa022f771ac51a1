/** Policies of hosts themselves, over SSH: published ports, management that stays, and a lock-out that the timer ends. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { execute, startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

let lab: Lab;
let stack: Stack;
let h1: LabHost;
const servers: ChildProcess[] = [];

const fabric = (): Readonly<Record<string, YamlResource>> => ({
  ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
  fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
});
const machine = (more: object): YamlResource => ({
  type: "sdn:FirewallPolicy",
  properties: {
    fabric: ref("fabric"),
    tier: "admin",
    priority: 10,
    appliesTo: [{ host: ref("h1") }],
    defaults: { ingress: "deny", egress: "continue" },
    ...more,
  },
});
const allow = (name: string, port: number, more: object = {}): object => ({
  name,
  direction: "ingress",
  action: "allow",
  services: [{ protocol: "tcp", ports: String(port) }],
  ...more,
});
const write = (more: Readonly<Record<string, YamlResource>>): Promise<void> =>
  stack.write({ resources: { ...fabric(), ...more } });

/** Whether a connection from a namespace is taken. */
async function connects(namespace: string, port: number): Promise<boolean> {
  const words = ["netns", "exec", namespace, "timeout", "3", "bash", "-c", `</dev/tcp/${h1.address}/${port}`];
  return (await execute("ip", words)).code === 0;
}
const tables = (): Promise<string> => h1.run("nft list tables");

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: true });
  h1 = lab.host("h1");
  const server = 'require("node:net").createServer((s) => s.end("x")).listen(8083, "0.0.0.0")';
  servers.push(spawn("ip", ["netns", "exec", h1.netns, process.execPath, "-e", server], { stdio: "ignore" }));
  // Docker's own network, and ports that Docker publishes.
  for (const port of [8081, 8082]) {
    const name = `site${port}`;
    await h1.docker(["run", "-d", "--name", name, "-p", `${port}:80`, "sdn-lab/box", "httpd", "-f", "-p", "80"]);
  }
  stack = await Stack.create({ resources: {} });
  for (const port of [8081, 8082, 8083]) {
    await waitFor(() => connects(lab.netns, port), { what: `port ${port} of h1 answers` });
  }
}, 180_000);

afterAll(async () => {
  for (const server of servers) server.kill("SIGKILL");
  await stack.destroy();
  await stack.remove();
  await lab.down();
}, 180_000);

test("a policy that cuts the operator off is refused at preview, with the rule that does it, and nothing is changed", async () => {
  await write({ machine: machine({ rules: [allow("site", 8081)] }) });
  const { code, stdout } = await stack.preview();
  expect(code).not.toBe(0);
  expect(stdout).toMatch(
    /host h1, policy machine: rule machine\/default would cut off management from \S+\/32 to port 22\. Allow tcp\/22 from there before it/,
  );
  const up = await stack.pulumi(["up", "--yes", "--skip-preview"]);
  expect(up.code).not.toBe(0);
  expect(up.stdout).toContain("would cut off management");
  expect(await tables()).not.toContain("sdn_fw");
});

test("a policy that cuts off what answered the host, by its default alone, is taken back at once and the address named", async () => {
  const closed = { rules: [allow("ssh", 22)], defaults: { ingress: "deny", egress: "deny" } };
  const reaches = async (): Promise<boolean> =>
    (await execute("ip", ["netns", "exec", h1.netns, "ping", "-c1", "-W1", gateway])).code === 0;
  const gateway = (await h1.run("ip -4 route show default")).split(" ")[2] ?? "";
  expect(await reaches()).toBe(true);
  await write({ machine: machine(closed) });
  const { stdout: told } = await stack.preview();
  expect(told).toContain(`${gateway} answers it now; machine/default denies that, so the change would be taken back`);
  const { code, stdout } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
  expect(code).not.toBe(0);
  expect(stdout.replace(/\s+/g, " ")).toMatch(
    /host h1, firewall: the host reached .*by ICMP before the change and not after it, since machine\/default denies it/,
  );
  expect(stdout).toContain(`${gateway} (its gateway)`);
  expect(await tables()).not.toContain("sdn_fw");
  expect(await reaches()).toBe(true);
  // What a rule says is meant so.
  const meant = { name: "no-ping", direction: "egress", action: "deny", services: [{ protocol: "icmp" }] };
  await write({ machine: machine({ ...closed, rules: [...closed.rules, meant] }) });
  await stack.up();
  expect(await reaches()).toBe(false);
  await write({});
  await stack.up();
});

test("published ports are judged by the port that was asked for, before translation", async () => {
  const rules = [allow("ssh", 22), allow("site", 8081), allow("not-the-translated", 80)];
  await write({ machine: machine({ rules }) });
  await stack.up();
  const seen = await Promise.all(
    [lab.netns, lab.host("h2").netns].map(async (from) => [
      await connects(from, 8081),
      await connects(from, 8082),
      await connects(from, 8083),
      await connects(from, 22),
    ]),
  );
  expect(seen).toEqual([
    [true, false, false, true],
    [true, false, false, true],
  ]);
  // The other host has no policy of its own.
  expect((await execute("ip", ["netns", "exec", h1.netns, "ping", "-c1", "-W1", lab.host("h2").address])).code).toBe(0);
  await stack.up("--expect-no-changes");
});

test("what Docker has in nftables is as it was", async () => {
  const rules = await h1.run("iptables-save | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'");
  expect(rules).toContain("--dport 8081 -j DNAT");
  await write({});
  await stack.up();
  expect(await h1.run("iptables-save | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'")).toBe(rules);
  expect(await connects(lab.netns, 8082)).toBe(true);
});

describe("with the refusal switched off", () => {
  const closed = { rules: [allow("site", 8081)], failsafe: false };

  test("a lock-out is found by the new connection, and taken back", async () => {
    await write({ machine: machine(closed) });
    const { code, stdout } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/host h1.*could not be reached anew after the change/);
    await waitFor(() => connects(lab.netns, 22), { what: "h1 lets in again", timeoutMs: 90_000 });
    await waitFor(async () => !(await tables()).includes("sdn_fw"), { what: "the old rules", timeoutMs: 90_000 });
    expect(await connects(lab.netns, 8082)).toBe(true);
  }, 240_000);

  test("when the plugin dies as well, the host's own timer does it", async () => {
    const running = stack.start(["up", "--yes", "--skip-preview"]);
    const ended = new Promise((resolve) => running.on("close", resolve));
    await waitFor(async () => (await tables()).includes("sdn_fw"), { what: "the new rules", timeoutMs: 60_000 });
    for (const pid of await descendants(running.pid ?? 0)) process.kill(pid, "SIGKILL");
    await ended;
    expect(await connects(lab.netns, 22)).toBe(false);
    await waitFor(() => connects(lab.netns, 22), { what: "h1 lets in again", timeoutMs: 100_000 });
    expect(await tables()).not.toContain("sdn_fw");
    await write({});
    await stack.must(["cancel", "--yes"]).catch(() => "");
    expect(await stack.refresh()).toMatch(/h1.*no new connection proved the change in time/);
    await stack.up();
  }, 240_000);
});

/** The CLI's plugins, before they end by themselves. */
async function descendants(pid: number): Promise<readonly number[]> {
  const { stdout } = await execute("ps", ["-eo", "pid=,ppid=,args="]);
  const processes = stdout.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  const all = processes.flatMap((match) =>
    match === null ? [] : [{ pid: Number(match[1]), parent: Number(match[2]) }],
  );
  const below = (parent: number): readonly number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [...below(one.pid), one.pid]);
  return below(pid);
}
