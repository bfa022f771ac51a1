/** Runs that are cut off on real hosts: the next one gives what an undisturbed one gives. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inventory } from "./harness/inventory";
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

function program(lab: Lab, address = "10.20.1.12"): Program {
  const subnet = (cidr: string): YamlResource => ({ type: "sdn:Subnet", properties: { network: ref("shop"), cidr } });
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      shop: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", egress: "nat" },
      },
      web: subnet("10.20.1.0/24"),
      db: subnet("10.20.2.0/24"),
      box: {
        type: "sdn:Endpoint",
        properties: {
          host: ref("h2"),
          subnet: ref("web"),
          container: { name: "box", networkMode: "none" },
          ipv4Address: address,
        },
      },
    },
  };
}

let lab: Lab;
let stack: Stack;
let h2: LabHost;
let empty: readonly string[];
let faultless: readonly string[];

const inventories = (): Promise<readonly string[]> => Promise.all(lab.hosts.map(inventory));
const up = ["up", "--yes", "--skip-preview"] as const;

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  h2 = lab.host("h2");
  await h2.docker(["run", "-d", "--name", "box", "--network", "none", "sdn-lab/box", "sleep", "100000"]);
  empty = await inventories();
  stack = await Stack.create(program(lab));
  await stack.up();
  faultless = await inventories();
  await stack.destroy();
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

/** Until the first thing of ours is on the host. */
const begun = (): Promise<unknown> =>
  waitFor(async () => (await h2.run("ip -o link")).includes(" sdn-"), {
    what: "something of sdn on h2",
    intervalMs: 10,
  });

/** The plugin's processes among the descendants of one that this test started (one of them only tells the schema). */
async function pluginsOf(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found: number[] = [];
  for (const candidate of parents.keys()) {
    const words = (await readFile(`/proc/${candidate}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (!words.some((word) => word.includes("pulumi-resource-sdn") || word.endsWith("bin/provider.js"))) continue;
    for (let one = parents.get(candidate); one !== undefined && one > 1; one = parents.get(one)) {
      if (one === pid) found.push(candidate);
    }
  }
  return found;
}

interface Fault {
  readonly name: string;
  /** A run that is disturbed; what it said. */
  readonly run: () => Promise<{ readonly code: number; readonly said: string }>;
  readonly says: string;
}

const faults: readonly Fault[] = [
  {
    name: "the SSH session is killed while the program runs",
    run: async () => {
      // In the host, as soon as something is there: all of sshd that has a connection with us.
      const cut = h2.run(
        "until ip -o link | grep -q ' sdn-'; do :; done; " +
          "kill -KILL $(ss -Htnp state established '( sport = :22 )' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u)",
      );
      const { code, stdout } = await stack.pulumi(up);
      await cut;
      return { code, said: stdout };
    },
    says: "the connection was lost while a program ran",
  },
  {
    name: "the plugin is killed in the middle of an up",
    run: async () => {
      const running = stack.start(up);
      const output: string[] = [];
      running.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
      const ended = new Promise<number>((resolve) => running.on("close", (status) => resolve(status ?? 1)));
      await begun();
      const plugins = await pluginsOf(running.pid ?? 0);
      for (const plugin of plugins) process.kill(plugin, "SIGKILL");
      return { code: await ended, said: output.join("") };
    },
    says: "error",
  },
  {
    name: "the disk is full",
    run: async () => {
      await h2.run("mkdir -p /var/lib/sdn && mount -t tmpfs -o size=4k,mode=700 none /var/lib/sdn");
      await h2.run("head -c 8192 /dev/zero >/var/lib/sdn/fill 2>/dev/null || true");
      const { code, stdout } = await stack.pulumi(up);
      await h2.run("umount /var/lib/sdn && rmdir /var/lib/sdn 2>/dev/null || true");
      return { code, said: stdout };
    },
    says: "disk full?",
  },
];

describe.each(faults)("$name", ({ run, says }) => {
  test.each([
    ["another up", (): Promise<unknown> => stack.up()],
    [
      "refresh and up",
      async (): Promise<unknown> => {
        await stack.refresh();
        return stack.up();
      },
    ],
  ])("%s gives what an undisturbed run gives, and destroy leaves nothing", async (_name, mend) => {
    const { code, said } = await run();
    expect(said).toContain(says);
    expect(code).not.toBe(0);
    await mend();
    expect(await inventories()).toEqual(faultless);
    await stack.destroy();
    expect(await inventories()).toEqual(empty);
  });
});

test("of two operators with the same state the second is refused, and after a refresh nothing of the first is left", async () => {
  await stack.up();
  const folder = await mkdtemp(join(tmpdir(), "sdn-copy-"));
  const file = join(folder, "state.json");
  await writeFile(file, await stack.exported());
  const other = await Stack.create(program(lab, "10.20.1.14"));
  try {
    await other.must(["stack", "import", "--file", file]);
    await stack.write(program(lab, "10.20.1.13"));
    await stack.up();
    const first = await inventories();
    const { code, stdout } = await other.pulumi(up);
    expect(code).not.toBe(0);
    expect(stdout).toContain(
      "has generation 2 on the host, this state was written for 1. Run `pulumi refresh`, look at what the other run changed",
    );
    expect(await inventories()).toEqual(first);
    expect(await other.refresh()).toContain("another run changed this resource: it has generation 2 on the host");
    await other.up();
    expect((await inventories()).join("\n")).not.toContain("10.20.1.13");
    await other.destroy();
    expect(await inventories()).toEqual(empty);
  } finally {
    await other.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
