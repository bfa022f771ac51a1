/** Hosts that are network namespaces of this machine, with an IPv6 underlay; endpoints that are namespaces. */
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);
const namespaces = { left: `${tag}-left`, right: `${tag}-right`, behind: `${tag}-behind` } as const;

let lab: Lab;
let stack: Stack;

function program(subnet: Readonly<Record<string, unknown>> = {}): Program {
  const hosts = Object.fromEntries(
    lab.hosts.map(({ name, netns, address6 }): [string, YamlResource] => [
      name,
      { type: "sdn:Host", properties: { namespace: netns, underlayAddress: address6 } },
    ]),
  );
  const endpoint = (host: string, name: string, more: object = {}): YamlResource => ({
    type: "sdn:Endpoint",
    properties: { host: ref(host), subnet: ref("seg"), namespace: { name }, ...more },
  });
  return {
    resources: {
      ...hosts,
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      net: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), prefixLength: 16, ipv6Cidr: "fd00:9::/48" },
      },
      seg: {
        type: "sdn:Subnet",
        properties: { network: ref("net"), prefixLength: 24, ipv6PrefixLength: 64, ...subnet },
      },
      left: endpoint("h1", namespaces.left),
      right: endpoint("h2", namespaces.right, { macAddress: "02:00:5e:10:00:01" }),
    },
    outputs: {
      mtu: ref("seg.mtu"),
      ipv4: ref("right.ipv4Address"),
      ipv6: ref("right.ipv6Address"),
      cidr: ref("seg.cidr"),
    },
  };
}

const machine = async (...command: readonly [string, ...string[]]): Promise<number> => {
  const [name, ...args] = command;
  return (await execute(name, args)).code;
};
const pings = async (to: string, ...options: readonly string[]): Promise<boolean> =>
  (await machine("ip", "netns", "exec", namespaces.left, "ping", "-c1", "-W2", ...options, to)) === 0;

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const name of Object.values(namespaces)) await machine("ip", "netns", "add", name);
  stack = await Stack.create(program());
}, 120_000);

afterAll(async () => {
  for (const name of Object.values(namespaces)) await machine("ip", "netns", "del", name);
  await stack.remove();
  await lab.down();
});

test("namespaces on two hosts reach each other over an IPv6 underlay, with the MTU that it leaves", async () => {
  await stack.up();
  const { mtu, ipv4, ipv6 } = (await stack.outputs()) as { mtu: number; ipv4: string; ipv6: string };
  expect(mtu).toBe(1430);
  await waitFor(() => pings(ipv4), { what: "left reaches right" });
  await waitFor(() => pings(ipv6), { what: "left reaches right by IPv6" });
  expect(await pings(ipv4, "-M", "do", "-s", String(1430 - 28))).toBe(true);
  expect(await pings(ipv4, "-M", "do", "-s", String(1430 - 27))).toBe(false);
});

test("a new attachment of an endpoint replaces its port, the old one first, and the preview names the property", async () => {
  const changed = program();
  const right = {
    ...changed.resources["right"],
    properties: {
      ...changed.resources["right"]?.properties,
      namespace: { name: namespaces.right, interface: "data0" },
    },
  };
  await stack.write({ ...changed, resources: { ...changed.resources, right: right as YamlResource } });
  const { stdout } = await stack.preview("--json");
  const steps = (
    JSON.parse(stdout) as {
      steps: readonly { op: string; urn: string; detailedDiff?: Readonly<Record<string, unknown>> }[];
    }
  ).steps;
  const port = steps.find(({ op, urn }) => op === "replace" && urn.includes("sdn:linux:Port::right"));
  expect(Object.keys(port?.detailedDiff ?? {})).toEqual(["spec.attachment.interface"]);
  await stack.up();
  const { ipv4 } = (await stack.outputs()) as { ipv4: string };
  await waitFor(() => pings(ipv4), { what: "left reaches right at its new interface" });
  expect((await execute("ip", ["-n", namespaces.right, "-br", "link"])).stdout).toContain("data0");
  await stack.write(program());
  await stack.up();
});

test("an interface of a host becomes a port of the segment, and whoever is behind it is on the subnet", async () => {
  const { netns } = lab.host("h1");
  await machine(
    "ip",
    "-n",
    netns,
    "link",
    "add",
    "plug0",
    "type",
    "veth",
    "peer",
    "name",
    "eth1",
    "netns",
    namespaces.behind,
  );
  const endpoint = {
    type: "sdn:Endpoint",
    properties: { host: ref("h1"), subnet: ref("seg"), interface: { name: "plug0" } },
  };
  const { resources, outputs } = program();
  await stack.write({
    resources: { ...resources, plugged: endpoint },
    outputs: { ...outputs, plugged: ref("plugged.ipv4Address") },
  });
  await stack.up();
  const { plugged, mtu } = (await stack.outputs()) as { plugged: string; mtu: number };
  for (const words of [
    ["addr", "add", `${plugged}/24`, "dev", "eth1"],
    ["link", "set", "eth1", "mtu", String(mtu), "up"],
  ]) {
    await machine("ip", "-n", namespaces.behind, ...words);
  }
  await waitFor(() => pings(plugged), { what: "left reaches what is behind the interface" });
  await stack.write(program());
  await stack.up();
  expect((await execute("ip", ["-n", netns, "-o", "link", "show", "plug0"])).stdout).not.toContain("master");
  await machine("ip", "-n", netns, "link", "del", "plug0");
});

test("a subnet outside of its network's space is refused, and what was there stays", async () => {
  const before = (await stack.outputs()) as { cidr: string };
  await stack.write(program({ cidr: "10.255.7.0/24", prefixLength: undefined }));
  const refused = await stack.preview();
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toContain("10.255.7.0/24");
  await stack.write(program());
  expect(((await stack.outputs()) as { cidr: string }).cidr).toBe(before.cidr);
  await stack.up("--expect-no-changes");
});

test("a host is imported by its id alone", async () => {
  const other = await Stack.create({ resources: {} });
  try {
    const { netns } = lab.host("h1");
    await other.must([
      "import",
      "sdn:index:Host",
      "machine",
      `netns:${netns}`,
      "--yes",
      "--generate-code=false",
      "--protect=false",
    ]);
    expect(await other.exported()).toContain(`"namespace": "${netns}"`);
    await other.write({
      resources: { machine: { type: "sdn:Host", properties: { namespace: netns } } },
    });
    expect(await other.up("--expect-no-changes")).toContain("unchanged");
  } finally {
    await other.remove();
  }
});

test("destroy leaves no router, no interface and no record", async () => {
  await stack.destroy();
  const list = (await execute("ip", ["netns", "list"])).stdout;
  for (const { netns } of lab.hosts) {
    expect(list).not.toContain(`--${netns}`);
    expect((await execute("ip", ["-n", netns, "-o", "link"])).stdout).not.toContain("sdn-");
    expect(await machine("test", "-e", `/var/lib/sdn/netns/${netns}`)).not.toBe(0);
  }
});
