/** Policies of a program, applied by a real `pulumi`, decide about real packets. Hosts are network namespaces. */
import { cli } from "./harness/cli";
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";
import { ProbeAgents, type ProbeResult } from "../support/policy/probe-agents";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);
const ports = [80, 5432] as const;

/** Two subnets of one network; `other` is a network of its own, with the same addresses as `web`. */
const boxes = {
  web1: { host: "h1", subnet: "web", last: 5, labels: { app: "web" } },
  web2: { host: "h2", subnet: "web", last: 6, labels: { app: "web" } },
  job1: { host: "h1", subnet: "web", last: 7, labels: { app: "job" } },
  db1: { host: "h1", subnet: "db", last: 5, labels: { app: "db" } },
  db2: { host: "h2", subnet: "db", last: 6, labels: { app: "db" } },
  alien: { host: "h1", subnet: "other", last: 5, labels: { app: "web" } },
} as const;
type Box = keyof typeof boxes;
const names = Object.keys(boxes) as Box[];
const thirds = { web: 1, db: 2, other: 1 } as const;
const nameOf = (box: Box): string => `${tag}-${box}`;
const addressOf = (box: Box, family: 4 | 6 = 4): string => {
  const { subnet, last } = boxes[box];
  return family === 4 ? `10.20.${thirds[subnet]}.${last}` : `fd00:20:0:${thirds[subnet]}::${last}`;
};

let lab: Lab;
let stack: Stack;
const agents = new ProbeAgents();

type Resources = Readonly<Record<string, YamlResource>>;

function base(left: readonly Box[]): Resources {
  const hosts = lab.hosts.map(({ name, netns }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns } },
  ]);
  const network = (): YamlResource => ({
    type: "sdn:VirtualNetwork",
    properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48" },
  });
  const subnets = Object.entries(thirds).map(([name, third]): [string, YamlResource] => [
    name,
    {
      type: "sdn:Subnet",
      properties: {
        network: ref(name === "other" ? "tenant" : "shop"),
        cidr: `10.20.${third}.0/24`,
        ipv6Cidr: `fd00:20:0:${third}::/64`,
        docker: false,
      },
    },
  ]);
  const endpoints = names
    .filter((box) => !left.includes(box))
    .map((box): [string, YamlResource] => [
      box,
      {
        type: "sdn:Endpoint",
        properties: {
          host: ref(boxes[box].host),
          subnet: ref(boxes[box].subnet),
          namespace: { name: nameOf(box) },
          ipv4Address: addressOf(box),
          ipv6Address: addressOf(box, 6),
          labels: boxes[box].labels,
        },
      },
    ]);
  return {
    ...Object.fromEntries(hosts),
    fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
    shop: network(),
    tenant: network(),
    ...Object.fromEntries([...subnets, ...endpoints]),
  };
}

const group = (app: string): YamlResource => ({
  type: "sdn:SecurityGroup",
  properties: { members: [{ labels: { matchLabels: { app } } }] },
});
const policy = (properties: object): YamlResource => ({
  type: "sdn:FirewallPolicy",
  properties: {
    fabric: ref("fabric"),
    priority: 100,
    defaults: { ingress: "deny", egress: "continue" },
    ...properties,
  },
});
const fromWeb = { name: "postgres", direction: "ingress", action: "allow", from: [{ group: ref("webs") }] };
const tcp = (port: number): object => ({ services: [{ protocol: "tcp", ports: String(port) }] });

async function write(
  more: Resources = {},
  left: readonly Box[] = [],
  variables: Program["variables"] = {},
  outputs: Program["outputs"] = {},
): Promise<void> {
  const program: Program = { resources: { webs: group("web"), ...base(left), ...more }, variables, outputs };
  await stack.write(program);
}

const probe = (from: Box, to: Box, port: number, family: 4 | 6 = 4): Promise<ProbeResult> =>
  agents.probe(nameOf(from), { do: "tcp", from: addressOf(from, family), to: addressOf(to, family), port });
/** In both families: what is said of one must be so of the other. */
async function both(from: Box, to: Box, port: number): Promise<ProbeResult | "differs"> {
  const [four, six] = [await probe(from, to, port, 4), await probe(from, to, port, 6)];
  return four === six ? four : "differs";
}
const comesToReach = (from: Box, to: Box): Promise<boolean> =>
  waitFor(async () => (await both(from, to, 80)) === "connected", { what: `${from} reaches ${to}` });
interface Told {
  readonly host: string;
  readonly rule: string;
  readonly packets: number;
  readonly lastHit?: string;
}
const hitArguments = { hosts: ref("fabric.hosts"), policy: ref("database") };
async function hitsOfCli(flags: readonly string[]): Promise<readonly Told[]> {
  const { code, stdout, stderr } = await cli(["hits", ...flags, "--json"]);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { readonly rules: readonly Told[] }).rules;
}
function find(rules: readonly Told[], host: string, rule: string): Told {
  const found = rules.find((one) => one.host === host && one.rule === rule);
  if (found === undefined) throw new Error(`nothing is told of ${rule} on ${host}`);
  return found;
}
const inHost = (host: string, ...command: readonly string[]) =>
  execute("ip", ["netns", "exec", lab.host(host).netns, ...command]);

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const box of names) await execute("ip", ["netns", "add", nameOf(box)]);
  await Promise.all(names.map((box) => agents.start(nameOf(box), ports)));
  stack = await Stack.create({ resources: {} });
  await write();
  await stack.up();
  await comesToReach("web1", "db2");
  await comesToReach("web2", "web1");
}, 180_000);

afterAll(async () => {
  await agents.stop();
  await stack.destroy();
  for (const box of names) await execute("ip", ["netns", "del", nameOf(box)]);
  await stack.remove();
  await lab.down();
}, 180_000);

const database = policy({ appliesTo: [{ subnet: ref("db") }], rules: [{ ...fromWeb, ...tcp(5432) }] });

describe("a policy of a subnet", () => {
  test("a preview takes nothing away", async () => {
    await write({ database });
    const { code, stdout } = await stack.preview();
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("sdn:firewall:Policy") as string,
    });
    expect(await both("job1", "db1", 5432)).toBe("connected");
    expect((await inHost("h1", "nft", "list", "tables")).stdout).toContain("sdn_fw");
  });

  test("as the first one of its hosts ends no open flow that it allows, and those that it forbids", async () => {
    const open = (from: Box, to: Box): ReturnType<ProbeAgents["open"]> =>
      agents.open(nameOf(from), { do: "tcp", from: addressOf(from), to: addressOf(to), port: 5432 });
    const flows = { here: await open("web1", "db1"), across: await open("web1", "db2") };
    const forbidden = { here: await open("job1", "db1"), across: await open("job1", "db2") };
    const { stdout } = await stack.preview();
    expect(stdout).not.toMatch(/10\.20\.1\.5 →/);
    expect(stdout).toMatch(/10\.20\.1\.7 → 10\.20\.2\.5 tcp\/5432 by database\/default/);
    expect(stdout).not.toContain("when the first policy comes");
    await stack.up();
    expect(await Promise.all(Object.values(flows).map(({ echo }) => echo()))).toEqual(["connected", "connected"]);
    expect(await Promise.all(Object.values(forbidden).map(({ echo }) => echo()))).toEqual(["silent", "silent"]);
  });

  test("lets the group in, on its port alone, on one host and across hosts, in both families", async () => {
    await stack.up();
    const seen = {
      "same host": await both("web1", "db1", 5432),
      "other host": await both("web1", "db2", 5432),
      "another port": await both("web1", "db1", 80),
      "not of the group, same host": await both("job1", "db1", 5432),
      "not of the group, other host": await both("job1", "db2", 5432),
      "inside the subnet": await both("db1", "db2", 5432),
      "what it does not apply to": await both("job1", "web2", 80),
    };
    expect(seen).toEqual({
      "same host": "connected",
      "other host": "connected",
      "another port": "silent",
      "not of the group, same host": "silent",
      "not of the group, other host": "silent",
      "inside the subnet": "silent",
      "what it does not apply to": "connected",
    });
  });

  test("a second run, and one after a refresh, have nothing to do", async () => {
    await stack.up("--expect-no-changes");
    await stack.refresh();
    await stack.up("--expect-no-changes");
  });

  test("one rule more is a change of elements: open flows that stay allowed go on, and those it closes end", async () => {
    const kept = await agents.open(nameOf("web1"), {
      do: "tcp",
      from: addressOf("web1"),
      to: addressOf("db2"),
      port: 5432,
    });
    const ended = await agents.open(nameOf("web2"), {
      do: "tcp",
      from: addressOf("web2"),
      to: addressOf("db2"),
      port: 5432,
    });
    expect([kept.result, ended.result]).toEqual(["connected", "connected"]);
    const denied = { name: "not-web2", direction: "ingress", action: "deny", from: [{ endpoint: ref("web2") }] };
    await write({
      database: policy({ appliesTo: [{ subnet: ref("db") }], rules: [denied, { ...fromWeb, ...tcp(5432) }] }),
    });
    const { stdout } = await stack.preview();
    expect(stdout).toMatch(
      /1 open flow ends with this change: 10\.20\.1\.6 → 10\.20\.2\.6 tcp\/5432 by database\/not-web2/,
    );
    await stack.up();
    expect(await kept.echo()).toBe("connected");
    expect(await ended.echo()).toBe("silent");
    expect(await both("web2", "db2", 5432)).toBe("silent");
    await write({ database });
    await stack.up();
    expect(await both("web2", "db2", 5432)).toBe("connected");
  });
});

describe("hits", () => {
  const never = { name: "never", direction: "ingress", action: "allow", from: [{ cidr: "203.0.113.9/32" }] };
  const counted = policy({
    appliesTo: [{ subnet: ref("db") }],
    rules: [never, { ...fromWeb, ...tcp(5432), log: "100/second" }],
  });
  const told = { "fn::invoke": { function: "sdn:getFirewallHits", arguments: hitArguments } };
  const flags = (): readonly string[] => lab.hosts.flatMap(({ name, netns }) => ["--host", `${name}=netns:${netns}`]);
  const recent = (time: unknown): boolean =>
    typeof time === "string" && Math.abs(Date.now() - Date.parse(time)) < 120_000;

  test("are told by the function in a program, with the time of the last one, and what never matched", async () => {
    await write({ database: counted });
    await stack.up();
    const before = await hitsOfCli(flags());
    for (const from of ["web1", "web2", "web1"] as const) expect(await probe(from, "db1", 5432)).toBe("connected");
    for (const port of [80, 5432]) expect(await probe("job1", "db2", port)).toBe("silent");
    await write(
      { database: counted },
      [],
      { hits: told },
      { rules: ref("hits.rules"), never: ref("hits.neverMatched") },
    );
    await stack.up();
    const { rules, never: unmatched } = (await stack.outputs()) as { rules: readonly Told[]; never: readonly string[] };
    const [postgres, other] = ["h1", "h2"].map((host) => find(rules, host, "postgres"));
    expect((postgres?.packets ?? 0) - find(before, "h1", "postgres").packets).toBe(3);
    expect((other?.packets ?? 0) - find(before, "h2", "postgres").packets).toBe(0);
    expect(recent(postgres?.lastHit)).toBe(true);
    expect(find(rules, "h2", "default").packets - find(before, "h2", "default").packets).toBe(2);
    expect(find(rules, "h1", "never")).toMatchObject({ packets: 0, bytes: 0, owner: expect.stringMatching(/\/dev$/) });
    expect(find(rules, "h1", "never").lastHit).toBeUndefined();
    expect(unmatched).toContain("database/never");
  });

  test("are told by the command line, as a table and as JSON", async () => {
    const { code, stdout } = await cli(["hits", ...flags(), "--policy", "database"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^database\/never +h1 +0 +0  never since 2\S+Z$/m);
    expect(stdout).toMatch(/^database\/postgres +h1 +[1-9]\d* +[1-9]\d*  2\S+Z$/m);
    expect((await hitsOfCli(flags())).length).toBeGreaterThan(3);
  });

  test("a refresh leaves them in the state, and is no reason for a change", async () => {
    expect(await probe("web1", "db1", 5432)).toBe("connected");
    await stack.must(["refresh", "--yes", "--skip-preview", "--expect-no-changes"]);
    const { deployment } = JSON.parse(await stack.exported()) as {
      deployment: { resources: readonly { type: string; outputs?: { hits?: readonly Partial<Told>[] } }[] };
    };
    const hits = deployment.resources.find(({ type }) => type === "sdn:firewall:Policy")?.outputs?.hits ?? [];
    expect(hits).toMatchObject([{ rule: "never", packets: 0 }, { rule: "postgres" }, { rule: "default" }]);
    const now = await hitsOfCli(flags());
    const [here, there] = ["h1", "h2"].map((host) => find(now, host, "postgres").packets);
    expect(hits[1]?.packets).toBe((here ?? 0) + (there ?? 0));
    expect([hits[0]?.lastHit, recent(hits[1]?.lastHit)]).toEqual([undefined, true]);
    await stack.up("--expect-no-changes");
  });

  test("a rule with a log writes a line that names policy and rule", async () => {
    const key = "net.netfilter.nf_log_all_netns";
    const before = (await execute("sysctl", ["-n", key])).stdout.trim();
    // Else the kernel writes nothing for what is not in the machine's own network namespace.
    await execute("sysctl", ["-qw", `${key}=1`]);
    try {
      expect(await probe("web1", "db1", 5432)).toBe("connected");
      const line = /sdn database\/postgres allow: .*SRC=10\.20\.1\.5 DST=10\.20\.2\.5 .*DPT=5432/;
      await waitFor(async () => line.test((await execute("dmesg", [])).stdout), {
        what: "the line in the kernel's log",
      });
    } finally {
      await execute("sysctl", ["-qw", `${key}=${before}`]);
    }
  });
});

describe("groups by label", () => {
  test("an endpoint that comes later is in them from its first packet, with no change of the policy", async () => {
    await write({ database }, ["web2"]);
    await stack.up();
    await write({ database });
    const text = await stack.up();
    expect(text).not.toMatch(/sdn:firewall:Policy\s+database\s+updat/);
    await waitFor(async () => (await both("web2", "db1", 5432)) === "connected", { what: "web2 reaches db1" });
    expect(await both("web2", "db1", 80)).toBe("silent");
  });

  test("another network's endpoint with the same label and address is not meant", async () => {
    expect(await both("alien", "db1", 5432)).toBe("silent");
    expect(await both("web1", "db1", 5432)).toBe("connected");
  });
});

/** What becomes of one packet after another, 25 a second, while something is done. */
async function meanwhile(work: Promise<unknown>, from: Box, to: Box, port: number): Promise<readonly ProbeResult[]> {
  const probes: Promise<ProbeResult>[] = [];
  const timer = setInterval(() => probes.push(probe(from, to, port)), 40);
  await work.finally(() => clearInterval(timer));
  return Promise.all(probes);
}

test("while hosts change, nothing passes that neither the old nor the new rules allow, and what both allow always does", async () => {
  const rules = (egress: string, ingress: string): Resources => {
    const to = (action: string): object => ({
      name: "out",
      direction: "egress",
      action,
      to: [{ subnet: ref("db") }],
      ...tcp(80),
    });
    const from = (action: string): object => ({
      name: "in",
      direction: "ingress",
      action,
      from: [{ subnet: ref("web") }],
      ...tcp(80),
    });
    const defaults = { ingress: "continue", egress: "continue" };
    return {
      out: policy({ appliesTo: [{ subnet: ref("web") }], priority: 200, rules: [to(egress)], defaults }),
      in: policy({ appliesTo: [{ subnet: ref("db") }], priority: 201, rules: [from(ingress)], defaults }),
    };
  };
  await write(rules("deny", "allow"));
  await stack.up();
  for (const [egress, ingress] of [
    ["allow", "deny"],
    ["deny", "allow"],
  ] as const) {
    await write(rules(egress, ingress));
    const work = stack.up();
    const [forbidden, allowed] = await Promise.all([
      meanwhile(work, "web1", "db2", 80),
      meanwhile(work, "web1", "db2", 5432),
    ]);
    expect(await work).toContain("closing on 2 hosts: what only one of the old and the new rules allows");
    expect(forbidden.length).toBeGreaterThan(20);
    expect([...new Set(forbidden)]).toEqual(["silent"]);
    expect([...new Set(allowed)]).toEqual(["connected"]);
  }
  await write({ database });
  await stack.up();
}, 180_000);

describe("drift", () => {
  test.each([
    [
      "the table is deleted",
      ["nft", "delete", "table", "inet", "sdn_fw"],
      /table inet sdn_fw is gone: nothing is filtered/,
    ],
    [
      "a rule is put before ours",
      ["nft", "insert", "rule", "inet", "sdn_fw", "forward", "accept"],
      /table inet sdn_fw was changed by somebody else/,
    ],
    [
      "bridged packets are not shown to it",
      ["sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0"],
      /bridge-nf-call-iptables is 0 and should be 1/,
    ],
  ])("%s: refresh says it, up mends it", async (_what, damage, sentence) => {
    expect((await inHost("h1", ...damage)).code).toBe(0);
    expect(await probe("job1", "db1", 5432)).toBe("connected");
    expect(await stack.refresh()).toMatch(sentence);
    await stack.up();
    expect(await probe("job1", "db1", 5432)).toBe("silent");
    await stack.refresh();
    await stack.up("--expect-no-changes");
  });
});

test("what a policy watches it lets through, and counts", async () => {
  await write({
    database: policy({
      appliesTo: [{ subnet: ref("db") }],
      rules: [{ ...fromWeb, ...tcp(5432) }],
      enforcement: "watch",
    }),
  });
  await stack.up();
  expect(await both("job1", "db1", 5432)).toBe("connected");
  expect((await inHost("h1", "nft", "list", "table", "inet", "sdn_fw")).stdout).toMatch(
    /counter packets 2 bytes \d+ comment "database\/default watch"/,
  );
});

test("without its policies a host filters nothing, and with its last endpoint with labels nothing of the firewall stays", async () => {
  await write();
  await stack.up();
  expect(await both("job1", "db1", 5432)).toBe("connected");
  await stack.destroy();
  for (const { name } of lab.hosts)
    expect((await inHost(name, "nft", "list", "tables")).stdout).not.toContain("sdn_fw");
});
