/** An internal subnet on real engines, with real packets: its containers are joined, and that is all. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

const containers = [
  { name: "store1", host: "h1", subnet: "store" },
  { name: "store2", host: "h2", subnet: "store" },
  { name: "web1", host: "h1", subnet: "web" },
] as const;
type Container = (typeof containers)[number]["name"];

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly network: string;
}

function program(lab: Lab): Program {
  const subnet = (cidr: string, more: object = {}): YamlResource => ({
    type: "sdn:Subnet",
    properties: { network: ref("shop"), cidr, ipv6PrefixLength: 64, ...more },
  });
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      shop: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48", egress: "nat" },
      },
      store: subnet("10.20.3.0/24", { internal: true }),
      web: subnet("10.20.1.0/24"),
      ...Object.fromEntries(
        containers.map(({ name, host, subnet: of }) => [
          name,
          { type: "sdn:Endpoint", properties: { host: ref(host), subnet: ref(of) } },
        ]),
      ),
    },
    outputs: {
      vni: ref("store.vni"),
      ...Object.fromEntries(
        containers.map(({ name }) => [
          name,
          {
            ipv4: ref(`${name}.ipv4Address`),
            ipv6: ref(`${name}.ipv6Address`),
            network: ref(`${name}.dockerNetworkName`),
          },
        ]),
      ),
    },
  };
}

let lab: Lab;
let stack: Stack;
let vni: number;
let at: Readonly<Record<Container, Addresses>>;

const hostOf = (name: Container): LabHost => lab.host(containers.find((one) => one.name === name)?.host ?? "");
const inside = (name: Container, ...command: readonly string[]) =>
  hostOf(name).exec(["docker", "exec", name, ...command]);
/** With the machine's own tools and all rights, as an intruder would like to have them. */
async function asRoot(name: Container, command: string): Promise<string> {
  const pid = await hostOf(name).docker(["inspect", "--format", "{{.State.Pid}}", name]);
  return hostOf(name).run(`nsenter -t ${pid} -n sh -c '${command}'`);
}

async function reaches(from: Container, to: string): Promise<boolean> {
  return (await inside(from, to.includes(":") ? "ping6" : "ping", "-c1", "-W1", to)).code === 0;
}
const comesToReach = (from: Container, to: string): Promise<boolean> =>
  waitFor(() => reaches(from, to), { what: `${from} reaches ${to}`, timeoutMs: 15_000 });

/** Everything that is not the subnet. */
const elsewhere = (): readonly (readonly [string, string])[] => [
  ["its host", lab.host("h1").address],
  ["its host, over IPv6", lab.host("h1").address6],
  ["the other host", lab.host("h2").address],
  ["the outside", lab.outside4],
  ["the outside, over IPv6", lab.outside6],
  ["a subnet of its network on its host", at.web1.ipv4],
  ["a subnet of its network on its host, over IPv6", at.web1.ipv6],
  ["the gateway of that subnet", "10.20.1.1"],
  ["what would be its own gateway", "10.20.3.1"],
];

async function reached(from: Container): Promise<readonly string[]> {
  const answers = await Promise.all(elsewhere().map(async ([what, to]) => ((await reaches(from, to)) ? [what] : [])));
  return answers.flat();
}

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: true });
  stack = await Stack.create(program(lab));
  await stack.up();
  const outputs = await stack.outputs();
  vni = outputs["vni"] as number;
  at = outputs as unknown as typeof at;
  for (const { name } of containers) {
    const { network, ipv4, ipv6 } = at[name];
    const place = ["--network", network, "--ip", ipv4, "--ip6", ipv6];
    await hostOf(name).docker(["run", "-d", "--name", name, ...place, "sdn-lab/box", "sleep", "100000"]);
  }
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("the engine knows it as internal", async () => {
  for (const host of lab.hosts) {
    expect(await host.docker(["network", "inspect", "-f", "{{.Internal}}", "shop-store"])).toBe("true");
    expect(await host.docker(["network", "inspect", "-f", "{{.Internal}}", "shop-web"])).toBe("false");
  }
});

test("its containers reach each other across hosts, in both families", async () => {
  await comesToReach("store1", at.store2.ipv4);
  await comesToReach("store1", at.store2.ipv6);
  await comesToReach("store2", at.store1.ipv4);
  // What the others can: without it the tests below would pass on a host that passes nothing.
  await comesToReach("web1", lab.outside4);
  await comesToReach("web1", lab.outside6);
});

test.each(["store1", "store2"] as const)(
  "what the engine of %s may give as a default route leads to nobody",
  async (name) => {
    const routes = await asRoot(name, "ip -4 route show default; ip -6 route show default");
    for (const [, hop = ""] of routes.matchAll(/^default via (\S+)/gm)) expect(await reaches(name, hop)).toBe(false);
  },
);

test("nothing but its subnet is reached from it, and it is reached from nowhere else", async () => {
  expect(await reached("store1")).toEqual([]);
  expect(await reached("store2")).toEqual([]);
  for (const to of [at.store1.ipv4, at.store1.ipv6]) {
    expect(await reaches("web1", to)).toBe(false);
    expect((await lab.host("h1").exec(["ping", "-c1", "-W1", to])).code).not.toBe(0);
  }
});

test("nor with routes that somebody sets in the container, to the bridge's own MAC address", async () => {
  const mac = await lab.host("h1").run(`cat /sys/class/net/sdn-b-${String(vni)}/address`);
  await asRoot(
    "store1",
    `ip neigh replace 10.20.3.254 lladdr ${mac} dev eth0 && ip route replace default via 10.20.3.254 dev eth0 onlink && ` +
      `ip -6 neigh replace fe80::254 lladdr ${mac} dev eth0 && ip -6 route replace default via fe80::254 dev eth0`,
  );
  expect(await reached("store1")).toEqual([]);
  await asRoot("store1", "ip route del default; ip -6 route del default");
  await comesToReach("store1", at.store2.ipv4);
});

test("a second up changes nothing, and destroy leaves nothing", async () => {
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  for (const { name } of containers) await hostOf(name).docker(["rm", "-f", name]);
  await stack.destroy();
  for (const host of lab.hosts) {
    expect(await host.docker(["network", "ls", "--format", "{{.Name}}"])).not.toContain("shop");
    expect(await host.run("ip -o link")).not.toContain("sdn-");
  }
});
