/** What people do to hosts by hand: found by `refresh` in words, repaired by `up`, and never at somebody else's cost. */
import { inventory } from "./harness/inventory";
import { startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

/** Numbers that the names on the hosts are made of. */
interface Numbers {
  readonly shop: number;
  readonly tenant: number;
  /** VNIs of the subnets, by their names. */
  readonly of: (subnet: string) => number;
}

interface Damage {
  readonly name: string;
  readonly strike: (numbers: Numbers) => string;
  readonly says: (numbers: Numbers) => string | RegExp;
}

const router = (vni: number): string => `sdn-r-${vni}`;

/** Each to a subnet of its own, `sN` with 10.20.N.0/24, so that one refresh finds them all. */
const damages: readonly Damage[] = [
  {
    name: "a bridge is deleted",
    strike: ({ of }) => `ip link del sdn-b-${of("s1")}`,
    says: ({ of }) => `interface sdn-b-${of("s1")} is missing`,
  },
  {
    name: "a VXLAN device is deleted",
    strike: ({ of }) => `ip link del sdn-v-${of("s2")}`,
    says: ({ of }) => `interface sdn-v-${of("s2")} is missing`,
  },
  {
    name: "a flood entry is deleted",
    strike: ({ of }) =>
      `peer=$(bridge fdb show dev sdn-v-${of("s3")} | sed -n 's/^00:00:00:00:00:00 .*dst \\([^ ]*\\).*/\\1/p'); ` +
      `bridge fdb del 00:00:00:00:00:00 dev sdn-v-${of("s3")} dst $peer self`,
    says: ({ of }) => new RegExp(`flood entry of sdn-v-${of("s3")} for VTEP \\S+ is missing`),
  },
  {
    name: "the static entry of the gateway is deleted",
    strike: ({ of }) =>
      `mac=$(bridge fdb show dev sdn-p-${of("s4")} | sed -n 's/ .*sticky.*//p'); ` +
      `bridge fdb del $mac dev sdn-p-${of("s4")} master`,
    says: ({ of }) => new RegExp(`FDB entry of the gateway \\S+ on sdn-p-${of("s4")} is (missing|learned)`),
  },
  {
    name: "the gateway's address is deleted",
    strike: ({ shop, of }) => `ip -n ${router(shop)} addr del 10.20.5.1/32 dev a${of("s5")}`,
    says: ({ shop, of }) => `address 10.20.5.1/32 of a${of("s5")} in ${router(shop)} is missing`,
  },
  {
    name: "the router's own address is another one",
    strike: ({ shop, of }) =>
      `ip -n ${router(shop)} -4 addr flush dev g${of("s6")}; ` +
      `ip -n ${router(shop)} addr add 10.20.6.250/24 dev g${of("s6")}`,
    says: ({ shop, of }) => `address 10.20.6.250/24 of g${of("s6")} in ${router(shop)} is not ours`,
  },
  {
    name: "an MTU is another one",
    strike: ({ of }) => `ip link set sdn-v-${of("s7")} mtu 1280`,
    says: ({ of }) => `MTU of sdn-v-${of("s7")} is 1280, should be 1450`,
  },
  {
    name: "a port is taken off its bridge",
    strike: ({ of }) => `ip link set sdn-v-${of("s8")} nomaster`,
    says: ({ of }) => `bridge of sdn-v-${of("s8")} is none, should be sdn-b-${of("s8")}`,
  },
  {
    name: "a bridge is down",
    strike: ({ of }) => `ip link set sdn-b-${of("s9")} down`,
    says: ({ of }) => `interface sdn-b-${of("s9")} is down`,
  },
  {
    name: "a bridge gets IPv6 of the host",
    strike: ({ of }) => `sysctl -qw net.ipv6.conf.sdn-b-${of("s10")}.disable_ipv6=0`,
    says: ({ of }) => `sysctl net.ipv6.conf.sdn-b-${of("s10")}.disable_ipv6 is 0, should be 1`,
  },
  {
    name: "a Docker network is deleted",
    strike: () => "docker network rm shop-web2 >/dev/null",
    says: () => "Docker network shop-web2 is missing",
  },
  {
    name: "our accept in DOCKER-USER is deleted",
    strike: ({ of }) =>
      `iptables -S DOCKER-USER | grep -e 'sdn-b-${of("s11")} ' | sed 's/^-A/-D/' | xargs -L1 iptables`,
    says: ({ of }) => `Docker's DOCKER-USER chain (iptables) lacks our accept from sdn-b-${of("s11")}`,
  },
  {
    name: "the host's record is deleted",
    strike: ({ of }) => `rm /var/lib/sdn/resources/segment-${of("s12")}`,
    says: () => "the host's record of this resource is missing",
  },
  {
    name: "a router's setting is another one",
    strike: ({ shop }) => `ip netns exec ${router(shop)} sysctl -qw net.ipv4.conf.all.rp_filter=1`,
    says: ({ shop }) => `sysctl net.ipv4.conf.all.rp_filter in ${router(shop)} is 1, should be 0`,
  },
  {
    name: "the default route goes elsewhere",
    strike: ({ shop, of }) => `ip -n ${router(shop)} route replace default dev g${of("s1")}`,
    says: ({ shop }) =>
      new RegExp(`route to 0\\.0\\.0\\.0/0 in ${router(shop)} is by \\S+, should be via 100\\.\\S+ by uplink`),
  },
  {
    name: "the route that keeps the network's space inside is deleted",
    strike: ({ shop }) => `ip -n ${router(shop)} route del blackhole 10.20.0.0/16`,
    says: ({ shop }) => `route to 10.20.0.0/16 in ${router(shop)} by blackhole is missing`,
  },
  {
    name: "the uplink's address is deleted",
    strike: ({ shop }) => `ip -4 addr flush dev sdn-u-${shop}`,
    says: ({ shop }) => new RegExp(`address 100\\.\\S+/31 of sdn-u-${shop} is missing`),
  },
  {
    name: "a rule of a router is replaced",
    strike: ({ shop }) =>
      `handle=$(ip netns exec ${router(shop)} nft -a list chain inet sdn forward | sed -n 's/.*drop.*# handle //p' | head -1); ` +
      `ip netns exec ${router(shop)} nft replace rule inet sdn forward handle $handle iifname uplink accept`,
    says: ({ shop }) => `nftables chain inet sdn forward in ${router(shop)} has 1 rule that is not ours`,
  },
  {
    name: "a chain of the host is emptied",
    strike: () => "nft flush chain inet sdn input",
    says: () => /nftables chain inet sdn input lacks \d+ of its \d+ rules/,
  },
  {
    name: "an element of a set is deleted",
    strike: ({ of }) => `nft delete element inet sdn bridges '{ sdn-b-${of("s7")} }'`,
    says: ({ of }) => `nftables set bridges lacks sdn-b-${of("s7")}`,
  },
  {
    name: "a router is deleted",
    strike: ({ tenant }) => `ip netns del ${router(tenant)}`,
    says: ({ tenant }) => `router namespace ${router(tenant)} is missing`,
  },
  {
    name: "the neighbour entry of an endpoint is deleted",
    strike: ({ shop, of }) => `ip -n ${router(shop)} neigh del 10.20.1.12 dev g${of("s1")} 2>/dev/null || true`,
    says: ({ shop }) => `neighbour entry for 10.20.1.12 in ${router(shop)} is missing`,
  },
  {
    name: "an endpoint's address is deleted",
    strike: () => "nsenter -t $(docker inspect -f '{{.State.Pid}}' box2) -n ip addr flush dev eth0",
    says: () => "address 10.20.1.12/24 of eth0 in container:box2 is missing",
  },
];

const subnets = Array.from({ length: 16 }, (_, index) => `s${String(index + 1)}`);

function program(lab: Lab): Program {
  const subnet = (network: string, cidr: string, docker: boolean): YamlResource => ({
    type: "sdn:Subnet",
    properties: { network: ref(network), cidr, docker },
  });
  const box = (host: string, name: string, address: string): YamlResource => ({
    type: "sdn:Endpoint",
    properties: {
      host: ref(host),
      subnet: ref("s1"),
      container: { name, networkMode: "none" },
      ipv4Address: address,
    },
  });
  const all = Object.fromEntries(
    subnets.map((name, index): [string, YamlResource] => [
      name,
      subnet("shop", `10.20.${String(index + 1)}.0/24`, name === "s16"),
    ]),
  );
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      shop: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", egress: "nat" },
      },
      tenant: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.30.0.0/16" } },
      ...all,
      web2: subnet("shop", "10.20.100.0/24", true),
      t1: subnet("tenant", "10.30.1.0/24", false),
      box1: box("h1", "box1", "10.20.1.11"),
      box2: box("h2", "box2", "10.20.1.12"),
    },
    outputs: {
      shop: ref("shop.vni"),
      tenant: ref("tenant.vni"),
      ...Object.fromEntries([...subnets, "web2", "t1"].map((name) => [name, ref(`${name}.vni`)])),
    },
  };
}

let lab: Lab;
let stack: Stack;
let numbers: Numbers;
let faultless: string;

const reaches = async (): Promise<boolean> =>
  (await lab.host("h1").exec(["docker", "exec", "box1", "ping", "-c1", "-W2", "10.20.1.12"])).code === 0;

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  for (const [host, name] of [
    ["h1", "box1"],
    ["h2", "box2"],
  ] as const) {
    await lab.host(host).docker(["run", "-d", "--name", name, "--network", "none", "sdn-lab/box", "sleep", "100000"]);
  }
  stack = await Stack.create(program(lab));
  await stack.up();
  const outputs = (await stack.outputs()) as Readonly<Record<string, number>>;
  const of = (name: string): number => outputs[name] ?? 0;
  numbers = { shop: of("shop"), tenant: of("tenant"), of };
  await waitFor(reaches, { what: "box1 reaches box2" });
  faultless = await inventory(lab.host("h2"));
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

describe("what was changed by hand", () => {
  let said: string;
  beforeAll(async () => {
    // One command after another, so that one that does not work is seen.
    await lab.host("h2").run(["sh", "-ec", damages.map(({ strike }) => strike(numbers)).join("\n")]);
    said = await stack.refresh();
  }, 120_000);

  test.each(damages)("$name: refresh says so", ({ says }) => {
    const sentence = says(numbers);
    const lines = said.split("\n").filter((line) => line.includes("host h2: "));
    const found = lines.filter((line) =>
      typeof sentence === "string" ? line.includes(sentence) : sentence.test(line),
    );
    expect({ sentence: String(sentence), lines: found.length === 0 ? lines : [] }).toEqual({
      sentence: String(sentence),
      lines: [],
    });
    expect(found[0]).toContain("`pulumi up` repairs it.");
  });

  test("nothing is said of the host that nobody touched", () => {
    expect(said).not.toContain("host h1: ");
  });

  test("one up repairs all of it, packets flow, and another up changes nothing", async () => {
    await stack.up();
    expect(await inventory(lab.host("h2"))).toBe(faultless);
    await waitFor(reaches, { what: "box1 reaches box2 again" });
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });
});

/** After the damages above: where a record is missing, nobody can tell what is foreign. */
describe("what somebody put into our tables", () => {
  const inside = (): string => `ip netns exec ${router(numbers.shop)} `;
  const intrusions = (): readonly { readonly strike: string; readonly says: string }[] => [
    {
      strike: `nft add element inet sdn pairs '{ sdn-b-${numbers.of("s3")} . eth0 }'`,
      says: `element sdn-b-${numbers.of("s3")} . eth0 of nftables set inet sdn pairs is not ours`,
    },
    {
      strike: "nft add element inet sdn ports4 '{ 192.0.2.1 . tcp . 22 : 10.20.1.12 }'",
      says: "element 192.0.2.1 . tcp . 22 of nftables set inet sdn ports4 is not ours",
    },
    {
      strike:
        "nft add chain inet sdn sneaky; nft add rule inet sdn sneaky accept; nft insert rule inet sdn forward jump sneaky",
      says: "nftables chain inet sdn sneaky is not ours",
    },
    {
      strike: "nft add set bridge sdn sneakers '{ type ifname; elements = { eth0 }; }'",
      says: "nftables set bridge sdn sneakers is not ours",
    },
    {
      strike: `${inside()}nft add chain inet sdn early '{ type filter hook forward priority -300; }'`,
      says: `nftables chain inet sdn early in ${router(numbers.shop)} is not ours`,
    },
  ];

  test("refresh names each of them and its table, and one up takes them away with packets flowing", async () => {
    const h2 = lab.host("h2");
    await h2.run([
      "sh",
      "-ec",
      intrusions()
        .map(({ strike }) => strike)
        .join("\n"),
    ]);
    const said = await stack.refresh();
    for (const { says } of intrusions()) expect(said).toContain(`host h2: ${says}. \`pulumi up\` repairs it.`);
    expect(said).not.toContain("host h1: ");
    await stack.up();
    expect(await inventory(h2)).toBe(faultless);
    expect(await reaches()).toBe(true);
    await stack.refresh();
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });
});

describe("somebody else's of the same name", () => {
  const foreign = (): readonly {
    readonly make: string;
    readonly look: string;
    readonly remove: string;
    readonly says: string;
  }[] => {
    const { of, tenant } = numbers;
    return [
      {
        make: `ip link del sdn-b-${of("s13")}; ip link add sdn-b-${of("s13")} type bridge`,
        look: `ip -d -o link show sdn-b-${of("s13")}`,
        remove: `ip link del sdn-b-${of("s13")}`,
        says: `interface sdn-b-${of("s13")} exists and is not ours: it carries no mark`,
      },
      {
        make: `ip link set sdn-v-${of("s14")} alias sdn:other/prod:segment-1`,
        look: `ip -d -o link show sdn-v-${of("s14")}`,
        remove: `ip link del sdn-v-${of("s14")}`,
        says: `interface sdn-v-${of("s14")} exists and is not ours: it carries the mark sdn:other/prod:segment-1`,
      },
      {
        make: "docker network rm shop-s16; docker network create --label sdn.mark=sdn:other/prod:segment-2 shop-s16",
        look: "docker network inspect shop-s16",
        remove: "docker network rm shop-s16",
        says: "Docker network shop-s16 exists and is not ours: it carries the mark sdn:other/prod:segment-2",
      },
      {
        make: `ip -n ${router(tenant)} link set lo alias sdn:other/prod:router-3`,
        look: `ip -n ${router(tenant)} -o link show lo`,
        remove: `ip netns del ${router(tenant)}`,
        says: `network namespace ${router(tenant)} exists and is not ours: it carries the mark sdn:other/prod:router-3`,
      },
    ];
  };

  test("refresh names the owner, up refuses and says what to do, and nothing of it is touched", async () => {
    const h2 = lab.host("h2");
    await h2.run([
      "sh",
      "-ec",
      foreign()
        .map(({ make }) => make)
        .join("\n"),
    ]);
    const looks = foreign()
      .map(({ look }) => look)
      .join("\n");
    const before = await h2.run(["sh", "-ec", looks]);
    const said = await stack.refresh();
    expect(said).toContain("is not ours: it carries the mark sdn:other/prod:segment-1. Remove or rename it");
    const { code, stdout } = await stack.pulumi(["up", "--yes", "--skip-preview", "--continue-on-error"]);
    expect(code).not.toBe(0);
    for (const { says } of foreign()) expect(stdout).toContain(says);
    expect(stdout).toContain("Remove or rename what is in the way");
    expect(await h2.run(["sh", "-ec", looks])).toBe(before);
  });

  test("when it is removed, an up that refreshes gives what there was", async () => {
    await lab.host("h2").run([
      "sh",
      "-ec",
      foreign()
        .map(({ remove }) => remove)
        .join("\n"),
    ]);
    // With a thing of somebody else, what stood on it went too, which only a look at the host tells.
    await stack.up("--refresh");
    expect(await inventory(lab.host("h2"))).toBe(faultless);
  });
});
