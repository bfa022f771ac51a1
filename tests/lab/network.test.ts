/** Virtual networks on three real hosts with real engines: what containers can and cannot reach. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

/** Where each container is and to what it belongs. `blue` has the same addresses as `web`. */
const onDocker = [
  { name: "web1", host: "h1", subnet: "web" },
  { name: "web2", host: "h2", subnet: "web" },
  { name: "web3", host: "h3", subnet: "web" },
  { name: "db1", host: "h1", subnet: "db" },
  { name: "db2", host: "h2", subnet: "db" },
] as const;
const plugged = [
  { name: "blue1", host: "h1" },
  { name: "blue2", host: "h2" },
] as const;

function program(lab: Lab, more: Readonly<Record<string, YamlResource>> = {}): Program {
  const hosts = Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)]));
  const endpoints = Object.fromEntries([
    ...onDocker.map(({ name, host, subnet }): [string, YamlResource] => [
      name,
      { type: "sdn:Endpoint", properties: { host: ref(host), subnet: ref(subnet), labels: { app: subnet } } },
    ]),
    ...plugged.map(({ name, host }, index): [string, YamlResource] => [
      name,
      {
        type: "sdn:Endpoint",
        properties: {
          host: ref(host),
          subnet: ref("blue"),
          container: { name, networkMode: "none" },
          ipv4Address: `10.20.1.${String(10 + index)}`,
        },
      },
    ]),
  ]);
  return {
    resources: {
      ...hosts,
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      shop: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48", egress: "nat" },
      },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24", ipv6PrefixLength: 64 } },
      db: { type: "sdn:Subnet", properties: { network: ref("shop"), prefixLength: 24, ipv6PrefixLength: 64 } },
      tenant: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      blue: { type: "sdn:Subnet", properties: { network: ref("tenant"), cidr: "10.20.1.0/24", docker: false } },
      ...endpoints,
      ...more,
    },
    outputs: {
      webVni: ref("web.vni"),
      ...Object.fromEntries(onDocker.map(({ name }) => [name, dockerOutputs(name)])),
      ...Object.fromEntries(plugged.map(({ name }) => [name, { ipv4: ref(`${name}.ipv4Address`) }])),
    },
  };
}

const dockerOutputs = (name: string): Addresses => ({
  ipv4: ref(`${name}.ipv4Address`),
  ipv6: ref(`${name}.ipv6Address`),
  network: ref(`${name}.dockerNetworkName`),
});

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly network: string;
}

/** What a host shows that could be ours, for comparing before and after. */
async function traces(host: LabHost): Promise<string> {
  return host.run(
    "ip -o link | awk '{ print $2 }' | sed 's/[@:].*//' | sort; ip netns list | sort; nft list tables | grep -w sdn; " +
      "docker network ls --format '{{.Name}}' | sort; ls /var/lib/sdn 2>/dev/null; iptables -S DOCKER-USER; " +
      "ip -4 route; sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv6.conf.eth0.accept_ra; true",
  );
}

let lab: Lab;
let stack: Stack;
let before: readonly string[];
let at: Readonly<Record<string, Addresses>>;
let webVni: number;

const box = (host: LabHost, name: string, ...network: readonly string[]): Promise<string> =>
  host.docker(["run", "-d", "--name", name, ...network, "sdn-lab/box", "sleep", "100000"]);

async function startContainers(): Promise<void> {
  for (const { name, host } of onDocker) {
    const { network, ipv4, ipv6 } = at[name] as Addresses;
    await box(lab.host(host), name, "--network", network, "--ip", ipv4, "--ip6", ipv6);
  }
}

/** Whether a ping from a container is answered. */
async function reaches(from: string, host: string, to: string, ...options: readonly string[]): Promise<boolean> {
  const tool = to.includes(":") ? "ping6" : "ping";
  const { code } = await lab.host(host).exec(["docker", "exec", from, tool, "-c1", "-W2", ...options, to]);
  return code === 0;
}

/** Waits for it: an address that was just set is not usable at once (neighbour discovery, bridge ports). */
const comesToReach = (from: string, host: string, to: string): Promise<boolean> =>
  waitFor(() => reaches(from, host, to), { what: `${from} on ${host} reaches ${to}`, timeoutMs: 15_000 });

const ipv4 = (name: string): string => (at[name] as Addresses).ipv4;
const ipv6 = (name: string): string => (at[name] as Addresses).ipv6;

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  before = await Promise.all(lab.hosts.map(traces));
  for (const { name, host } of plugged) await box(lab.host(host), name, "--network", "none");
  stack = await Stack.create(program(lab));
  await stack.up();
  const outputs = await stack.outputs();
  at = outputs as Record<string, Addresses>;
  webVni = outputs["webVni"] as number;
  await startContainers();
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

describe("a virtual network over three hosts", () => {
  test.each([
    ["in a subnet, to the next host", "web1", "h1", "web2"],
    ["in a subnet, to the third host", "web2", "h2", "web3"],
    ["to another subnet on the same host", "web1", "h1", "db1"],
    ["to another subnet on another host", "web1", "h1", "db2"],
    ["and back", "db2", "h2", "web3"],
  ])("a container reaches another one %s", async (_case, from, host, to) => {
    await comesToReach(from, host, ipv4(to));
    await comesToReach(from, host, ipv6(to));
  });

  test("a container reaches its gateway and the outside, whose answers come back", async () => {
    await comesToReach("web1", "h1", "10.20.1.1");
    await comesToReach("web1", "h1", lab.outside4);
    await comesToReach("web2", "h2", lab.outside6);
  });

  test("packets of the full MTU pass undivided and larger ones do not", async () => {
    const pid = await lab.host("h1").docker(["inspect", "--format", "{{.State.Pid}}", "web1"]);
    const ping = (payload: number, to: string): Promise<{ code: number; stdout: string }> =>
      lab.host("h1").exec(["nsenter", "-t", pid, "-n", "ping", "-c1", "-W2", "-M", "do", "-s", String(payload), to]);
    // 1450 bytes of overlay: 20 of IPv4 (40 of IPv6) and 8 of ICMP are not payload.
    for (const to of ["web2", "db2"]) {
      expect((await ping(1450 - 28, ipv4(to))).code).toBe(0);
      expect((await ping(1450 - 48, ipv6(to))).code).toBe(0);
    }
    const tooLarge = await ping(1450 - 27, ipv4("web2"));
    expect(tooLarge.code).not.toBe(0);
  });

  test("the gateway has one MAC address everywhere, and asking for neighbours does not move it", async () => {
    const macs = await Promise.all(
      (["web1", "web2", "web3"] as const).map(async (name, index) => {
        await comesToReach(name, `h${String(index + 1)}`, "10.20.1.1");
        const table = await lab.host(`h${String(index + 1)}`).docker(["exec", name, "cat", "/proc/net/arp"]);
        return /^10\.20\.1\.1\s+\S+\s+\S+\s+(\S+)/m.exec(table)?.[1];
      }),
    );
    expect(macs[0]).toMatch(/^0a:5d:/);
    expect(new Set(macs).size).toBe(1);
  });
});

describe("isolation", () => {
  test("two networks with the same addresses on the same hosts work side by side", async () => {
    // blue2 has an address of web's subnet that nobody in web has; the answer comes from blue's own container.
    await comesToReach("blue1", "h1", ipv4("blue2"));
    expect(await reaches("web1", "h1", ipv4("blue2"))).toBe(false);
    expect(await reaches("blue1", "h1", ipv4("web2"))).toBe(false);
    expect(await reaches("blue1", "h1", ipv4("db1"))).toBe(false);
  });

  test("a network without a way out reaches nothing outside", async () => {
    expect(await reaches("blue1", "h1", lab.outside4)).toBe(false);
  });

  test("a container does not reach its host, neither by the gateway nor by the bridge's own MAC address", async () => {
    const h1 = lab.host("h1");
    expect(await reaches("web1", "h1", h1.address)).toBe(false);
    const mac = await h1.run(`cat /sys/class/net/sdn-b-${String(webVni)}/address`);
    const pid = await h1.docker(["inspect", "--format", "{{.State.Pid}}", "web1"]);
    // Straight to the bridge, as a hostile container would.
    await h1.run(
      `nsenter -t ${pid} -n sh -c 'ip route add ${h1.address} via 10.20.1.254 dev eth0 onlink && ip neigh replace 10.20.1.254 lladdr ${mac} dev eth0'`,
    );
    const counted = (): Promise<string> => h1.run("cat /proc/net/snmp | awk '/^Icmp:/ { print $10 }' | tail -1");
    const echoesBefore = await counted();
    expect(await reaches("web1", "h1", h1.address)).toBe(false);
    expect(await counted()).toBe(echoesBefore);
    await h1.run(`nsenter -t ${pid} -n ip route del ${h1.address}`);
  });

  test("the host does not reach a container by routing", async () => {
    const { code } = await lab.host("h1").exec(["ping", "-c1", "-W1", ipv4("web1")]);
    expect(code).not.toBe(0);
  });
});

describe("convergence", () => {
  test("a second up changes nothing", async () => {
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("a preview of no change shows none, and the state holds no key material", async () => {
    const { code, stdout } = await stack.preview("--expect-no-changes");
    expect(stdout).not.toMatch(/ to (update|replace|create|delete)/);
    expect(code).toBe(0);
    expect(await stack.exported()).not.toContain("PRIVATE KEY");
  });

  test("what was deleted by hand is found by refresh, said in words, and repaired by up", async () => {
    const h2 = lab.host("h2");
    const bridge = await h2.run(
      "docker network inspect -f '{{index .Options \"com.docker.network.bridge.name\"}}' shop-db",
    );
    const device = bridge.replace("sdn-b-", "sdn-v-");
    await h2.run(`ip link del ${device}`);
    expect(await reaches("web1", "h1", ipv4("db2"))).toBe(false);
    const said = await stack.refresh();
    expect(said).toContain(`host h2: interface ${device} is missing`);
    await stack.up();
    await comesToReach("web1", "h1", ipv4("db2"));
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("a host that is down fails its own resources, and the others converge; up heals it when it is back", async () => {
    const extra: Record<string, YamlResource> = {
      cache: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.77.0/24" } },
    };
    await lab.host("h3").stop();
    await stack.write(program(lab, extra));
    const { code, stdout } = await stack.pulumi(["up", "--yes", "--skip-preview", "--continue-on-error"]);
    expect(code).not.toBe(0);
    expect(stdout).toContain(`host h3 (${lab.host("h3").address}:22), cache: no connection`);
    for (const name of ["h1", "h2"]) {
      expect(await lab.host(name).docker(["network", "ls", "--format", "{{.Name}}"])).toContain("shop-cache");
    }
    await comesToReach("web1", "h1", ipv4("web2"));
    await lab.host("h3").start();
    await stack.refresh();
    await stack.up();
    expect(await lab.host("h3").docker(["network", "ls", "--format", "{{.Name}}"])).toContain("shop-cache");
    await lab.host("h3").docker(["start", "web3"]);
    await comesToReach("web3", "h3", ipv4("web1"));
  });

  test("destroy leaves nothing of ours and touches nothing else", async () => {
    for (const { name, host } of [...onDocker, ...plugged]) await lab.host(host).docker(["rm", "-f", name]);
    await stack.destroy();
    const after = await Promise.all(lab.hosts.map(traces));
    expect(after).toEqual(before);
  });
});
