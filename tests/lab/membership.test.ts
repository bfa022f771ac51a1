/** Hosts join a fabric, move, leave and die, while others go on talking without the loss of one packet. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const addressOf = (host: string): string => `10.20.1.1${host.slice(1)}`;

interface Membership {
  /** Hosts of the program, and more inputs of them. */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly members: readonly string[];
}

function program(lab: Lab, { hosts, members }: Membership): Program {
  const machine = (name: string, more: Readonly<Record<string, unknown>>): YamlResource => {
    const { type, properties } = hostResource(lab.host(name), { connectTimeout: 3 });
    return { type, properties: { ...properties, ...more } };
  };
  return {
    resources: {
      ...Object.fromEntries(Object.entries(hosts).map(([name, more]) => [name, machine(name, more)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: members.map(ref) } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24" } },
      db: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.2.0/24", docker: false } },
      ...Object.fromEntries(
        members.map((name): [string, YamlResource] => [
          `box-${name}`,
          {
            type: "sdn:Endpoint",
            properties: {
              host: ref(name),
              subnet: ref("web"),
              container: { name: "box", networkMode: "none" },
              ipv4Address: addressOf(name),
            },
          },
        ]),
      ),
    },
  };
}

/** A ping every 20 ms from the box on one host to the box on another, at most for four minutes. */
class Probe {
  private constructor(
    private readonly host: LabHost,
    private readonly file: string,
  ) {}

  static async start(host: LabHost, to: string): Promise<Probe> {
    const file = `/run/probe-${to}`;
    const pid = await host.docker(["inspect", "-f", "{{.State.Pid}}", "box"]);
    await host.run(
      `nsenter -t ${pid} -n ping -i 0.02 -c 12000 ${addressOf(to)} >${file} 2>&1 </dev/null & echo $! >${file}.pid`,
    );
    const probe = new Probe(host, file);
    await waitFor(async () => (await probe.answers()).length > 5, { what: `answers of ${to} to ${host.name}` });
    return probe;
  }

  /** Numbers of the answers that came. */
  private async answers(): Promise<readonly number[]> {
    const text = await this.host.run(`cat ${this.file}`);
    return [...text.matchAll(/icmp_seq=(\d+) ttl=/g)].map(([, number]) => Number(number));
  }

  /** How many were sent and lost between the first and the last answer, and for how long at most none came. */
  async stop(): Promise<{ readonly sent: number; readonly lost: number; readonly longestMs: number }> {
    await this.host.run(`kill -INT $(cat ${this.file}.pid)`);
    const answers = await this.answers();
    const [first = 0, last = 0] = [answers[0], answers.at(-1)];
    const gaps = answers.slice(1).map((number, index) => number - (answers[index] ?? 0) - 1);
    const lost = gaps.reduce((sum, gap) => sum + gap, 0);
    return { sent: last - first + 1, lost, longestMs: Math.max(0, ...gaps) * 20 };
  }
}

let lab: Lab;
let stack: Stack;
let pair: Probe;

const two: Membership = { hosts: { h1: {}, h2: {} }, members: ["h1", "h2"] };

const box = (host: LabHost): Promise<string> =>
  host.docker(["run", "-d", "--name", "box", "--network", "none", "sdn-lab/box", "sleep", "100000"]);
const reaches = async (from: string, to: string): Promise<boolean> =>
  (await lab.host(from).exec(["docker", "exec", "box", "ping", "-c1", "-W1", addressOf(to)])).code === 0;
/** Interfaces with their numbers: one that was made anew has another. */
const interfaces = (host: string): Promise<string> =>
  lab
    .host(host)
    .run("ip -o link | grep -o '^[0-9]*: sdn-[^:@]*' | sort; ip netns list | sort; docker network ls -q | sort");
const generations = (host: string): Promise<string> =>
  lab
    .host(host)
    .run("cd /var/lib/sdn/resources && for one in *; do echo $one $(head -1 $one); done | sed 's/-[0-9]*//'");
const change = async (membership: Membership): Promise<string> => {
  await stack.write(program(lab, membership));
  return stack.up();
};

beforeAll(async () => {
  lab = await startLab({ hosts: 4 });
  await Promise.all(lab.hosts.map(box));
  stack = await Stack.create(program(lab, two));
  await stack.up();
  await waitFor(() => reaches("h1", "h2"), { what: "h1 reaches h2" });
  pair = await Probe.start(lab.host("h1"), "h2");
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("a host joins: the others only learn its address", async () => {
  const before = await interfaces("h1");
  await change({ hosts: { ...two.hosts, h3: {} }, members: ["h1", "h2", "h3"] });
  expect(await interfaces("h1")).toBe(before);
  expect((await generations("h1")).split("\n").sort()).toEqual(["port-box-h1 1", "router 1", "segment 2", "segment 2"]);
  await waitFor(() => reaches("h1", "h3"), { what: "h1 reaches h3" });
});

test("a host gets another underlay address: it is away for a moment, and nothing else is made anew", async () => {
  const moving = await Probe.start(lab.host("h1"), "h3");
  const before = await interfaces("h1");
  const h3 = lab.host("h3");
  const address = h3.address.replace(/\d+$/, (last) => String(Number(last) - 100));
  await h3.run(`ip addr add ${address}/24 dev $(ip -o addr show to ${h3.address} | awk '{ print $2 }')`);
  await change({ hosts: { ...two.hosts, h3: { underlayAddress: address } }, members: ["h1", "h2", "h3"] });
  await waitFor(() => reaches("h1", "h3"), { what: "h1 reaches h3 at its new address" });
  expect(await h3.run("ip -d -o link show type vxlan")).toContain(`local ${address} `);
  expect(await interfaces("h1")).toBe(before);
  const { longestMs } = await moving.stop();
  expect(longestMs).toBeLessThan(10_000);
});

test("a host leaves: nothing is left on it, and the others forget it", async () => {
  const before = await interfaces("h1");
  await change({ ...two });
  expect(await interfaces("h1")).toBe(before);
  expect(
    await lab.host("h3").run("ip -o link; ip netns list; docker network ls; ls /var/lib/sdn 2>&1 || true"),
  ).not.toMatch(/sdn-[bvpru]-|shop-web|resources/);
  expect(await lab.host("h1").run("bridge fdb show | grep ^00:00:00:00:00:00")).not.toContain(lab.host("h3").address);
});

test("a host that is gone for good is retired: the others forget it, and the next run succeeds", async () => {
  await change({ hosts: { ...two.hosts, h4: {} }, members: ["h1", "h2", "h4"] });
  await waitFor(() => reaches("h1", "h4"), { what: "h1 reaches h4" });
  await lab.host("h4").stop();
  await stack.write(program(lab, { hosts: { ...two.hosts, h4: {} }, members: ["h1", "h2"] }));
  const { code, stdout } = await stack.pulumi(["up", "--yes", "--skip-preview", "--continue-on-error"]);
  expect(code).not.toBe(0);
  expect(stdout).toContain("if it is gone for good, keep its Host in the program with retired: true for one run");
  expect(await lab.host("h1").run("bridge fdb show | grep ^00:00:00:00:00:00")).not.toContain(lab.host("h4").address);
  const said = await change({ hosts: { ...two.hosts, h4: { retired: true } }, members: ["h1", "h2"] });
  expect(said).toMatch(
    /host h4 is retired: web is forgotten, and on it stay interface sdn-b-\d+, .*Docker network shop-web/,
  );
  await change(two);
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("all the while, not one packet was lost between the two that had no part in it", async () => {
  const { sent, lost } = await pair.stop();
  expect(sent).toBeGreaterThan(200);
  expect(lost).toBe(0);
});
