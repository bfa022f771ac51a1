/** The attach example as it stands, on real hosts: containers that run before there is a network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execute, startLab } from "../lab/harness/lab";
import type { Lab } from "../lab/harness/lab";
import { waitFor } from "../lab/harness/wait";

const root = join(__dirname, "..", "..");
const running = [
  { name: "press", host: "h1", options: ["--network", "none"] },
  { name: "robot", host: "h2", options: ["--network", "none"] },
  { name: "panel", host: "h2", options: [] },
] as const;
type Name = (typeof running)[number]["name"];

let lab: Lab;
let folder: string;
let address: Readonly<Record<Name, string>>;

/** A command of the CLI in the example's folder; its state and its configuration are elsewhere. */
async function pulumi(...args: readonly string[]): Promise<string> {
  const script = 'eval "$("$1"/tools/env)" && cd "$1"/examples/attach && shift && exec pulumi --non-interactive "$@"';
  const env = [
    `PULUMI_HOME=${join(folder, "home")}`,
    `PULUMI_BACKEND_URL=file://${folder}`,
    "PULUMI_CONFIG_PASSPHRASE=example",
  ];
  const configuration = args[0] === "stack" ? [] : ["--config-file", join(folder, "config.yaml")];
  const words = [...env, "bash", "-c", script, "pulumi", root, ...args, ...configuration];
  const { code, stdout, stderr } = await execute("env", words, { timeoutMs: 180_000 });
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: exit status ${code}\n${stdout}${stderr}`);
  return stdout;
}

const stack = ["--stack", "test"] as const;

async function reaches(from: Name, to: string): Promise<boolean> {
  const host = running.find(({ name }) => name === from)!.host;
  return (await lab.host(host).exec(["docker", "exec", from, "ping", "-c1", "-W2", to])).code === 0;
}
const comesToReach = (from: Name, to: string): Promise<boolean> =>
  waitFor(() => reaches(from, to), { what: `${from} reaches ${to}` });

const interfacesOf = (name: Name, host: string): Promise<string> =>
  lab.host(host).docker(["exec", name, "ls", "/sys/class/net"]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdn-attach-"));
  lab = await startLab({ hosts: 2 });
  for (const { name, host, options } of running) {
    await lab.host(host).docker(["run", "-d", "--name", name, ...options, "sdn-lab/box", "sleep", "100000"]);
  }
  await pulumi("stack", "init", ...stack);
  const config = { privateKeyPath: lab.host("h1").privateKeyPath } as Record<string, string>;
  for (const { name, address: at, hostKey } of lab.hosts) {
    config[`${name}Address`] = at;
    config[`${name}HostKey`] = hostKey;
  }
  for (const [key, value] of Object.entries(config)) await pulumi("config", "set", key, value, ...stack);
  await pulumi("up", "--yes", "--skip-preview", ...stack);
  address = JSON.parse(await pulumi("stack", "output", "--json", ...stack)) as typeof address;
}, 240_000);

afterAll(async () => {
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["from one without a network to another", "press", "robot"],
  ["from one without a network to one on Docker's bridge", "press", "panel"],
  ["from one on Docker's bridge to another host", "panel", "press"],
] as const)("packets arrive %s", async (_case, from, to) => {
  await comesToReach(from, address[to]);
});

test("what had no network has this one alone and no way out; what had one keeps it", async () => {
  expect((await interfacesOf("press", "h1")).split("\n").filter((name) => name.startsWith("eth"))).toEqual(["eth0"]);
  expect(await reaches("press", lab.outside4)).toBe(false);
  expect((await interfacesOf("panel", "h2")).split("\n").filter((name) => name.startsWith("eth"))).toEqual([
    "eth0",
    "eth1",
  ]);
});

test("a container that was restarted is put back by up --refresh, and its address is the same", async () => {
  await lab.host("h1").docker(["restart", "-t", "0", "press"]);
  expect(await reaches("press", address.robot)).toBe(false);
  await pulumi("up", "--refresh", "--yes", "--skip-preview", ...stack);
  await comesToReach("press", address.robot);
  expect(JSON.parse(await pulumi("stack", "output", "--json", ...stack))).toEqual(address);
});

test("a second up changes nothing", async () => {
  expect(await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", ...stack)).toContain("unchanged");
});

test("destroy detaches the containers and leaves them running", async () => {
  await pulumi("destroy", "--yes", "--skip-preview", ...stack);
  for (const { name, host } of running) {
    expect(await lab.host(host).docker(["inspect", "--format", "{{.State.Running}}", name])).toBe("true");
  }
  expect(await interfacesOf("press", "h1")).not.toContain("eth0");
  expect(await interfacesOf("panel", "h2")).not.toContain("eth1");
  for (const host of lab.hosts) expect(await host.run("ip -o link")).not.toContain("sdn-");
});
