/** What others made by hand on real hosts is imported and adopted: marks are all that changes, and no packet is lost. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cli, knownHosts } from "./harness/cli";
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { Stack } from "./harness/stack";
import { waitFor } from "./harness/wait";

const root = join(__dirname, "..", "..");

/** An office network as somebody makes it in an afternoon: a bridge and VXLAN by hand, a Docker network, containers. */
async function handmade(host: LabHost, own: number, other: string): Promise<void> {
  await host.run(`
    ip link add br-office mtu 1400 type bridge
    ip link add vx-office mtu 1400 type vxlan id 42 local ${host.address} dstport 8472
    bridge fdb append 00:00:00:00:00:00 dev vx-office dst ${other}
    ip link set vx-office master br-office
    ip netns add desk
    ip link add desk0 mtu 1400 type veth peer name eth0 netns desk
    ip link set desk0 master br-office
    ip -n desk addr add 10.66.0.${own}/24 dev eth0
    ip -n desk link set eth0 up
    for one in br-office vx-office desk0; do ip link set $one up; done
    # Docker drops what passes a bridge that it did not make.
    iptables -I DOCKER-USER -i br-office -o br-office -j ACCEPT
  `);
  await host.docker(["network", "create", "--subnet", "172.30.0.0/24", "tools"]);
  await host.docker(["run", "-d", "--name", "wiki", "--network", "tools", "sdn-lab/box", "sleep", "100000"]);
}

const marked = /\\ +alias \S+/g;
const inventory = (host: LabHost): Promise<string> =>
  host.run(
    "ip -o link; ip -o -4 addr; ip -d -o link show type vxlan | grep -o 'vxlan id .* dstport [0-9]*'; bridge link; " +
      "bridge fdb show | grep '^00:00:00:00:00:00'; ip -4 route; ip netns list; nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'; " +
      "docker network inspect $(docker network ls -q | sort); docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' wiki; sysctl net.ipv4.ip_forward",
  );
const wire = async (host: LabHost): Promise<string> => (await inventory(host)).replace(marked, "");

let lab: Lab;
let folder: string;
let stack: Stack;
let written: string;
let before: readonly string[];

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: true });
  folder = await mkdtemp(join(tmpdir(), "sdn-adoption-"));
  const [h1, h2] = lab.hosts as readonly [LabHost, LabHost];
  await Promise.all([handmade(h1, 1, h2.address), handmade(h2, 2, h1.address)]);
  await waitFor(async () => (await h1.exec("ip netns exec desk ping -c1 -W1 10.66.0.2")).code === 0, {
    what: "the desks reach each other",
  });
  before = await Promise.all(lab.hosts.map(wire));
  await writeFile(join(folder, "known_hosts"), knownHosts(lab.hosts));
  const flags = lab.hosts.flatMap(({ name, user, address, port }) => [
    `--host=${name}=ssh://${user}@${address}:${port}`,
  ]);
  const keys = ["--private-key", h1.privateKeyPath, "--known-hosts", join(folder, "known_hosts")];
  const out = join(folder, "program");
  const { code, stderr } = await cli(["import", ...flags, ...keys, "--out", out, "--plugin", join(root, "bin")]);
  if (code !== 0) throw new Error(stderr);
  written = await readFile(join(out, "Pulumi.yaml"), "utf8");
  stack = await Stack.create({ resources: {} });
  await stack.writeText(written);
  await stack.must(["stack", "init", "dev"]);
}, 120_000);

afterAll(async () => {
  await lab.down();
  await stack.remove();
  await rm(folder, { recursive: true });
});

test("the import writes the bridge with its VXLAN device, and the Docker network", () => {
  expect(written).toContain("bridge: { name: br-office, mtu: 1400 }");
  expect(written).toMatch(
    /vxlans: \[ \{ name: vx-office, mtu: 1400, vni: 42, port: 8472, local: \S+, remotes: \[ \S+ \] \} \]/,
  );
  expect(written).toMatch(
    /dockerNetwork: \{ name: tools, networkId: "?[0-9a-f]{64}"?, cidrs: \[ 172\.30\.0\.0\/24 \] \}/,
  );
  expect(written.match(/type: sdn:AdoptedSegment/g)).toHaveLength(4);
});

test("the preview says what is adopted, and changes nothing at all", async () => {
  const whole = await Promise.all(lab.hosts.map(inventory));
  const { code, stdout } = await stack.preview();
  expect(code).toBe(0);
  const said = stdout.match(
    /host h\d: \S+ is somebody's; it is adopted: it gets our mark, and nothing else of it changes/g,
  );
  expect(new Set(said).size).toBe(4);
  expect(await Promise.all(lab.hosts.map(inventory))).toEqual(whole);
});

test("up marks the interfaces and nothing else, while not a packet is lost", async () => {
  const h1 = lab.host("h1");
  const ping = h1.exec("ip netns exec desk ping -q -i 0.02 10.66.0.2");
  await stack.up();
  await h1.run("pkill -INT -x ping");
  expect((await ping).stdout).toMatch(/ 0% packet loss/);
  expect(await Promise.all(lab.hosts.map(wire))).toEqual(before);
  expect(await h1.run("ip -o link show dev br-office")).toContain("alias sdn:imported/dev:adopted-br-office-h1");
  expect(await h1.run("ip -o link show dev vx-office")).toContain("alias sdn:imported/dev:adopted-br-office-h1");
});

test("a second up, and one after a refresh, have nothing to do", async () => {
  await stack.up("--expect-no-changes");
  await stack.refresh();
  await stack.up("--expect-no-changes");
});

test("what is changed by hand is told by refresh and put back by up", async () => {
  const h2 = lab.host("h2");
  await h2.run(
    "bridge fdb del 00:00:00:00:00:00 dev vx-office dst $(bridge fdb show dev vx-office | sed -n 's/^00:00:00:00:00:00 dst \\([^ ]*\\).*/\\1/p'); ip link set br-office mtu 1300",
  );
  const said = await stack.refresh();
  expect(said).toContain("host h2: MTU of br-office is 1300, should be 1400");
  expect(said).toContain("host h2: flood entry of vx-office for VTEP");
  await stack.up();
  expect(await Promise.all(lab.hosts.map(wire))).toEqual(before);
});

test("destroy releases: the hosts are as they were, with everything of the others still running", async () => {
  const h1 = lab.host("h1");
  const ping = h1.exec("ip netns exec desk ping -q -i 0.02 10.66.0.2");
  await stack.destroy();
  await h1.run("pkill -INT -x ping");
  expect((await ping).stdout).toMatch(/ 0% packet loss/);
  const after = await Promise.all(lab.hosts.map(inventory));
  expect(after.join("")).not.toContain("alias");
  expect(await Promise.all(lab.hosts.map(wire))).toEqual(before);
  expect(await h1.run("ls /var/lib/sdn 2>&1 || true")).toContain("No such file");
});
