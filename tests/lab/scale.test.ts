/** Many hosts: how often each is visited. What is counted is executions on hosts, as the provider itself logs them. */
import { startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;
const hostCount = 6;
const subnetCount = 8;

let lab: Lab;
let stack: Stack;

function program(subnets: number): Program {
  const hosts = Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)]));
  const names = Array.from({ length: subnets }, (_, index) => `s${String(index)}`);
  return {
    resources: {
      ...hosts,
      fabric: { type: "sdn:Fabric", properties: { hosts: Object.keys(hosts).map(ref) } },
      net: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), prefixLength: 16 } },
      ...Object.fromEntries(
        names.map((name): [string, YamlResource] => [
          name,
          { type: "sdn:Subnet", properties: { network: ref("net"), prefixLength: 24 } },
        ]),
      ),
    },
  };
}

/** Executions on each host since the last look: the least and the most. */
async function visits(): Promise<{ readonly least: number; readonly most: number; readonly hosts: number }> {
  const counts = new Map<string, number>();
  for (const { uri } of await stack.executions()) counts.set(uri, (counts.get(uri) ?? 0) + 1);
  const values = [...counts.values()];
  return { least: Math.min(...values), most: Math.max(...values), hosts: counts.size };
}

beforeAll(async () => {
  lab = await startLab({ hosts: hostCount, form: "light", dockerd: false });
  stack = await Stack.create(program(subnetCount));
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("a preview of a new stack looks at each host once", async () => {
  expect((await stack.preview()).code).toBe(0);
  expect(await visits()).toEqual({ hosts: hostCount, least: 1, most: 1 });
});

test("the first up visits each host once for its facts and once for each wave", async () => {
  await stack.up("--parallel", "64");
  const seen = await visits();
  expect(seen.hosts).toBe(hostCount);
  // Facts, routers, what is in use, segments. The engine spreads the 48 segments over some tenths of a second, which
  // may be more than one wave; without gathering there would be 11 executions on each host.
  expect(seen.most).toBeLessThanOrEqual(6);
});

test("an up without changes visits no host", async () => {
  await stack.up("--expect-no-changes");
  expect(await stack.executions()).toEqual([]);
});

test("a refresh visits each host once or, where the engine spreads its reads, twice", async () => {
  await stack.must(["refresh", "--yes", "--skip-preview", "--parallel", "128"]);
  const seen = await visits();
  expect(seen.hosts).toBe(hostCount);
  expect(seen.most).toBeLessThanOrEqual(2);
});

test("one more subnet visits each host once to see what is in use and once to make it", async () => {
  await stack.write(program(subnetCount + 1));
  await stack.up("--parallel", "64");
  const seen = await visits();
  expect(seen).toEqual({ hosts: hostCount, least: 2, most: 2 });
});

test("destroy visits each host once a wave and leaves nothing", async () => {
  await stack.must(["destroy", "--yes", "--skip-preview", "--parallel", "128"]);
  const seen = await visits();
  expect(seen.most).toBeLessThanOrEqual(4);
  for (const host of lab.hosts) {
    expect(
      await host.run("ip -o link | grep -c sdn- || true; ip netns list; ls /var/lib/sdn 2>/dev/null || true"),
    ).toBe("0");
  }
});
