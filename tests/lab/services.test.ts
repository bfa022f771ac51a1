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

  test("what is addressed to a bridge itself does not get to the host: its routes lead to its own gateway", async () => {
    const links = (await h1("ip", "-br", "link", "show", "type", "bridge")).stdout;
    const macs = [...links.matchAll(/^sdn-b-\d+ +\S+ +(\S+)/gm)].map(([, mac = ""]) => mac);
    expect(macs).toHaveLength(3);
    const inside = ["netns", "exec", nameOf("client1")] as const;
    const host = lab.host("h1").address;
    for (const mac of macs) {
      const words = `ip neigh replace 10.20.2.99 lladdr ${mac} dev eth0 nud permanent
        ip route replace ${host}/32 via 10.20.2.99 dev eth0`;
      expect((await execute("ip", [...inside, "sh", "-ec", words])).code).toBe(0);
      expect((await execute("ip", [...inside, "ping", "-c1", "-W1", host])).code).not.toBe(0);
    }
    await execute("ip", [...inside, "ip", "route", "del", `${host}/32`]);
  });

  test("a port without a service is refused, not let out", async () => {
    expect(await answers("client1", vips.web, 81)).toEqual(["-"]);
  });
});

/** One connection after another from `from`, until it is stopped: how many there were, and how many got no answer. */
async function load(from: Box, to: string): Promise<() => Promise<{ readonly made: number; readonly lost: number }>> {
  const script = `const net = require("node:net");
    let made = 0, lost = 0, end = false;
    const one = () => new Promise((done) => {
      let text = "";
      const s = net.connect({ host: ${JSON.stringify(to)}, port: 80, timeout: 3000 });
      const over = () => { s.destroy(); made++; if (text === "") lost++; done(); };
      s.on("data", (d) => { text += d; }).on("end", over).on("error", over).on("timeout", over);
    });
    process.stdin.on("end", () => { end = true; }).resume();
    (async () => { console.log("begun"); while (!end) await one(); console.log(JSON.stringify({ made, lost })); process.exit(); })();`;
  const child = spawn("ip", ["netns", "exec", nameOf(from), process.execPath, "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  await waitFor(() => Promise.resolve(text.includes("begun")), { what: "the load begins" });
  return async () => {
    child.stdin.end();
    await new Promise((done) => child.once("close", done));
    return JSON.parse(text.trim().split("\n").at(-1) ?? "") as { made: number; lost: number };
  };
}

const h1 = (...words: readonly [string, ...string[]]) =>
  execute("ip", ["netns", "exec", lab.host("h1").netns, ...words]);

describe("what changes", () => {
  test("weights share connections out, and a backend that drains keeps what it has and gets nothing new", async () => {
    const [heavy, draining] = [backend("web2", { weight: 3 }), backend("web1", { drain: true })];
    await up({ front: entry("shop", [backend("web1"), heavy], { vip: vips.web }) });
    const shares = counted((await answers("client1", vips.web, 80, 40)).map((text) => text.split(" ")[0] ?? ""));
    expect(shares).toEqual({ web1: 10, web2: 30 });
    const stop = await load("client1", vips.web);
    await up({ front: entry("shop", [draining, heavy], { vip: vips.web }) });
    const { made, lost } = await stop();
    expect(made).toBeGreaterThan(20);
    expect(lost).toBe(0);
    expect(counted(await answers("client1", vips.web, 80, 4))).toEqual({ [`web2 ${address("client1")}`]: 4 });
  }, 300_000);

  test("at random, the shares are what was asked, within bounds that chance breaks once in a million runs", async () => {
    await up({
      front: entry("shop", [backend("web1"), backend("web2")], { vip: vips.web, balancing: "random" }),
    });
    const shares = counted((await answers("client2", vips.web, 80, 400)).map((text) => text.split(" ")[0] ?? ""));
    // A binomial of 400 and a half: five standard deviations are 50.
    expect(shares["web1"]).toBeGreaterThan(150);
    expect(shares["web1"]).toBeLessThan(250);
    expect((shares["web1"] ?? 0) + (shares["web2"] ?? 0)).toBe(400);
  }, 300_000);

  test("by source hash a client keeps its backend, whichever host it is on", async () => {
    await up({
      front: entry("shop", [backend("web1"), backend("web2")], { vip: vips.web, balancing: "source-hash" }),
    });
    expect(Object.values(counted(await answers("client1", vips.web, 80, 10)))).toEqual([10]);
    expect(Object.values(counted(await answers("client2", vips.web, 80, 10)))).toEqual([10]);
  }, 300_000);

  test("a fixed address is a backend, and two networks may have one service address each", async () => {
    await up({
      front: entry("shop", [{ address: address("web2") }], { vip: vips.web }),
      rival1: entry("rival", [backend("other1")], { vip: "198.18.0.77" }),
    });
    expect(await answers("client1", vips.web)).toEqual([`web2 ${address("client1")}`]);
    // Its MAC address is not known, so the router asks for it and stands in between on the same segment.
    expect((await answers("near", vips.web))[0]).toMatch(/^web2 10\.20\.1\.(?!7)\d+$/);
    expect(await answers("other2", "198.18.0.77")).toEqual([`other1 ${address("other2")}`]);
    expect(await answers("client1", "198.18.0.77")).toEqual(["-"]);
  }, 300_000);

  test("a subnet that comes later reaches the service", async () => {
    await execute("ip", ["netns", "add", `${tag}-late`]);
    try {
      await up({
        front: entry("shop", [backend("web1")], { vip: vips.web }),
        later: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.3.0/24" } },
        late: {
          type: "sdn:Endpoint",
          properties: {
            host: ref("h2"),
            subnet: ref("later"),
            namespace: { name: `${tag}-late` },
            ipv4Address: "10.20.3.5",
          },
        },
      });
      const words = [
        "netns",
        "exec",
        `${tag}-late`,
        "timeout",
        "3",
        "bash",
        "-c",
        `exec 3<>/dev/tcp/${vips.web}/80; cat <&3`,
      ];
      expect((await execute("ip", words)).stdout).toBe("web1 10.20.3.5");
    } finally {
      await up({ front: entry("shop", [backend("web1")], { vip: vips.web }) });
      await execute("ip", ["netns", "del", `${tag}-late`]);
    }
  }, 300_000);

  test("a policy decides by who the client is, as without the service", async () => {
    const policy = {
      type: "sdn:FirewallPolicy",
      properties: {
        fabric: ref("fabric"),
        priority: 10,
        appliesTo: [{ endpoint: ref("web1") }],
        rules: [
          {
            name: "clients",
            direction: "ingress",
            action: "allow",
            from: [{ endpoint: ref("client2") }],
            services: [{ protocol: "tcp", ports: "8080" }],
          },
        ],
        defaults: { ingress: "deny", egress: "continue" },
      },
    };
    await up({ front: entry("shop", [backend("web1")], { vip: vips.web }), policy });
    expect(await answers("client2", vips.web)).toEqual([`web1 ${address("client2")}`]);
    expect(await answers("client1", vips.web)).toEqual(["-"]);
    expect(await answers("near", vips.web)).toEqual(["-"]);
    // The other side of it: who may ask for what, by the entry's name.
    const asking = {
      type: "sdn:FirewallPolicy",
      properties: {
        fabric: ref("fabric"),
        priority: 20,
        appliesTo: [{ endpoint: ref("client1") }],
        rules: [{ name: "front", direction: "egress", action: "allow", to: [{ service: ref("front") }] }],
        defaults: { ingress: "continue", egress: "deny" },
      },
    };
    const api = entry("shop", [backend("web2")], { vip: "198.18.0.12" });
    await up({ front: entry("shop", [backend("web1")], { vip: vips.web }), api, asking });
    expect(await answers("client1", vips.web)).toEqual([`web1 ${address("client1")}`]);
    expect(await answers("client1", "198.18.0.12")).toEqual(["-"]);
    expect(await answers("client2", "198.18.0.12")).toEqual([`web2 ${address("client2")}`]);
  }, 300_000);

  test("a port of a host leads to it from outside and from the host itself, to backends on any host", async () => {
    const exposed = { vip: vips.web, expose: [{ port: 8088, servicePort: 80 }] };
    const byProcess = { driver: "haproxy", ports: [{ port: 80, targetPort: 8080 }] };
    await up({ front: entry("shop", [backend("web1"), backend("web2")], exposed) });
    const ask = async (namespace: string, host: string): Promise<string> => {
      const script = `exec 3<>/dev/tcp/${host}/8088; cat <&3`;
      const words = ["netns", "exec", namespace, "timeout", "3", "bash", "-c", script];
      return (await execute("ip", words)).stdout;
    };
    for (const [from, host] of [
      [lab.netns, "h1"],
      [lab.netns, "h2"],
      [lab.host("h1").netns, "h1"],
      [lab.host("h1").netns, "h2"],
    ] as const) {
      const seen = [await ask(from, lab.host(host).address), await ask(from, lab.host(host).address)];
      expect(seen.map((text) => text.split(" ")[0]).sort()).toEqual(["web1", "web2"]);
      // An address of the router: the client's is lost on this way.
      for (const text of seen) expect(text).toMatch(/ 10\.20\.1\.\d+$/);
    }
    // The same where a process balances it.
    await up({ front: entry("shop", [backend("web1"), backend("web2")], { ...exposed, ...byProcess }) });
    const shared = [await ask(lab.netns, lab.host("h1").address), await ask(lab.netns, lab.host("h1").address)];
    expect(shared.map((text) => text.split(" ")[0]).sort()).toEqual(["web1", "web2"]);
    await up({ front: entry("shop", [backend("web1")], { vip: vips.web }) });
    expect(await ask(lab.netns, lab.host("h1").address)).toBe("");
  }, 300_000);

  test("names lead to it in its own network, follow an address that changes, and mean something else next door", async () => {
    const rival = entry("rival", [backend("other1")], { vip: "198.18.0.77", names: ["front"] });
    await up({
      front: entry("shop", [backend("web1")], { vip: vips.web, ipv6Vip: vips.web6, ttl: 1 }),
      all: entry("shop", [backend("web1"), backend("web2")], { headless: true, ports: [], ttl: 1 }),
      rival1: rival,
    });
    // Whatever server a client asks, its network answers.
    const lookup = async (from: Box, name: string, type = "A"): Promise<readonly string[]> => {
      const script = `const r = new (require("node:dns").Resolver)({ timeout: 2000, tries: 2 });
        r.setServers(["192.0.2.53"]);
        r.resolve(${JSON.stringify(name)}, "${type}", (e, all) => console.log(e ? e.code : all.sort().join("\\n")));`;
      const { stdout } = await execute("ip", ["netns", "exec", nameOf(from), process.execPath, "-e", script]);
      return stdout.trim().split("\n");
    };
    for (const from of ["client1", "client2", "near"] as const) {
      expect(await lookup(from, "front.shop.sdn.internal")).toEqual([vips.web]);
      expect(await lookup(from, "front.shop.sdn.internal", "AAAA")).toEqual([vips.web6]);
    }
    expect(await lookup("client1", "all.shop.sdn.internal")).toEqual([address("web1"), address("web2")].sort());
    expect(await lookup("other2", "front.rival.sdn.internal")).toEqual(["198.18.0.77"]);
    expect(await lookup("other2", "front")).toEqual(["198.18.0.77"]);
    expect(await lookup("client1", "front")).toEqual([vips.web]);
    expect(await lookup("other2", "front.shop.sdn.internal")).not.toEqual([vips.web]);
    await up({ front: entry("shop", [backend("web1")], { vip: "198.18.0.11", ttl: 1 }), rival1: rival });
    const follows = async (): Promise<boolean> =>
      (await lookup("client1", "front.shop.sdn.internal"))[0] === "198.18.0.11";
    await waitFor(follows, { what: "the name leads to the new address" });
    expect(await lookup("client1", "all.shop.sdn.internal")).toEqual(["ENOTFOUND"]);
  }, 300_000);

  test("what somebody breaks by hand is found by refresh and mended by up", async () => {
    await up({ front: entry("shop", [backend("web1")], { vip: vips.web }) });
    await h1("nft", "flush map inet sdn services4");
    await h1("sh", "-c", "ip rule del pref 5302; ip neigh flush nud permanent");
    const stdout = await stack.refresh();
    expect(stdout).toContain("nftables map services4 lacks");
    expect(stdout).toMatch(/the way of services' packets by sdn-b-\d+ lacks its routing rules \(IPv4\)/);
    expect(stdout).toContain("neighbour entry for 10.20.1.5");
    await stack.up();
    for (const from of ["client1", "near"] as const) {
      expect(await answers(from, vips.web)).toEqual([`web1 ${address(from)}`]);
    }
    expect((await stack.preview("--expect-no-changes")).code).toBe(0);
  }, 300_000);

  test("the last entry takes everything of it along", async () => {
    await up({});
    expect((await h1("nft", "list", "map", "inet", "sdn", "networks")).stdout).not.toContain("elements");
    expect((await h1("nft", "list", "table", "inet", "sdn")).stdout).not.toContain("svc-");
    expect((await h1("ip", "rule", "show")).stdout).not.toContain("sdn-b-");
    expect((await h1("ip", "-6", "rule", "show")).stdout).not.toContain("sdn-b-");
    expect((await h1("ip", "neigh", "show", "nud", "permanent")).stdout).toBe("");
  }, 300_000);
});
