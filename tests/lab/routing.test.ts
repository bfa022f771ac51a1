/** What routers let through, with real packets: hosts and endpoints are network namespaces of this machine. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { cli } from "./harness/cli";
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);

/** Endpoint → host and subnet. Each network has one subnet of its name; `d` is a second one of network `a`. */
const boxes = {
  a1: { host: "h1", subnet: "a", address: "10.20.1.5" },
  a2: { host: "h2", subnet: "a", address: "10.20.1.6" },
  d1: { host: "h2", subnet: "d", address: "10.20.9.5" },
  b1: { host: "h1", subnet: "b", address: "10.30.1.5" },
  b2: { host: "h2", subnet: "b", address: "10.30.1.6" },
  c1: { host: "h1", subnet: "c", address: "10.40.1.5" },
} as const;
type Box = keyof typeof boxes;
const spaces = { a: 20, b: 30, c: 40 } as const;
const nameOf = (box: Box): string => `${tag}-${box}`;

let lab: Lab;
let stack: Stack;

type Resources = Readonly<Record<string, YamlResource>>;

/** Networks' own properties, by name. */
type Extra = Readonly<Partial<Record<keyof typeof spaces, object>>>;

/** The same for endpoints and for subnets. */
type More = Readonly<Record<string, object>>;

function base(extra: Extra, moreBoxes: More, moreSubnets: More): Resources {
  const hosts = lab.hosts.map(({ name, netns }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns } },
  ]);
  const networks = Object.entries(spaces).flatMap(([name, second]): [string, YamlResource][] => [
    [
      `net-${name}`,
      {
        type: "sdn:VirtualNetwork",
        properties: {
          fabric: ref("fabric"),
          cidr: `10.${second}.0.0/16`,
          ipv6Cidr: `fd00:${second}::/48`,
          ...extra[name as keyof typeof spaces],
        },
      },
    ],
    [
      name,
      {
        type: "sdn:Subnet",
        properties: {
          network: ref(`net-${name}`),
          cidr: `10.${second}.1.0/24`,
          ipv6Cidr: `fd00:${second}:0:1::/64`,
          ...moreSubnets[name],
        },
      },
    ],
  ]);
  const endpoints = Object.entries(boxes).map(([name, { host, subnet, address }]): [string, YamlResource] => [
    name,
    {
      type: "sdn:Endpoint",
      properties: {
        host: ref(host),
        subnet: ref(subnet),
        namespace: { name: nameOf(name as Box) },
        ipv4Address: address,
        ...(subnet === "d"
          ? {}
          : { ipv6Address: `fd00:${address.split(".")[1] ?? ""}:0:1::${address.split(".")[3] ?? ""}` }),
        ...moreBoxes[name],
      },
    },
  ]);
  return {
    ...Object.fromEntries(hosts),
    fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
    ...Object.fromEntries([...networks, ...endpoints]),
    d: { type: "sdn:Subnet", properties: { network: ref("net-a"), cidr: "10.20.9.0/24" } },
  };
}

const peering = (one: string, other: string, more: object = {}): YamlResource => ({
  type: "sdn:NetworkPeering",
  properties: { networks: [ref(`net-${one}`), ref(`net-${other}`)], ...more },
});

async function write(more: Resources = {}, extra: Extra = {}, moreBoxes: More = {}, subnets: More = {}): Promise<void> {
  const program: Program = { resources: { ...base(extra, moreBoxes, subnets), ...more } };
  await stack.write(program);
}

const machine = async (...[name, ...args]: readonly [string, ...string[]]): Promise<number> =>
  (await execute(name, args)).code;
const inBox = (box: Box, ...command: readonly string[]) => execute("ip", ["netns", "exec", nameOf(box), ...command]);
const address = (box: Box, family: 4 | 6 = 4): string => {
  const [, second = "", , last = ""] = boxes[box].address.split(".");
  return family === 4 ? boxes[box].address : `fd00:${second}:0:1::${last}`;
};
const pings = async (from: Box, to: string): Promise<boolean> =>
  (await inBox(from, "ping", "-c1", "-W2", to)).code === 0;
const comesToReach = (from: Box, to: string): Promise<boolean> =>
  waitFor(() => pings(from, to), { what: `${from} reaches ${to}` });

/** By hand: a route of a network's router on h1 that goes to a peer. */
async function leadThrough(network: keyof typeof spaces, destination: string): Promise<void> {
  const names = (await execute("ip", ["netns", "list"])).stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
  for (const router of names.filter((name) => name.endsWith(`--${lab.host("h1").netns}`))) {
    const { stdout } = await execute("ip", ["-n", router, "-br", "addr"]);
    if (!stdout.includes(`10.${spaces[network]}.1.1/`)) continue;
    const [, link = "", head = "", last = ""] = /^(p\d+)\S*\s+\S+\s+([\d.]+\.)(\d+)\/31/m.exec(stdout) ?? [];
    const via = `${head}${String(Number(last) ^ 1)}`;
    expect(await machine("ip", "-n", router, "route", "add", destination, "via", via, "dev", link)).toBe(0);
    return;
  }
  throw new Error(`no router of ${network}`);
}

/** Servers in namespaces that say who asks them. */
const servers: ChildProcess[] = [];
async function serve(namespace: string, port: number): Promise<void> {
  const text = `require("node:net").createServer((s) => s.end(s.remoteAddress.replace("::ffff:", ""))).listen(${port}, "::")`;
  servers.push(spawn("ip", ["netns", "exec", namespace, process.execPath, "-e", text], { stdio: "ignore" }));
  const listens = async (): Promise<boolean> =>
    (await execute("ip", ["netns", "exec", namespace, "ss", "-Hltn", `sport = ${port}`])).stdout !== "";
  await waitFor(listens, { what: `a server in ${namespace}` });
}
/** What the server at that address answers: the address that it sees. */
async function asks(namespace: string, to: string, port: number): Promise<string | undefined> {
  const words = ["netns", "exec", namespace, "timeout", "2", "bash", "-c", `exec 3<>/dev/tcp/${to}/${port}; cat <&3`];
  const { code, stdout } = await execute("ip", words);
  return code === 0 ? stdout : undefined;
}
const seenBy = (namespace: string, to: string, port: number, expected: string): Promise<boolean> =>
  waitFor(async () => (await asks(namespace, to, port)) === expected, { what: `${to}:${port} sees ${expected}` });

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const box of Object.keys(boxes) as Box[]) await machine("ip", "netns", "add", nameOf(box));
  await serve(lab.netns, 8080);
  stack = await Stack.create({ resources: {} });
}, 120_000);

afterAll(async () => {
  for (const server of servers) server.kill("SIGKILL");
  for (const box of Object.keys(boxes) as Box[]) await machine("ip", "netns", "del", nameOf(box));
  await stack.remove();
  await lab.down();
});

describe("peering", () => {
  test("two networks do not reach each other without one", async () => {
    await write();
    await stack.up();
    await comesToReach("b1", address("b2"));
    expect(await pings("a1", address("b1"))).toBe(false);
  });

  test("with one they do, on one host and across hosts, in both families; and it leads no further", async () => {
    await write({ ab: peering("a", "b"), bc: peering("b", "c") });
    await stack.up();
    for (const to of ["b1", "b2"] as const) {
      await comesToReach("a1", address(to));
      await comesToReach("a1", address(to, 6));
    }
    await comesToReach("b2", address("c1"));
    expect(await pings("a1", address("c1"))).toBe(false);
    // Not by b, even where a route says so.
    await leadThrough("a", "10.40.0.0/16");
    expect(await pings("a1", address("c1"))).toBe(false);
    expect(await pings("c1", address("a1"))).toBe(false);
  });

  test("prefixes limit it, while what stays allowed is not interrupted", async () => {
    await write({ ab: peering("a", "b", { prefixes: ["10.30.1.5/32"] }) });
    await stack.up();
    await comesToReach("a1", address("b1"));
    expect(await pings("a1", address("b2"))).toBe(false);
    expect(await pings("b2", address("c1"))).toBe(false);
    await write();
    await stack.up();
    expect(await pings("a1", address("b1"))).toBe(false);
    await stack.up("--expect-no-changes");
  });
});

describe("translation", () => {
  const port = 8080;
  const second = "10.99.0.77";
  const outside = (): string => lab.outside4;
  const h1 = () => lab.host("h1");
  const backTo = (block: string, name: string, family: 4 | 6 = 4) => {
    const host = lab.host(name);
    const via = family === 4 ? host.address : host.address6;
    return machine("ip", "-n", lab.netns, `-${family}`, "route", "replace", block, "via", via);
  };

  beforeAll(async () => {
    for (const box of ["a1", "a2"] as const) await serve(nameOf(box), port);
    expect(await machine("ip", "-n", h1().netns, "addr", "add", `${second}/32`, "dev", "lo")).toBe(0);
    expect(await backTo(`${second}/32`, "h1")).toBe(0);
    expect(await backTo("10.20.1.5/32", "h1")).toBe(0);
    expect(await backTo("10.20.1.6/32", "h2")).toBe(0);
  });

  test("egress none, nat and routed: nothing, the host's address, the endpoint's own", async () => {
    await write();
    await stack.up();
    expect(await asks(nameOf("a1"), outside(), port)).toBeUndefined();
    await write({}, { a: { egress: "nat" } });
    await stack.up();
    await seenBy(nameOf("a1"), outside(), port, h1().address);
    await seenBy(nameOf("a2"), outside(), port, lab.host("h2").address);
    await write({}, { a: { egress: "routed" } });
    await stack.up();
    await seenBy(nameOf("a1"), outside(), port, boxes.a1.address);
    await seenBy(nameOf("a2"), outside(), port, boxes.a2.address);
    // Out, and replies; not in.
    expect(await asks(lab.netns, boxes.a1.address, port)).toBeUndefined();
  });

  test("source rules: the first that matches decides", async () => {
    const source = [
      { from: "10.20.1.5/32", to: `${outside()}/32`, address: "none" },
      { from: "10.20.0.0/16", address: second, hosts: ["h1"] },
    ];
    await write({}, { a: { egress: "nat", nat: { source } } });
    await stack.up();
    await seenBy(nameOf("a1"), outside(), port, boxes.a1.address);
    await seenBy(nameOf("a2"), outside(), port, lab.host("h2").address);
    await write({}, { a: { egress: "nat", nat: { source: source.slice(1) } } });
    await stack.up();
    await seenBy(nameOf("a1"), outside(), port, second);
  });

  test("a port of a host leads to an endpoint on any host, from outside, from other networks and from its own", async () => {
    const destination = [
      { name: "far", hosts: ["h1"], protocol: "tcp", port: 8081, toAddress: boxes.a2.address, toPort: port },
      {
        name: "near",
        hosts: ["h1"],
        protocol: "tcp",
        port: 8082,
        toAddress: boxes.a1.address,
        toPort: port,
        preserveSource: true,
      },
      {
        name: "range",
        hosts: ["h1"],
        address: second,
        protocol: "tcp",
        port: 8079,
        endPort: 8083,
        toAddress: boxes.a1.address,
      },
    ];
    await write({}, { a: { nat: { destination } }, b: { egress: "nat" } });
    await stack.up();
    const router = await waitFor(() => asks(lab.netns, h1().address, 8081), { what: "the port answers" });
    expect(router).toMatch(/^10\.20\.1\.\d+$/);
    expect(Object.values(boxes).map((box): string => box.address)).not.toContain(router);
    const route = (await execute("ip", ["-n", lab.netns, "route", "get", h1().address])).stdout;
    const [, client = ""] = / src (\S+)/.exec(route) ?? [];
    await seenBy(lab.netns, h1().address, 8082, client);
    expect(await asks(lab.netns, second, port)).toMatch(/^10\.20\.1\.\d+$/);
    expect(await asks(lab.netns, h1().address, 8083)).toBeUndefined();
    expect(await asks(lab.host("h2").netns, h1().address, 8081)).toMatch(/^10\.20\.1\./);
    expect(await asks(h1().netns, h1().address, 8081)).toMatch(/^10\.20\.1\./);
    expect(await asks(nameOf("b1"), h1().address, 8081)).toMatch(/^10\.20\.1\./);
    // In, and replies; not out.
    expect(await asks(nameOf("a1"), outside(), port)).toBeUndefined();
  });

  test("what somebody took away or changed is found by refresh and mended by up", async () => {
    const inHost = (...command: readonly string[]) => machine("ip", "netns", "exec", h1().netns, ...command);
    const key = `${h1().address} . tcp . 8081`;
    expect(await inHost("nft", "delete", "element", "inet", "sdn", "ports4", `{ ${key} }`)).toBe(0);
    expect(await asks(lab.netns, h1().address, 8081)).toBeUndefined();
    expect(await stack.refresh()).toContain(`nftables map ports4 lacks ${key}`);
    await stack.up();
    await waitFor(() => asks(lab.netns, h1().address, 8081), { what: "the port answers again" });
    await stack.up("--expect-no-changes");
  });

  test("IPv6 goes the same ways: out with the host's address or the endpoint's own, in by a port of the host", async () => {
    const into = { protocol: "tcp", toAddress: address("a2", 6), toPort: port } as const;
    const destination = [{ name: "six", hosts: ["h1"], address: h1().address6, port: 8086, ...into }];
    await write({}, { a: { egress: "nat", nat: { destination } }, b: { egress: "nat" } });
    await stack.up();
    await seenBy(nameOf("a1"), lab.outside6, port, h1().address6);
    await seenBy(nameOf("a2"), lab.outside6, port, lab.host("h2").address6);
    const router = await waitFor(() => asks(lab.netns, h1().address6, 8086), { what: "the port answers" });
    expect(router).toMatch(/^fd00:20:0:1:/);
    expect([address("a1", 6), address("a2", 6)]).not.toContain(router);
    expect(await asks(lab.host("h2").netns, h1().address6, 8086)).toMatch(/^fd00:20:0:1:/);
    expect(await asks(h1().netns, h1().address6, 8086)).toMatch(/^fd00:20:0:1:/);
    expect(await asks(nameOf("b1"), h1().address6, 8086)).toMatch(/^fd00:20:0:1:/);
    // By the host's IPv4 address there is no such port.
    expect(await asks(lab.netns, h1().address, 8086)).toBeUndefined();
    expect(await backTo(`${address("a1", 6)}/128`, "h1", 6)).toBe(0);
    const source = [{ from: `${address("a1", 6)}/128`, to: `${lab.outside6}/128`, address: "none" }];
    await write({}, { a: { egress: "nat", nat: { source } } });
    await stack.up();
    await seenBy(nameOf("a1"), lab.outside6, port, address("a1", 6));
    await seenBy(nameOf("a2"), lab.outside6, port, lab.host("h2").address6);
    expect(await asks(lab.netns, h1().address6, 8086)).toBeUndefined();
    // Out, and replies; not in.
    expect(await asks(lab.netns, address("a1", 6), port)).toBeUndefined();
  });

  test("a port on which the host listens is refused in a preview", async () => {
    await serve(h1().netns, 8090);
    const rule = { name: "taken", hosts: ["h1"], protocol: "tcp", port: 8090, toAddress: boxes.a1.address };
    await write({}, { a: { nat: { destination: [rule] } } });
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout).toContain("the host itself listens on tcp port 8090");
  });
});

describe("a subnet as large as its network", () => {
  const box = `${tag}-whole`;
  const inside = (...command: readonly string[]) => execute("ip", ["netns", "exec", box, ...command]);
  const answers = async (to: string): Promise<boolean> => (await inside("ping", "-c1", "-W1", to)).code === 0;
  const whole = (routes: readonly object[] = []): Resources => ({
    "net-whole": {
      type: "sdn:VirtualNetwork",
      properties: {
        fabric: ref("fabric"),
        cidr: "10.50.0.0/16",
        ipv6Cidr: "fd00:50::/64",
        egress: "nat",
        routes,
      },
    },
    whole: {
      type: "sdn:Subnet",
      properties: { network: ref("net-whole"), cidr: "10.50.0.0/16", ipv6Cidr: "fd00:50::/64" },
    },
    w1: {
      type: "sdn:Endpoint",
      properties: { host: ref("h1"), subnet: ref("whole"), namespace: { name: box }, ipv4Address: "10.50.0.5" },
    },
  });

  /** The network's router on the first host. */
  async function router(): Promise<string> {
    const names = (await execute("ip", ["netns", "list"])).stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
    for (const name of names.filter((one) => one.endsWith(`--${lab.host("h1").netns}`))) {
      if ((await execute("ip", ["-n", name, "-br", "addr"])).stdout.includes("10.50.0.1/")) return name;
    }
    throw new Error("no router of 10.50.0.0/16");
  }

  beforeAll(async () => {
    await machine("ip", "netns", "add", box);
  });
  afterAll(async () => {
    await machine("ip", "netns", "del", box);
  });

  test("gets answers from outside, in both families", async () => {
    await write(whole());
    await stack.up();
    await waitFor(() => answers(lab.outside4), { what: "an answer from outside" });
    await waitFor(() => answers(lab.outside6), { what: "an answer from outside in IPv6" });
  });

  test("loses none of them while its network's routes are changed", async () => {
    const pinging = inside("ping", "-i", "0.02", "-W", "1", "-w", "20", lab.outside4);
    await write(whole([{ destination: "192.168.77.0/24", nextHop: "blackhole" }]));
    await stack.up();
    expect((await pinging).stdout).toMatch(/ 0% packet loss/);
  });

  test("of an older version, which led them nowhere, is found by a refresh and mended by the next up", async () => {
    const name = await router();
    await machine("ip", "-n", name, "route", "del", "blackhole", "10.50.0.0/16");
    expect(await machine("ip", "-n", name, "route", "prepend", "blackhole", "10.50.0.0/16")).toBe(0);
    expect(await answers(lab.outside4)).toBe(false);
    expect(await stack.refresh()).toContain(
      `route to 10.50.0.0/16 in ${name} by blackhole is asked before that of a subnet of the same block`,
    );
    await stack.up();
    await waitFor(() => answers(lab.outside4), { what: "an answer from outside" });
    await write();
    await stack.up();
  });
});

describe("routes", () => {
  const port = 8080;
  const behind = "172.31.7.7";
  const sysctl = (box: Box, setting: string) => inBox(box, "sysctl", "-qw", setting);

  /** Box d1 on h2 as an appliance: what is behind it answers, and it sends on what it gets. */
  async function appliance(): Promise<void> {
    await sysctl("d1", "net.ipv4.ip_forward=1");
    await inBox("d1", "ip", "addr", "replace", `${behind}/32`, "dev", "lo");
  }

  const d1 = { d1: { antiSpoofing: false } };

  test("a static route leads to what is behind an endpoint, from every host, and a blackhole nowhere", async () => {
    await write({}, { a: { routes: [{ destination: "172.31.7.0/24", nextHop: boxes.d1.address }] } }, d1);
    await stack.up();
    await appliance();
    await comesToReach("a1", behind);
    await comesToReach("a2", behind);
    const holed = { destination: `${behind}/32`, nextHop: "blackhole" };
    await write({}, { a: { routes: [{ destination: "172.31.7.0/24", nextHop: boxes.d1.address }, holed] } }, d1);
    await stack.up();
    expect(await pings("a1", behind)).toBe(false);
  });

  test("a policy route takes one source by the next hop, and the others go as before", async () => {
    // The appliance answers for the outside address itself, so who was asked tells the way.
    await inBox("d1", "ip", "addr", "replace", `${lab.outside4}/32`, "dev", "lo");
    await serve(nameOf("d1"), port);
    const policyRoutes = [{ priority: 10, from: "10.20.1.5/32", nextHop: boxes.d1.address }];
    await write({}, { a: { egress: "nat", policyRoutes } }, d1);
    await stack.up();
    await seenBy(nameOf("a1"), lab.outside4, port, boxes.a1.address);
    await seenBy(nameOf("a2"), lab.outside4, port, lab.host("h2").address);
    // Inside the network nothing changes.
    await comesToReach("a1", boxes.a2.address);
    const { stdout } = await execute("ip", ["netns", "list"]);
    const router = stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
    const h1 = lab.host("h1").netns;
    for (const name of router.filter((one) => one.endsWith(`--${h1}`)))
      await machine("ip", "-n", name, "rule", "del", "pref", "1032");
    await seenBy(nameOf("a1"), lab.outside4, port, lab.host("h1").address);
    expect(await stack.refresh()).toContain("routing rule 1032 in sdn-r-");
    await stack.up();
    await seenBy(nameOf("a1"), lab.outside4, port, boxes.a1.address);
    await stack.up("--expect-no-changes");
  });

  /** What the kernel of a network's router on a host does with a packet out of a subnet. */
  async function kernelSays(host: string, from: Box, to: string): Promise<string> {
    const gateway = `${boxes[from].address.replace(/\d+$/, "1")}/`;
    const names = (await execute("ip", ["netns", "list"])).stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
    for (const router of names.filter((name) => name.endsWith(`--${lab.host(host).netns}`))) {
      const links = (await execute("ip", ["-n", router, "-br", "addr"])).stdout;
      const [, arriving = ""] = new RegExp(`^(a\\d+)\\S*\\s.*${gateway.replaceAll(".", "\\.")}`, "m").exec(links) ?? [];
      if (arriving === "") continue;
      const asked = ["-n", router, "route", "get", to, "from", boxes[from].address, "iif", arriving];
      const { code, stdout } = await execute("ip", asked);
      const [, via, device = ""] = /(?: via (\S+))? dev (\S+)/.exec(stdout) ?? [];
      if (code !== 0) return "dropped";
      if (device === "uplink") return "uplink";
      return via === undefined ? "subnet" : `via ${via}`;
    }
    throw new Error(`no router of ${from} on ${host}`);
  }

  /** The same as `pulumi-sdn route` tells it. */
  async function routeSays(from: Box, to: string): Promise<string> {
    const hosts = lab.hosts.flatMap(({ name, netns }) => ["--host", `${name}=netns:${netns}`]);
    const { stdout } = await cli(["route", from, to, "--json", ...hosts]);
    const { hops, reason } = JSON.parse(stdout) as { hops: { device: string; action: string }[]; reason: string };
    const said = hops.filter(({ device }) => device.startsWith("sdn-r-")).map(({ action }) => action);
    const [, via] = /next hop (\S+)/.exec(said.join()) ?? [];
    if (via !== undefined) return `via ${via}`;
    if (said.some((action) => action.includes("uplink"))) return "uplink";
    return said.some((action) => action.startsWith("routes it to subnet")) ? "subnet" : `dropped: ${reason}`;
  }

  test("getRoute tells what the routers' kernels do, by source, by destination, and into holes", async () => {
    const nextHop = boxes.d1.address;
    const routes = [
      { destination: "172.31.0.0/16", nextHop },
      { destination: "172.31.7.0/24", nextHop: "blackhole" },
      { destination: "10.20.128.0/17", nextHop },
    ];
    const policyRoutes = [
      { priority: 10, from: "10.20.1.5/32", nextHop },
      { priority: 20, from: "10.20.1.0/24", to: "172.31.8.0/24", nextHop },
      { priority: 30, from: "10.20.1.0/24", to: "198.51.100.0/24", nextHop: "10.20.5.9" },
    ];
    const extra = { type: "sdn:Subnet", properties: { network: ref("net-a"), cidr: "10.20.5.0/24", hosts: ["h2"] } };
    const internal = {
      type: "sdn:Subnet",
      properties: { network: ref("net-a"), cidr: "10.20.6.0/24", internal: true },
    };
    await write({ extra, internal }, { a: { egress: "nat", routes, policyRoutes } }, d1);
    await stack.up();
    const sources: readonly Box[] = ["a1", "a2", "d1"];
    const targets = [
      ...["203.0.113.9", "172.31.1.1", "172.31.7.1", "172.31.8.1", "10.20.130.1", "10.20.99.1", "198.51.100.7"],
      ...["10.20.6.9", "10.20.5.200", "10.20.9.99", "10.20.1.99"],
    ];
    const differing: string[] = [];
    const kinds = new Set<string>();
    for (const from of sources) {
      for (const to of targets) {
        // Within its own subnet no router has the packet.
        if (to.startsWith(boxes[from].address.replace(/\d+$/, ""))) continue;
        const [kernel, told] = [await kernelSays(boxes[from].host, from, to), await routeSays(from, to)];
        kinds.add(kernel.split(" ")[0] ?? "");
        if (told.split(":")[0] !== kernel) differing.push(`${from} to ${to}: kernel ${kernel}, told ${told}`);
      }
    }
    expect(differing).toEqual([]);
    expect([...kinds].sort()).toEqual(["dropped", "subnet", "uplink", "via"]);
  });
});

describe("an internal subnet", () => {
  test("joins its endpoints across hosts, which reach nothing else and are reached by nothing else", async () => {
    await write({}, { a: { egress: "nat" } }, {}, { a: { internal: true } });
    await stack.up();
    await comesToReach("a1", boxes.a2.address);
    expect(await pings("a1", boxes.d1.address)).toBe(false);
    expect(await pings("d1", boxes.a1.address)).toBe(false);
    expect(await pings("a1", lab.outside4)).toBe(false);
    expect((await inBox("a1", "ip", "route", "show", "default")).stdout).toBe("");
    await write({}, { a: { egress: "nat" } });
    await stack.up();
    await comesToReach("a1", boxes.d1.address);
  });
});

test("destroy leaves nothing", async () => {
  await stack.destroy();
  const list = (await execute("ip", ["netns", "list"])).stdout;
  for (const { netns } of lab.hosts) {
    expect(list).not.toContain(`--${netns}`);
    expect((await execute("ip", ["-n", netns, "-o", "link"])).stdout).not.toContain("sdn-");
  }
});
