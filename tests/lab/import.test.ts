/** Adopting what is on real hosts, with the real CLI: by id, and by a written program whose first `up` changes nothing. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cli, knownHosts } from "./harness/cli";
import { execute, startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program } from "./harness/stack";
import { waitFor } from "./harness/wait";

const root = join(__dirname, "..", "..");
const ref = (name: string): string => `\${${name}}`;

function program(lab: Lab): Program {
  const box = (host: string, name: string, ipv4Address: string) => ({
    type: "sdn:Endpoint",
    properties: { host: ref(host), subnet: ref("web"), ipv4Address, namespace: { name } },
  });
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: [ref("h1"), ref("h2")] } },
      shop: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48", egress: "nat" },
      },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), prefixLength: 24, ipv6PrefixLength: 64 } },
      box1: { type: "sdn:Endpoint", properties: { host: ref("h1"), subnet: ref("web"), namespace: { name: "box1" } } },
      web1: { type: "sdn:Endpoint", properties: { host: ref("h1"), subnet: ref("web") } },
      db: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.200.0/24", docker: false } },
      box2: {
        ...box("h2", "box2", "10.20.200.9"),
        properties: { host: ref("h2"), subnet: ref("db"), ipv4Address: "10.20.200.9", namespace: { name: "box2" } },
      },
    },
    outputs: {
      web1: ref("web1.ipv4Address"),
      network: ref("web.dockerNetworkName"),
      vni: ref("web.vni"),
      shopVni: ref("shop.vni"),
    },
  };
}

/** Everything on a host that an adoption could have touched. */
const inventory = (host: LabHost): Promise<string> =>
  host.run(
    "ip -o link; ip -d -o link show type vxlan | grep -o 'vxlan id .* dstport [0-9]*'; bridge link; bridge fdb show | grep -E 'sticky|^00:00:00:00:00:00'; " +
      "nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'; ip netns list | sort; " +
      "for one in $(ip netns list | sed 's/ .*//' | grep sdn-r | sort); do ip -n $one -o addr | sed 's/ tentative//'; ip -n $one route; ip -n $one neigh show nud permanent; done; " +
      "iptables-save | grep -v '^[#:]'; docker network inspect $(docker network ls -q | sort); head -n 3 /var/lib/sdn/resources/*",
  );

let lab: Lab;
let stack: Stack;
let home: string;
let agent: ChildProcess;
let flags: readonly string[];
let outputs: Readonly<Record<string, unknown>>;
let before: readonly string[];

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: true });
  home = await mkdtemp(join(tmpdir(), "sdn-import-"));
  await mkdir(join(home, ".ssh"));
  await writeFile(join(home, ".ssh", "known_hosts"), knownHosts(lab.hosts));
  const key = lab.hosts[0]?.privateKeyPath ?? "";
  flags = ["--private-key", key, "--known-hosts", join(home, ".ssh", "known_hosts")].concat(
    lab.hosts.flatMap(({ name, user, address, port }) => ["--host", `${name}=ssh://${user}@${address}:${port}`]),
  );
  const socket = join(home, "agent");
  agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  await waitFor(async () => (await execute("env", [`SSH_AUTH_SOCK=${socket}`, "ssh-add", key])).code === 0, {
    what: "the agent takes the key",
  });
  for (const [index, host] of lab.hosts.entries()) await host.run(`ip netns add box${index + 1}`);
  stack = await Stack.create(program(lab));
  await stack.up();
  outputs = await stack.outputs();
  const { web1, network } = outputs as { web1: string; network: string };
  await lab
    .host("h1")
    .docker(["run", "-d", "--name", "web1", "--network", network, "--ip", web1, "sdn-lab/box", "sleep", "100000"]);
  await lab.host("h1").docker(["run", "-d", "--name", "side", "--network", "host", "sdn-lab/box", "sleep", "100000"]);
  before = await Promise.all(lab.hosts.map(inventory));
}, 180_000);

afterAll(async () => {
  agent.kill();
  await stack.remove();
  await lab.down();
  await rm(home, { recursive: true });
});

describe("a lost state", () => {
  let again: Stack;
  let folder: string;

  beforeAll(async () => {
    folder = join(home, "written");
    const { code, stderr } = await cli(["import", ...flags, "--out", folder, "--plugin", join(root, "bin")]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("2 Host, 1 Fabric") as string });
    again = await Stack.create({ resources: {} });
    await again.writeText(await readFile(join(folder, "Pulumi.yaml"), "utf8"));
  }, 60_000);

  afterAll(() => again.remove());

  test("is imported into a program, with one execution on each host, that carries no key", async () => {
    const log = join(home, "executions");
    await execute("env", [`SDN_EXECUTION_LOG=${log}`, join(root, "bin", "pulumi-sdn"), "import", ...flags]);
    expect((await readFile(log, "utf8")).trim().split("\n")).toHaveLength(2);
    expect(await readFile(join(folder, "Pulumi.yaml"), "utf8")).not.toContain("PRIVATE");
  });

  test("its preview says what is adopted, and that nothing on it changes", async () => {
    const { code, stdout } = await again.preview();
    expect(code).toBe(0);
    const said = stdout.match(/host h\d: \S+ is there already: it is adopted, and nothing on it changes/g);
    expect(new Set(said).size).toBe(2 + 2 * 2 + 2);
    expect(await Promise.all(lab.hosts.map(inventory))).toEqual(before);
  });

  test("its first up changes nothing on the hosts, and not a packet is lost", async () => {
    const pidOf = (): Promise<string> => lab.host("h1").docker(["inspect", "-f", "{{.State.Pid}}", "web1"]);
    const pid = await pidOf();
    // From the declared namespace to the container, until told to end.
    const ping = lab.host("h1").exec(`ip netns exec box1 ping -q -i 0.05 ${String(outputs["web1"])}`);
    await again.up();
    await lab.host("h1").run("pkill -INT -x ping");
    expect((await ping).stdout).toMatch(/ 0% packet loss/);
    expect(await Promise.all(lab.hosts.map(inventory))).toEqual(before);
    expect(await pidOf()).toBe(pid);
  });

  test("its second up, and one after a refresh, have nothing to do", async () => {
    await again.up("--expect-no-changes");
    await again.refresh();
    await again.up("--expect-no-changes");
  });

  test("is as good in TypeScript, which compiles", async () => {
    const written = join(home, "typescript");
    await cli(["import", ...flags, "--language", "typescript", "--out", written]);
    await mkdir(join(written, "node_modules"));
    await execute("ln", ["-s", join(root, "sdk", "nodejs", "bin"), join(written, "node_modules", "pulumi-sdn")]);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const node = join(root, "node_modules", "node", "bin", "node");
    const { stdout, code } = await execute(node, [
      tsc,
      "-p",
      written,
      "--types",
      "node",
      "--typeRoots",
      join(root, "node_modules", "@types"),
    ]);
    expect({ stdout, code }).toEqual({ stdout: "", code: 0 });
  });
});

describe("pulumi import, by id", () => {
  test("of every resource: what it writes plans no change, and nothing on the hosts changed", async () => {
    const uris = lab.hosts.map(({ address, port }) => `ssh://root@${address}:${port}`);
    const [h1 = "", h2 = ""] = uris;
    const { vni, shopVni } = outputs as { vni: number; shopVni: number };
    const ids: readonly (readonly [string, string, string])[] = [
      ["sdn:index:Host", "h1", h1],
      ["sdn:linux:Router", "shop-h1", `${h1}#router-${shopVni}`],
      ["sdn:linux:Segment", "web-h2", `${h2}#segment-${vni}`],
      ["sdn:linux:Port", "box1", `${h1}#port-${vni}-box1`],
      ["sdn:linux:SharedPort", "side", `${h1}#container-side`],
      ["sdn:ipam:NetworkAllocation", "shop", `${uris.join(",")}#network-${shopVni}`],
      ["sdn:ipam:SubnetAllocation", "web", `${uris.join(",")}#subnet-${vni}`],
      ["sdn:ipam:EndpointAllocation", "box1-address", `${h1}#endpoint-${vni}-box1`],
    ];
    const importing = await Stack.create({ resources: {} }, undefined, {
      HOME: home,
      SSH_AUTH_SOCK: join(home, "agent"),
    });
    const parts: string[] = [];
    for (const [type, name, id] of ids) {
      const file = join(home, `${name}.yaml`);
      await importing.must([
        "import",
        type,
        name,
        id,
        "--yes",
        "--out",
        file,
        "--protect=false",
        "--generate-code=true",
      ]);
      parts.push((await readFile(file, "utf8")).replace(/^resources:\n/, ""));
    }
    const plugin = `{ name: sdn, path: ${join(root, "bin")} }`;
    const head = `name: lab\nruntime: yaml\nplugins:\n  providers:\n    - ${plugin}\nresources:\n`;
    await importing.writeText(head + parts.join(""));
    const { code, stdout } = await importing.preview("--expect-no-changes", "--diff");
    expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
    expect(await Promise.all(lab.hosts.map(inventory))).toEqual(before);
    await importing.remove();
  });
});
