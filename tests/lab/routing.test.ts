/** What routers let through, with real packets: hosts and endpoints are network namespaces of this machine. */
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);

/** Endpoint → host and subnet. Each network has one subnet of its name. */
const boxes = {
  a1: { host: "h1", subnet: "a", address: "10.20.1.5" },
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

function base(): Resources {
  const hosts = lab.hosts.map(({ name, netns }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns } },
  ]);
  const networks = Object.entries(spaces).flatMap(([name, second]): [string, YamlResource][] => [
    [
      `net-${name}`,
      {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: `10.${second}.0.0/16`, ipv6Cidr: `fd00:${second}::/48` },
      },
    ],
    [
      name,
      {
        type: "sdn:Subnet",
        properties: { network: ref(`net-${name}`), cidr: `10.${second}.1.0/24`, ipv6Cidr: `fd00:${second}:0:1::/64` },
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
        ipv6Address: `fd00:${address.split(".")[1] ?? ""}:0:1::${address.split(".")[3] ?? ""}`,
      },
    },
  ]);
  return {
    ...Object.fromEntries(hosts),
    fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
    ...Object.fromEntries([...networks, ...endpoints]),
  };
}

const peering = (one: string, other: string, more: object = {}): YamlResource => ({
  type: "sdn:NetworkPeering",
  properties: { networks: [ref(`net-${one}`), ref(`net-${other}`)], ...more },
});

async function write(more: Resources = {}): Promise<void> {
  const program: Program = { resources: { ...base(), ...more } };
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

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const box of Object.keys(boxes) as Box[]) await machine("ip", "netns", "add", nameOf(box));
  stack = await Stack.create({ resources: {} });
}, 120_000);

afterAll(async () => {
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

test("destroy leaves nothing", async () => {
  await stack.destroy();
  const list = (await execute("ip", ["netns", "list"])).stdout;
  for (const { netns } of lab.hosts) {
    expect(list).not.toContain(`--${netns}`);
    expect((await execute("ip", ["-n", netns, "-o", "link"])).stdout).not.toContain("sdn-");
  }
});
