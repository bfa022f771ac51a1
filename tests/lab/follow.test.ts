/** Groups by container labels and peers by name stay right while nobody runs Pulumi: real engines, units and packets. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

let lab: Lab;
let stack: Stack;
let h1: LabHost;
let h2: LabHost;
let networks: Readonly<Record<"web" | "db", string>>;

const group = (label: string): YamlResource => ({
  type: "sdn:SecurityGroup",
  properties: { members: [{ containers: { matchLabels: { [label]: "yes" } } }] },
});
const policy = (priority: number, properties: object): YamlResource => ({
  type: "sdn:FirewallPolicy",
  properties: { fabric: ref("fabric"), priority, ...properties },
});
const subnet = (cidr: string): YamlResource => ({
  type: "sdn:Subnet",
  properties: { network: ref("shop"), cidr, ipv6PrefixLength: 64 },
});

function program(more: Readonly<Record<string, YamlResource>>): Program {
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      shop: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48", egress: "nat" },
      },
      web: subnet("10.20.1.0/24"),
      db: subnet("10.20.2.0/24"),
      ...more,
    },
    outputs: { web: ref("web.dockerNetworkName"), db: ref("db.dockerNetworkName") },
  };
}

const policies = (): Readonly<Record<string, YamlResource>> => ({
  jobs: group("job"),
  suspects: group("suspect"),
  database: policy(100, {
    appliesTo: [{ subnet: ref("db") }],
    rules: [{ name: "jobs", direction: "ingress", action: "allow", from: [{ group: ref("jobs") }] }],
    defaults: { ingress: "deny", egress: "continue" },
  }),
  quarantine: policy(50, {
    appliesTo: [{ group: ref("suspects") }],
    rules: [{ name: "mirror", direction: "egress", action: "allow", to: [{ dnsName: "mirror.example.com" }] }],
    defaults: { ingress: "continue", egress: "deny" },
  }),
});

async function start(host: LabHost, name: string, network: "web" | "db", ...labels: readonly string[]): Promise<void> {
  const options = labels.flatMap((label) => ["--label", label]);
  const place = ["--network", networks[network], "--restart", "always"];
  await host.docker(["run", "-d", "--name", name, ...options, ...place, "sdn-lab/box", "sleep", "100000"]);
}
const addressOf = (host: LabHost, name: string, family: 4 | 6 = 4): Promise<string> => {
  const field = family === 4 ? "IPAddress" : "GlobalIPv6Address";
  return host.docker(["inspect", "--format", `{{range .NetworkSettings.Networks}}{{.${field}}}{{end}}`, name]);
};
async function reaches(host: LabHost, from: string, to: string): Promise<boolean> {
  const command = to.includes(":") ? "ping6" : "ping";
  return (await host.exec(["docker", "exec", from, command, "-c1", "-W1", to])).code === 0;
}
const comesTo = (what: string, condition: () => Promise<boolean>, timeoutMs = 20_000): Promise<boolean> =>
  waitFor(condition, { what, timeoutMs });

/** Milliseconds from the start of a new container to its first answer, by the host's clock. */
async function firstAnswer(host: LabHost, options: string, to: string): Promise<number> {
  const said = await host.run(`
    id=$(docker run -d ${options} sdn-lab/box sleep 100000)
    pid=$(docker inspect --format '{{.State.Pid}}' $id)
    for attempt in $(seq 100); do nsenter -t $pid -n ping -c1 -W0.05 ${to} >/dev/null && break; done
    end=$(date +%s%N)
    start=$(date -d "$(docker inspect --format '{{.State.StartedAt}}' $id)" +%s%N)
    echo $(((end - start) / 1000000))`);
  return Number(said);
}
const maps = (): Promise<string> => h1.run("nft list table inet sdn_fw | sed -n '/map dyn_/,/}/p'");
const follows = (host: LabHost): Promise<boolean> =>
  comesTo(`sdn-follow runs on ${host.name}`, async () => {
    return (await host.exec(["systemctl", "is-active", "sdn-follow.service"])).stdout.trim() === "active";
  });

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  [h1, h2] = [lab.host("h1"), lab.host("h2")];
  await h1.run(`echo '${lab.outside4} mirror.example.com' >>/etc/hosts`);
  stack = await Stack.create({ resources: {} });
  await stack.write(program({}));
  await stack.up();
  networks = (await stack.outputs()) as typeof networks;
  await start(h1, "db1", "db");
  await start(h1, "early", "web", "job=yes");
  await start(h1, "other", "web", "job=no");
  await start(h1, "suspect", "web", "suspect=yes");
  await start(h2, "far", "web", "job=yes");
  const db1 = await addressOf(h1, "db1");
  for (const [host, name] of [
    [h1, "early"],
    [h1, "other"],
    [h1, "suspect"],
    [h2, "far"],
  ] as const) {
    await comesTo(`${name} reaches db1`, () => reaches(host, name, db1));
  }
  await stack.write(program(policies()));
  await stack.up();
}, 240_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

describe("a group by labels", () => {
  test("holds for containers that were there, in both families, as soon as the policy does", async () => {
    const db = [await addressOf(h1, "db1"), await addressOf(h1, "db1", 6)];
    for (const to of db) {
      expect(await reaches(h1, "early", to)).toBe(true);
      expect(await reaches(h1, "other", to)).toBe(false);
    }
    await follows(h1);
    await follows(h2);
  });

  test("a container with the label is let in within a second of its start; one without it is not", async () => {
    const to = await addressOf(h1, "db1");
    const times: number[] = [];
    for (const name of ["late1", "late2", "late3"]) {
      times.push(await firstAnswer(h1, `--name ${name} --label job=yes --network ${networks.web}`, to));
    }
    process.stdout.write(`milliseconds from a container's start to its first answer: ${times.join(", ")}\n`);
    expect(Math.max(...times)).toBeLessThan(2000);
    await start(h1, "late4", "web", "job=later");
    expect(await reaches(h1, "late4", to)).toBe(false);
  });

  test("one that goes is taken out of the maps, and rules are never touched", async () => {
    const rules =
      "nft -s list table inet sdn_fw | awk '/^\\t(set|map) (held|dyn_)/ { skip = 1 } !skip { print } /^\\t}/ { skip = 0 }'";
    const before = await h1.run(rules);
    const address = await addressOf(h1, "late1");
    expect(await maps()).toContain(address);
    await h1.docker(["rm", "-f", "late1", "late2", "late3", "late4"]);
    await comesTo("late1 leaves the maps", async () => !(await maps()).includes(address), 5000);
    expect(await h1.run(rules)).toBe(before);
  });

  test("a container on another host is in no group here", async () => {
    expect(await reaches(h2, "far", await addressOf(h1, "db1"))).toBe(false);
  });

  test("policies that apply to labels judge those who have them, and nobody else", async () => {
    const to = h2.address;
    expect(await reaches(h1, "suspect", to)).toBe(false);
    expect(await reaches(h1, "early", to)).toBe(true);
    await h1.docker(["network", "disconnect", networks.web, "suspect"]);
    await h1.docker(["network", "connect", networks.web, "suspect"]);
    await comesTo("the policy applies again", async () => !(await reaches(h1, "suspect", to)), 5000);
  });
});

describe("a name", () => {
  test("is what the host resolves it to, and nothing else", async () => {
    expect(await reaches(h1, "suspect", lab.outside4)).toBe(true);
    expect(await reaches(h1, "suspect", h2.address)).toBe(false);
  });

  test("that changes is followed, and the address of before stays for a while", async () => {
    await h1.run(`sed -i 's/.* mirror.example.com$/${h2.address} mirror.example.com/' /etc/hosts`);
    await comesTo("the new address is let through", () => reaches(h1, "suspect", h2.address), 60_000);
    expect(await reaches(h1, "suspect", lab.outside4)).toBe(true);
  }, 90_000);
});

describe("what happens to a host", () => {
  test("a restart of the engine ends with the groups of the containers that are there then", async () => {
    const to = await addressOf(h1, "db1");
    await h1.run("systemctl restart docker");
    await comesTo("early reaches db1 at its new address", async () => reaches(h1, "early", await addressOf(h1, "db1")));
    expect(to).not.toBe("");
    expect(await reaches(h1, "other", await addressOf(h1, "db1"))).toBe(false);
    const live = await addressOf(h1, "early");
    await comesTo("the maps have early", async () => (await maps()).includes(live), 5000);
  });

  test("elements that somebody deletes come back by themselves", async () => {
    const map = (await h1.run("nft list table inet sdn_fw | sed -n 's/^\\tmap \\(dyn_[^ ]*\\) {/\\1/p'")).split("\n");
    for (const one of map) await h1.run(`nft flush map inet sdn_fw ${one}`);
    await h1.docker(["run", "--rm", "sdn-lab/box", "true"]);
    const live = await addressOf(h1, "early");
    await comesTo("the maps have early", async () => (await maps()).includes(live), 5000);
  });

  test("refresh says where nobody follows, and up mends it", async () => {
    await h1.run("systemctl stop sdn-follow.service");
    expect(await stack.refresh()).toMatch(/container labels and DNS names are not followed: sdn-follow is not running/);
    await stack.up();
    await follows(h1);
    await stack.refresh();
    await stack.up("--expect-no-changes");
  });

  test("after a reboot everything is as before", async () => {
    await h1.reboot();
    await follows(h1);
    await comesTo("early reaches db1", async () => reaches(h1, "early", await addressOf(h1, "db1")));
    expect(await reaches(h1, "other", await addressOf(h1, "db1"))).toBe(false);
    expect(await h1.run("systemctl list-units --failed --plain --no-legend 'sdn-*'")).toBe("");
  }, 120_000);

  test("systemd finds nothing to complain of in the unit", async () => {
    const said = await h1.exec("cd /etc/systemd/system && systemd-analyze verify sdn-follow.service");
    expect(`${said.stdout}${said.stderr}`.split("\n").filter((line) => line.includes("sdn-"))).toEqual([]);
  });
});

test("with the last policy that needs it, the unit goes", async () => {
  await stack.write(
    program({
      plain: policy(101, { appliesTo: [{ subnet: ref("db") }], defaults: { ingress: "deny", egress: "continue" } }),
    }),
  );
  await stack.up();
  for (const host of lab.hosts) {
    expect(
      await host.run(
        "find /etc/systemd/system /run /var/lib/sdn -path /run/systemd -prune -o -name '*sdn*follow*' -print -o -name 'firewall.dynamics' -print -o -name 'sdn.names' -print",
      ),
    ).toBe("");
  }
});
