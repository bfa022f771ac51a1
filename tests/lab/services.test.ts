/** Service entries with real packets: hosts and endpoints are network namespaces of this machine. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);

/** Endpoint → host, subnet, the last part of its addresses. */
const boxes = {
  web1: { host: "h1", subnet: "web", last: 5 },
  web2: { host: "h2", subnet: "web", last: 6 },
  near: { host: "h1", subnet: "web", last: 7 },
  client1: { host: "h1", subnet: "app", last: 8 },
  client2: { host: "h2", subnet: "app", last: 9 },
  // Another tenant with the same addresses.
  other1: { host: "h1", subnet: "twin", last: 5 },
  other2: { host: "h1", subnet: "twin", last: 8 },
} as const;
type Box = keyof typeof boxes;
const subnets = {
  web: { network: "shop", third: 1 },
  app: { network: "shop", third: 2 },
  twin: { network: "rival", third: 1 },
} as const;
const nameOf = (box: Box): string => `${tag}-${box}`;
function address(box: Box, family: 4 | 6 = 4): string {
  const { third } = subnets[boxes[box].subnet];
  return family === 4 ? `10.20.${third}.${boxes[box].last}` : `fd00:20:0:${third}::${boxes[box].last}`;
}

let lab: Lab;
let stack: Stack;

type Resources = Readonly<Record<string, YamlResource>>;

function base(): Resources {
  const hosts = lab.hosts.map(({ name, netns }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns } },
  ]);
  const networks = ["shop", "rival"].map((name): [string, YamlResource] => [
    name,
    {
      type: "sdn:VirtualNetwork",
      properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48", egress: "nat" },
    },
  ]);
  const segments = Object.entries(subnets).map(([name, { network, third }]): [string, YamlResource] => [
    name,
    {
      type: "sdn:Subnet",
      properties: {
        network: ref(network),
        cidr: `10.20.${third}.0/24`,
        ipv6Cidr: `fd00:20:0:${third}::/64`,
      },
    },
  ]);
  const endpoints = Object.entries(boxes).map(([name, { host, subnet }]): [string, YamlResource] => [
    name,
    {
      type: "sdn:Endpoint",
      properties: {
        host: ref(host),
        subnet: ref(subnet),
        namespace: { name: nameOf(name as Box) },
        ipv4Address: address(name as Box),
        ipv6Address: address(name as Box, 6),
      },
    },
  ]);
  return {
    ...Object.fromEntries(hosts),
    fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
    ...Object.fromEntries([...networks, ...segments, ...endpoints]),
  };
}

const vips = { web: "198.18.0.10", web6: "fd73:646e:7376::10" } as const;

function entry(network: string, backends: readonly object[], more: object = {}): YamlResource {
  return {
    type: "sdn:ServiceEntry",
    properties: {
      network: ref(network),
      ports: [
        { port: 80, targetPort: 8080 },
        { port: 53, protocol: "udp", targetPort: 8080 },
      ],
      backends,
      ...more,
    },
  };
}
const backend = (box: Box, more: object = {}): object => ({ endpoint: ref(box), ...more });

async function up(more: Resources): Promise<void> {
  await stack.write({ resources: { ...base(), ...more } });
  await stack.up();
}

/** Servers that say who they are and who asks them. */
const servers: ChildProcess[] = [];
async function serve(box: Box): Promise<void> {
  const who = `(from) => ${JSON.stringify(box)} + " " + from.replace("::ffff:", "")`;
  const text = `const who = ${who};
    require("node:net").createServer((s) => s.on("error", () => {}).end(who(s.remoteAddress))).listen(8080, "::");
    const u = require("node:dgram").createSocket("udp6");
    u.on("message", (_, from) => u.send(who(from.address), from.port, from.address)).bind(8080);`;
  servers.push(spawn("ip", ["netns", "exec", nameOf(box), process.execPath, "-e", text], { stdio: "ignore" }));
  const listens = async (): Promise<boolean> =>
    (await execute("ip", ["netns", "exec", nameOf(box), "ss", "-Hltn", "sport = 8080"])).stdout !== "";
  await waitFor(listens, { what: `a server in ${box}` });
}

/** What is answered to `count` connections one after another: `WHO CLIENT`; `-` for none. */
async function answers(from: Box, to: string, port = 80, count = 1): Promise<readonly string[]> {
  const script = `const net = require("node:net");
    const one = () => new Promise((done) => {
      let text = "";
      const s = net.connect({ host: ${JSON.stringify(to)}, port: ${port}, timeout: 2000 });
      const end = () => { s.destroy(); done(text || "-"); };
      s.on("data", (d) => { text += d; }).on("end", end).on("error", end).on("timeout", end);
    });
    (async () => { for (let i = 0; i < ${count}; i++) console.log(await one()); })();`;
  const { stdout } = await execute("ip", ["netns", "exec", nameOf(from), process.execPath, "-e", script]);
  return stdout.trim().split("\n");
}
async function datagrams(from: Box, to: string, port: number): Promise<string> {
  const script = `const s = require("node:dgram").createSocket("udp4");
    s.on("message", (m, from) => { console.log(from.address === ${JSON.stringify(to)} ? String(m) : "from " + from.address); s.close(); }).send("?", ${port}, ${JSON.stringify(to)});
    setTimeout(() => { console.log("-"); process.exit(); }, 2000).unref();`;
  const { stdout } = await execute("ip", ["netns", "exec", nameOf(from), process.execPath, "-e", script]);
  return stdout.trim();
}
const counted = (texts: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(texts, (text) => text)].map(([text, all]) => [text, all.length]));

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const box of Object.keys(boxes)) await execute("ip", ["netns", "add", nameOf(box as Box)]);
  stack = await Stack.create({ resources: base() });
}, 300_000);

afterAll(async () => {
  for (const server of servers) server.kill();
  await stack.destroy();
  await stack.remove();
  for (const box of Object.keys(boxes)) await execute("ip", ["netns", "del", nameOf(box as Box)]);
  await lab.down();
}, 300_000);

describe("a service entry", () => {
  beforeAll(async () => {
    await up({ front: entry("shop", [backend("web1"), backend("web2")], { vip: vips.web, ipv6Vip: vips.web6 }) });
    for (const box of ["web1", "web2", "other1"] as const) await serve(box);
  }, 300_000);

  test.each([
    ["another subnet on the same host", "client1"],
    ["another subnet on another host", "client2"],
    ["the backends' own subnet", "near"],
  ] as const)("shares connections out evenly, from %s, and the backend sees the client", async (_where, from) => {
    const found = counted(await answers(from, vips.web, 80, 10));
    expect(found).toEqual({ [`web1 ${address(from)}`]: 5, [`web2 ${address(from)}`]: 5 });
  });

  test("works over IPv6", async () => {
    for (const from of ["client1", "near"] as const) {
      const found = counted(await answers(from, vips.web6, 80, 4));
      expect(found).toEqual({ [`web1 ${address(from, 6)}`]: 2, [`web2 ${address(from, 6)}`]: 2 });
    }
  });

  test("a backend reaches its own service, itself included", async () => {
    const found = await answers("web1", vips.web, 80, 4);
    expect(found.map((text) => text.split(" ")[0]).sort()).toEqual(["web1", "web1", "web2", "web2"]);
  });

  test("datagrams of one conversation go to one backend, and its answers come from the service", async () => {
    const found = await datagrams("client1", vips.web, 53);
    expect(["web1 10.20.2.8", "web2 10.20.2.8"]).toContain(found);
  });

  test("another tenant does not reach it", async () => {
    expect(await answers("other2", vips.web)).toEqual(["-"]);
  });

  test("a port without a service is refused, not let out", async () => {
    expect(await answers("client1", vips.web, 81)).toEqual(["-"]);
  });
});
