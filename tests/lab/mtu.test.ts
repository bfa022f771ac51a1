/** The underlay's MTU is proved by a full packet between the hosts, in the execution that makes the subnet. */
import { execute, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;

let lab: Lab;
let stack: Stack;

function program(fabric: Readonly<Record<string, unknown>>, subnets: readonly string[]): Program {
  const hosts = lab.hosts.map(({ name, netns, address }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns, underlayAddress: address } },
  ]);
  const subnet = (name: string): [string, YamlResource] => [
    name,
    { type: "sdn:Subnet", properties: { network: ref("net"), prefixLength: 24, docker: false } },
  ];
  return {
    resources: {
      ...Object.fromEntries(hosts),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)), ...fabric } },
      net: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.9.0.0/16" } },
      ...Object.fromEntries(subnets.map(subnet)),
    },
  };
}

const on = (host: string, ...words: readonly string[]): Promise<{ code: number }> =>
  execute("ip", ["netns", "exec", lab.host(host).netns, ...words]);
const up = async (fabric: Readonly<Record<string, unknown>>, ...subnets: readonly string[]): Promise<string> => {
  await stack.write(program(fabric, subnets));
  return stack.up();
};

beforeAll(async () => {
  lab = await startLab({ hosts: 3, form: "light", dockerd: false });
  stack = await Stack.create(program({}, []));
  await stack.up();
}, 120_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("where full packets pass nothing is said, and each host is visited once", async () => {
  await stack.executions();
  expect(await up({}, "one")).not.toContain("bytes are lost");
  const applied = (await stack.executions()).filter(({ uri }) => uri.includes(lab.host("h1").netns));
  // One look for what is in use, one that makes the segment and sends the packets.
  expect(applied.length).toBeLessThanOrEqual(2);
});

test("where something on the way loses them a warning names both hosts and what passes, and its advice helps", async () => {
  // What a switch or tunnel with a smaller MTU does to h2: it says nothing, and large packets are gone.
  await on("h2", "nft", "add table ip narrow; add chain ip narrow in { type filter hook input priority -300 ; }");
  await on("h2", "nft", "add rule ip narrow in meta length > 1400 drop");
  const said = await up({}, "one", "two");
  const pattern =
    /between host (h\d) \(\S+\) and host (h\d) \(\S+\) packets of 1500 bytes are lost, those of (\d+) pass/g;
  const found = [...said.matchAll(pattern)].map(([, one = "", other = "", passed]) => ({
    pair: [one, other].sort().join(" "),
    passed: Number(passed),
  }));
  expect([...new Set(found.map(({ pair }) => pair))].sort()).toEqual(["h1 h2", "h2 h3"]);
  for (const { passed } of found) {
    expect(passed).toBeGreaterThan(1400 - 9);
    expect(passed).toBeLessThanOrEqual(1400);
  }
  const advice = Number(/set Fabric\.mtu to (\d+)/.exec(said)?.[1]);
  expect(await up({ mtu: advice }, "one", "two", "three")).not.toContain("bytes are lost");
});

test("a host that does not answer says nothing about its MTU, and holds nothing up", async () => {
  await on("h2", "nft", "add rule ip narrow in icmp type echo-request drop");
  await stack.executions();
  expect(await up({ mtu: 1300 }, "one", "four")).not.toContain("bytes are lost");
  const longest = Math.max(...(await stack.executions()).map(({ milliseconds }) => milliseconds));
  // Two sizes, two attempts of a second each, and what else there is to do; not the search for what would pass.
  expect(longest).toBeLessThan(15_000);
});
