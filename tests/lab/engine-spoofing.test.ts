/** Containers of an engine, whose ports the engine names: declared ones are guarded, no other one is the gateway. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const gateway = "10.9.1.1";

let lab: Lab;
let host: LabHost;
let stack: Stack;
/** `declared` is an endpoint of the program; `stranger` and `peer` joined the Docker network by themselves. */
type Name = "declared" | "stranger" | "peer";

const inside = async (name: Name, script: string): Promise<string> => {
  const pid = await host.docker(["inspect", "--format", "{{.State.Pid}}", name]);
  return (await host.exec(["nsenter", "-t", pid, "-n", "sh", "-c", script])).stdout;
};
const addressOf = (name: Name): Promise<string> =>
  host.docker(["inspect", "--format", '{{(index .NetworkSettings.Networks "net-seg").IPAddress}}', name]);
const deviceOf = async (name: Name): Promise<string> =>
  (await inside(name, "ip -o -4 addr show | awk '/ 10\\.9\\.1\\./ { print $2; exit }'")).trim();

/** The MAC address by which `peer` would reach the address while `from` says that it is its own. */
async function seenWhile(from: Name, claimed: string): Promise<string | undefined> {
  const [device, own] = [await deviceOf(from), await deviceOf("peer")];
  await inside(from, `ip addr add ${claimed}/32 dev ${device}`);
  const said = await inside(
    "peer",
    `ip neigh flush dev ${own}; ping -c2 -i0.3 -W1 ${claimed} >/dev/null; ip neigh show ${claimed} dev ${own}`,
  );
  await inside(from, `ip addr del ${claimed}/32 dev ${device}`);
  return /lladdr (\S+)/.exec(said)?.[1];
}

beforeAll(async () => {
  lab = await startLab({ hosts: 1, form: "light", dockerd: true });
  host = lab.host("h1");
  await host.docker(["run", "-d", "--name", "declared", "sdn-lab/box", "sleep", "100000"]);
  stack = await Stack.create({
    resources: {
      h1: hostResource(host),
      fabric: { type: "sdn:Fabric", properties: { hosts: [ref("h1")] } },
      net: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.9.0.0/16" } },
      seg: { type: "sdn:Subnet", properties: { network: ref("net"), cidr: "10.9.1.0/24" } },
      declared: {
        type: "sdn:Endpoint",
        properties: { host: ref("h1"), subnet: ref("seg"), container: { name: "declared" } },
      },
    },
  });
  await stack.up();
  for (const name of ["stranger", "peer"]) {
    await host.docker(["run", "-d", "--name", name, "--network", "net-seg", "sdn-lab/box", "sleep", "100000"]);
  }
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("a declared container reaches others, and cannot claim another's address or the gateway's", async () => {
  const [own, free] = [await addressOf("declared"), "10.9.1.61"];
  await waitFor(async () => (await inside("peer", `ping -c1 -W1 ${own} && echo yes`)).includes("yes"), {
    what: "peer reaches the declared container",
  });
  expect(await seenWhile("declared", free)).toBeUndefined();
  expect(await seenWhile("declared", gateway)).toMatch(/^0a:5d:/);
});

test("one that nobody declared cannot claim the gateway's address or MAC either", async () => {
  // It can claim another's: its port is not known. So the test above could fail.
  expect(await seenWhile("stranger", "10.9.1.61")).toMatch(/^02:42:/);
  const mac = await seenWhile("stranger", gateway);
  expect(mac).toMatch(/^0a:5d:/);
  const device = await deviceOf("stranger");
  const before = await inside("stranger", `cat /sys/class/net/${device}/address`);
  const peer = await addressOf("peer");
  await inside("stranger", `ip link set ${device} address ${mac ?? ""}`);
  expect(await inside("stranger", `ping -c1 -W1 ${peer} && echo yes`)).not.toContain("yes");
  await inside("stranger", `ip link set ${device} address ${before.trim()}`);
  await waitFor(async () => (await inside("stranger", `ping -c1 -W1 ${peer} && echo yes`)).includes("yes"), {
    what: "with its own MAC address it is heard again",
  });
});

test("a restart gives it another port, which refresh says, up guards, and the old port's elements go", async () => {
  const guarded = async (): Promise<readonly string[]> =>
    [...(await host.run("nft list set bridge sdn guarded")).matchAll(/"(veth[^"]+)"/g)].map(([, name = ""]) => name);
  const [old] = await guarded();
  await host.docker(["restart", "-t", "0", "declared"]);
  const said = await stack.refresh();
  expect(said).toMatch(/nftables set guarded lacks veth\w+, of container declared/);
  await stack.up();
  const now = await guarded();
  expect(now).toHaveLength(1);
  expect(now).not.toEqual([old]);
  expect(await host.run("nft list table bridge sdn")).not.toContain(old);
  expect(await seenWhile("declared", "10.9.1.61")).toBeUndefined();
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("destroy takes every element away with the table", async () => {
  for (const name of ["stranger", "peer"]) await host.docker(["rm", "-f", name]);
  await stack.destroy();
  expect(await host.run("nft list tables")).not.toContain("sdn");
});
