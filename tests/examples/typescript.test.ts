/** The TypeScript example as an inline program of the Automation API: the SDK, the real CLI, the bundled plugin. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import type { ConfigMap, PulumiFn, Stack } from "@pulumi/pulumi/automation";

import { shop } from "../../examples/typescript/shop";
import { execute, freshName, startLab } from "../lab/harness/lab";
import type { Lab, LabHost } from "../lab/harness/lab";
import { waitFor } from "../lab/harness/wait";

const root = join(__dirname, "..", "..");
const tag = freshName().slice(0, 6);
const names = ["web1", "web2", "db1"] as const;
/** The namespace that stands for a container. */
const namespaceOf = (name: string): string => `${tag}-${name}`;

interface Container {
  readonly name: string;
  readonly host: string;
  readonly subnet: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

let lab: Lab;
let folder: string;

async function stackOf(name: string, program: PulumiFn, config: ConfigMap = {}): Promise<Stack> {
  const stack = await LocalWorkspace.createStack(
    { stackName: name, projectName: "typescript", program },
    {
      pulumiHome: join(folder, "home"),
      projectSettings: { name: "typescript", runtime: "nodejs", backend: { url: `file://${folder}` } },
      envVars: { PULUMI_CONFIG_PASSPHRASE: "example", PULUMI_SKIP_UPDATE_CHECK: "true" },
    },
  );
  await stack.setAllConfig(config);
  return stack;
}

/** What is on a host that could be ours. */
async function traces(host: LabHost): Promise<string> {
  const links = await host.run("ip -o link; nft list tables; ls /var/lib/sdn 2>/dev/null || true");
  const routers = (await execute("ip", ["netns", "list"])).stdout;
  const record = await execute("ls", [`/var/lib/sdn/netns/${host.netns}`]);
  return [
    ...links.split("\n").filter((line) => /\bsdn/.test(line)),
    ...routers.split("\n").filter((line) => line.includes(`--${host.netns}`)),
    record.stdout,
  ].join("\n");
}

beforeAll(async () => {
  // The CLI and bin/, as for everything here.
  process.env["PATH"] = execFileSync(join(root, "tools", "env"), ["--path"], { encoding: "utf8" }).trim();
  folder = await mkdtemp(join(tmpdir(), "sdn-typescript-"));
  lab = await startLab({ hosts: 3, form: "light", dockerd: false });
  for (const name of names) await execute("ip", ["netns", "add", namespaceOf(name)]);
}, 120_000);

afterAll(async () => {
  for (const name of names) await execute("ip", ["netns", "del", namespaceOf(name)]);
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

describe("the example's own program, its machines taken from the configuration and reached over SSH", () => {
  let stack: Stack;

  beforeAll(async () => {
    const config: ConfigMap = { privateKeyPath: { value: lab.host("h1").privateKeyPath } };
    for (const { name, address, hostKey } of lab.hosts) {
      config[`${name}Address`] = { value: address };
      config[`${name}HostKey`] = { value: hostKey };
    }
    stack = await stackOf("ssh", () => import("../../examples/typescript/index"), config);
  });

  test("reserves an address in its subnet for each container", async () => {
    const { outputs } = await stack.up();
    const containers = outputs["containers"]?.value as readonly Container[];
    expect(containers.map(({ name, host, subnet }) => ({ name, host, subnet }))).toEqual([
      { name: "web1", host: "h1", subnet: "web" },
      { name: "web2", host: "h2", subnet: "web" },
      { name: "db1", host: "h3", subnet: "db" },
    ]);
    const subnets = outputs["subnets"]?.value as readonly { name: string; cidr: string }[];
    for (const { subnet, ipv4, ipv6 } of containers) {
      const cidr = subnets.find(({ name }) => name === subnet)?.cidr ?? "";
      expect(cidr).toMatch(/^10\.20\.\d+\.0\/24$/);
      expect(ipv4.startsWith(cidr.replace("0/24", ""))).toBe(true);
      expect(ipv6).toMatch(/^fd00:20:0:/);
    }
    expect(new Set(containers.map(({ ipv4 }) => ipv4)).size).toBe(3);
  });

  test("is destroyed without a trace on any machine", async () => {
    await stack.destroy();
    expect(await Promise.all(lab.hosts.map(traces))).toEqual(["", "", ""]);
  });
});

describe("the same network over namespaces of this machine, with something attached to each endpoint", () => {
  let stack: Stack;
  let containers: readonly Container[];

  const address = (name: string, family: "ipv4" | "ipv6"): string =>
    containers.find((one) => one.name === name)?.[family] ?? `no ${name}`;
  const reaches = (from: string, to: string, ...options: readonly string[]): Promise<boolean> =>
    waitFor(
      async () => {
        const words = ["netns", "exec", namespaceOf(from), "ping", "-c1", "-W2", ...options, to];
        return (await execute("ip", words)).code === 0;
      },
      { what: `${from} reaches ${to}` },
    );

  beforeAll(async () => {
    const machine = (name: string): { namespace: string; underlayAddress: string } => {
      const { netns, address: underlayAddress } = lab.host(name);
      return { namespace: netns, underlayAddress };
    };
    stack = await stackOf("namespaces", async () =>
      shop({ h1: machine("h1"), h2: machine("h2"), h3: machine("h3") }, (name) => ({
        namespace: { name: namespaceOf(name) },
      })),
    );
    const { outputs } = await stack.up();
    containers = outputs["containers"]?.value as readonly Container[];
  }, 120_000);

  test.each([
    ["in its subnet, on another host", "web1", "web2"],
    ["in another subnet, on a third host", "web1", "db1"],
    ["from there, on the way back", "db1", "web2"],
  ])("packets arrive %s", async (_case, from, to) => {
    await reaches(from, address(to, "ipv4"));
    await reaches(from, address(to, "ipv6"));
  });

  test("every machine has its part of it", async () => {
    for (const part of await Promise.all(lab.hosts.map(traces))) {
      expect(part).toMatch(/sdn-b-\d+/);
      expect(part).toMatch(/sdn-v-\d+/);
      expect(part).toMatch(/sdn-r-\d+--/);
    }
  });

  test("a packet of the whole MTU arrives undivided", async () => {
    const mtu = (await stack.outputs())["mtu"]?.value as number;
    expect(mtu).toBe(1450);
    await reaches("web1", address("web2", "ipv4"), "-M", "do", "-s", String(mtu - 28));
  });

  test("a second up changes nothing", async () => {
    const { summary } = await stack.up({ expectNoChanges: true });
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
  });

  test("destroy leaves nothing of ours on any machine", async () => {
    await stack.destroy();
    expect(await Promise.all(lab.hosts.map(traces))).toEqual(["", "", ""]);
    for (const name of names) {
      expect((await execute("ip", ["-n", namespaceOf(name), "-o", "link"])).stdout).not.toContain("eth0");
    }
  });
});
