/** What is on real hosts, shown by the functions in a program and by the command line. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cli, knownHosts } from "./harness/cli";
import { startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;
const hosts = [ref("h1"), ref("h2")];

function program(lab: Lab): Program {
  const box = (host: string, ipv4Address: string, name: string) => ({
    type: "sdn:Endpoint",
    properties: { host: ref(host), subnet: ref("web"), ipv4Address, namespace: { name } },
  });
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: {
        type: "sdn:Subnet",
        properties: {
          network: ref("shop"),
          cidr: "10.20.1.0/24",
          docker: false,
          allocationRanges: [{ start: "10.20.1.10", end: "10.20.1.19" }],
          reservations: [{ start: "10.20.1.15", reason: "the printer" }],
        },
      },
      box1: box("h1", "10.20.1.11", "box1"),
      box2: box("h2", "10.20.1.12", "box2"),
      // On no host: only the address is kept.
      kept: { type: "sdn:Endpoint", properties: { host: ref("h1"), subnet: ref("web"), ipv4Address: "10.20.1.13" } },
    },
    variables: {
      seen: { "fn::invoke": { function: "sdn:getTopology", arguments: { hosts } } },
      // By way of the fabric, which passes on how its hosts are reached.
      way: {
        "fn::invoke": { function: "sdn:getRoute", arguments: { hosts: ref("fabric.hosts"), from: "box1", to: "box2" } },
      },
      plan: {
        "fn::invoke": {
          function: "sdn:getAddressPlan",
          arguments: { hosts: ref("fabric.hosts") },
          options: { dependsOn: [ref("box1"), ref("box2"), ref("kept")] },
        },
      },
    },
    outputs: {
      subnets: ref("seen.subnets"),
      picture: ref("seen.picture"),
      way: ref("way.picture"),
      room: ref("plan.subnets[0].ipv4.endpoints"),
      reserved: ref("plan.subnets[0].ipv4.reservations"),
    },
  };
}

let lab: Lab;
let stack: Stack;
let folder: string;
let flags: readonly string[];

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light" });
  folder = await mkdtemp(join(tmpdir(), "sdn-seeing-"));
  await writeFile(join(folder, "known_hosts"), knownHosts(lab.hosts));
  const key = lab.hosts[0]?.privateKeyPath ?? "";
  flags = ["--private-key", key, "--known-hosts", join(folder, "known_hosts")].concat(
    lab.hosts.flatMap(({ name, user, address, port }) => ["--host", `${name}=ssh://${user}@${address}:${port}`]),
  );
  for (const [index, host] of lab.hosts.entries()) await host.run(`ip netns add box${index + 1}`);
  const { variables: _later, outputs: _too, ...first } = program(lab);
  stack = await Stack.create(first);
  await stack.up();
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
  await rm(folder, { recursive: true });
});

test("a program shows what its hosts have, and what becomes of a packet", async () => {
  await stack.write(program(lab));
  await stack.up();
  const { subnets, picture, way } = await stack.outputs();
  expect(subnets).toMatchObject([{ name: "web", network: "shop", segments: [{ host: "h1" }, { host: "h2" }] }]);
  expect(picture).toContain("[box2]  10.20.1.12");
  expect(way).toMatch(/VXLAN \d+ to h2 .*\n.*\n.*to namespace box2\n {2}✓ {3}delivered/);
});

test("a program tells how many addresses are left, by its own rules and with what is on no host", async () => {
  const { room, reserved } = await stack.outputs();
  expect(room).toEqual({ ranges: ["10.20.1.10-10.20.1.19"], total: 9, inUse: 3, left: 6 });
  expect(reserved).toEqual([{ range: "10.20.1.15-10.20.1.15", reason: "the printer" }]);
  const { code, stdout } = await cli(["addresses", ...flags]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/10\.20\.1\.12 +endpoint box2 on h2\n/);
  expect(stdout).toContain("endpoints: 2 of 62 in use, 60 left in 10.20.1.2-10.20.1.63");
});

test("the command line shows the same, from the hosts alone", async () => {
  const { code, stdout } = await cli(["topology", ...flags]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: (await stack.outputs())["picture"] });
  const json = await cli(["topology", "--json", ...flags]);
  expect(JSON.parse(json.stdout)).toMatchObject({ networks: [{ name: "shop", owner: "lab/dev" }] });
});

test("what is broken is in the picture, and the way that it breaks is as packets find it", async () => {
  const h2 = lab.host("h2");
  await h2.run("ip link set dev $(ip -o link | sed -n 's/.*: \\(sdn-v-[0-9]*\\):.*/\\1/p') down");
  const { stdout } = await cli(["topology", ...flags]);
  expect(stdout).toMatch(/! interface sdn-v-\d+ is down/);
  await stack.refresh();
  await stack.up();
  const mended = await cli(["topology", ...flags]);
  expect(mended.stdout).not.toContain("!");
});

test.each([
  ["an endpoint on the other host", ["box1", "box2"], 0, "delivered"],
  ["outside, without a way out", ["box1", "198.51.100.7"], 1, "dropped"],
])("the way to %s is told, and the exit status says whether it arrives", async (_case, ends, code, outcome) => {
  const told = await cli(["route", ...ends, ...flags]);
  expect({ code: told.code, says: told.stdout.includes(`${outcome}:`) }).toEqual({ code, says: true });
});

test("real packets agree: they arrive where the way is, and do not where it is not", async () => {
  const ping = (to: string) => lab.host("h1").exec(["ip", "netns", "exec", "box1", "ping", "-c1", "-W2", to]);
  expect((await ping("10.20.1.12")).code).toBe(0);
  expect((await ping(lab.outside4)).code).not.toBe(0);
});

test("a host whose key is not known is not read, and the others are", async () => {
  const [first] = lab.hosts;
  await writeFile(join(folder, "one"), knownHosts(first === undefined ? [] : [first]));
  const { code, stdout } = await cli(["topology", ...flags, "--known-hosts", join(folder, "one")]);
  expect(code).toBe(1);
  expect(stdout).toContain("[box1]");
  expect(stdout).toMatch(/not read: .*(host key|known)/);
});

test.each([
  [[], "usage: pulumi-sdn COMMAND"],
  [["draw"], "no command draw"],
  [["topology"], "no host: give --host"],
  [["topology", "--host", "http://h1"], "write ssh://USER@ADDRESS:PORT"],
  [["topology", "--colour", "red"], "--colour"],
  [["route", "box1"], "give FROM and TO"],
  [["addresses", "web", "--host", "local:"], "web is one argument too many"],
])("%j is refused with how it is called", async (args, message) => {
  const { code, stderr } = await cli(args);
  expect({ code, says: stderr.includes(message) }).toEqual({ code: 2, says: true });
});
