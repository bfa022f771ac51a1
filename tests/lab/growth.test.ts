/** A subnet grows in place: nobody's address changes and no packet is lost, and what comes has the new space. */
import { startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const old = { cidr: "10.9.1.0/24", ipv6Cidr: "fd00:9:0:1::/64" };
const grown = { cidr: "10.9.0.0/23", ipv6Cidr: "fd00:9::/63" };

let lab: Lab;
let stack: Stack;

/** Plugged into their namespaces (`none`) or connected by Docker (`bridge`), one of each kind on each host. */
const boxes = [
  { name: "left", host: "h1", networkMode: "none" },
  { name: "right", host: "h2", networkMode: "none" },
  { name: "leftd", host: "h1", networkMode: "bridge" },
  { name: "rightd", host: "h2", networkMode: "bridge" },
] as const;

function program(
  subnet: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, YamlResource>> = {},
): Program {
  const endpoint = ({ name, host, networkMode }: (typeof boxes)[number]): [string, YamlResource] => [
    name,
    { type: "sdn:Endpoint", properties: { host: ref(host), subnet: ref("seg"), container: { name, networkMode } } },
  ];
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      net: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.9.0.0/16", ipv6Cidr: "fd00:9::/32" },
      },
      seg: { type: "sdn:Subnet", properties: { network: ref("net"), ...subnet } },
      ...Object.fromEntries(boxes.map(endpoint)),
      ...more,
    },
    outputs: {
      gateway: ref("seg.gateway"),
      ranges: ref("seg.hostRanges"),
      ...Object.fromEntries(boxes.map(({ name }) => [name, [ref(`${name}.ipv4Address`), ref(`${name}.ipv6Address`)]])),
    },
  };
}

const hostOf = (name: string): string => boxes.find((box) => box.name === name)?.host ?? "h2";

/** Runs `ping` where the container's interfaces are. */
async function ping(
  from: string,
  to: string,
  ...options: readonly string[]
): Promise<{ code: number; stdout: string }> {
  const host = lab.host(hostOf(from));
  const pid = await host.docker(["inspect", "--format", "{{.State.Pid}}", from]);
  return host.exec(["nsenter", "-t", pid, "-n", "ping", "-q", "-W1", ...options, to], { timeoutMs: 60_000 });
}
const comesToReach = (from: string, to: string): Promise<boolean> =>
  waitFor(async () => (await ping(from, to, "-c1")).code === 0, { what: `${from} reaches ${to}`, timeoutMs: 15_000 });

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: true });
  for (const { name, host, networkMode } of boxes) {
    const network = networkMode === "none" ? ["--network", "none"] : [];
    await lab.host(host).docker(["run", "-d", "--name", name, ...network, "sdn-lab/box", "sleep", "100000"]);
  }
  stack = await Stack.create(program(old));
  await stack.up();
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("growing changes no address, keeps every engine's network, and loses no packet", async () => {
  const before = await stack.outputs();
  const addressesOf = (name: string): readonly string[] => before[name] as string[];
  const [right4 = "", right6 = ""] = addressesOf("right");
  const [rightd4 = ""] = addressesOf("rightd");
  const probes: readonly (readonly [string, string])[] = [
    ["left", right4],
    ["left", right6],
    ["left", before["gateway"] as string],
    ["leftd", rightd4],
    ["leftd", right4],
  ];
  for (const [from, to] of probes) await comesToReach(from, to);
  const networks = await lab.host("h1").docker(["network", "ls", "-q", "--no-trunc", "--filter", "name=net-seg"]);
  await stack.write(program(grown));
  const running = probes.map(([from, to]) => ping(from, to, "-i", "0.05", "-c", "300"));
  const pinging = Promise.all(running);
  let during = true;
  void pinging.then(() => {
    during = false;
  });
  await stack.up();
  // The change was made while they were sent.
  expect(during).toBe(true);
  for (const { stdout } of await pinging) expect(stdout).toMatch(/300 packets transmitted, 300 received/);
  expect(await lab.host("h1").docker(["network", "ls", "-q", "--no-trunc", "--filter", "name=net-seg"])).toBe(networks);
  const after = await stack.outputs();
  for (const { name } of boxes) expect(after[name]).toEqual(before[name]);
  expect(after["gateway"]).toBe(before["gateway"]);
  for (const [host, range] of Object.entries(after["ranges"] as Record<string, object>)) {
    expect(range).toEqual({ ...(before["ranges"] as Record<string, object>)[host], pool: old.cidr });
  }
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  expect(await stack.refresh()).not.toContain("repairs it");
});

test("an endpoint in the new space reaches those in the old, also containers whose engine knows the old block only", async () => {
  await lab.host("h2").docker(["run", "-d", "--name", "late", "--network", "none", "sdn-lab/box", "sleep", "100000"]);
  const late: YamlResource = {
    type: "sdn:Endpoint",
    properties: {
      host: ref("h2"),
      subnet: ref("seg"),
      container: { name: "late", networkMode: "none" },
      ipv4Address: "10.9.0.9",
      ipv6Address: "fd00:9::9",
    },
  };
  await stack.write(program(grown, { late }));
  await stack.up();
  const outputs = await stack.outputs();
  for (const { name } of boxes) {
    for (const to of outputs[name] as string[]) await comesToReach("late", to);
    await comesToReach(name, "10.9.0.9");
  }
});

test("a block that does not contain the present one is another subnet, and the preview says so at the property", async () => {
  await stack.write(program({ ...grown, cidr: "10.9.4.0/24" }));
  const { stdout } = await stack.preview("--json");
  const { steps } = JSON.parse(stdout) as {
    steps: readonly { op: string; urn: string; detailedDiff?: Readonly<Record<string, { kind: string }>> }[];
  };
  const step = steps.find(({ op, urn }) => op === "replace" && urn.includes("SubnetAllocation"));
  expect(step?.detailedDiff).toMatchObject({ cidr: { kind: "update-replace" } });
  const text = (await stack.preview()).stdout;
  expect(text).toMatch(/Docker network net-seg .*has containers (left|right)d/);
});
