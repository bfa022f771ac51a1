/** Services that HAProxy and NGINX balance, with real packets; hosts and endpoints are namespaces of this machine. */
import type { Lab } from "./harness/lab";
import { execute, freshName, startLab } from "./harness/lab";
import type { YamlResource } from "./harness/stack";
import { Stack } from "./harness/stack";
import { waitFor } from "./harness/wait";
import { counted, load, requests, stream, WebServer } from "./harness/web-boxes";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);

/** Endpoint → host, the third and fourth part of its address. */
const boxes = {
  web1: { host: "h1", subnet: "web", last: 5 },
  web2: { host: "h2", subnet: "web", last: 6 },
  web3: { host: "h1", subnet: "web", last: 7 },
  client: { host: "h1", subnet: "app", last: 8 },
} as const;
type Box = keyof typeof boxes;
const thirds = { web: 1, app: 2 } as const;
const names = Object.keys(boxes) as readonly Box[];
const nameOf = (box: Box): string => `${tag}-${box}`;
const address = (box: Box): string => `10.20.${thirds[boxes[box].subnet]}.${boxes[box].last}`;
const vips = { front: "198.18.0.10", front6: "fd73:646e:7376::10", api: "198.18.0.11" } as const;

let lab: Lab;
let stack: Stack;
const servers = new Map<Box, WebServer>();
const server = (box: Box): WebServer => {
  const found = servers.get(box);
  if (found === undefined) throw new Error(`no server in ${box}`);
  return found;
};
async function serve(box: Box): Promise<void> {
  await servers.get(box)?.kill();
  servers.set(box, await WebServer.start(nameOf(box), box));
}

type Resources = Readonly<Record<string, YamlResource>>;

function base(): Resources {
  const hosts = lab.hosts.map(({ name, netns }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns } },
  ]);
  const segments = Object.entries(thirds).map(([name, third]): [string, YamlResource] => {
    const properties = { network: ref("shop"), cidr: `10.20.${third}.0/24`, ipv6Cidr: `fd00:20:0:${third}::/64` };
    return [name, { type: "sdn:Subnet", properties }];
  });
  const endpoints = names.map((box): [string, YamlResource] => {
    const { host, subnet } = boxes[box];
    const namespace = { name: nameOf(box) };
    const properties = { host: ref(host), subnet: ref(subnet), namespace, ipv4Address: address(box) };
    return [box, { type: "sdn:Endpoint", properties }];
  });
  return {
    ...Object.fromEntries(hosts),
    fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
    shop: {
      type: "sdn:VirtualNetwork",
      properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", ipv6Cidr: "fd00:20::/48" },
    },
    ...Object.fromEntries([...segments, ...endpoints]),
  };
}

/** Two bad answers, for each of which a second is waited, a second apart. */
const healthCheck = { protocol: "http", path: "/healthz", interval: 1, timeout: 1, healthyAfter: 2, unhealthyAfter: 2 };
const detected = 4500;

function entry(backends: readonly (Box | object)[], more: object = {}): YamlResource {
  const listed = backends.map((one) => (typeof one === "string" ? { endpoint: ref(one) } : one));
  const ports = [{ port: 80, targetPort: 8080 }];
  const properties = { network: ref("shop"), ports, backends: listed, vip: vips.front, driver: "haproxy", healthCheck };
  return { type: "sdn:ServiceEntry", properties: { ...properties, ...more } };
}
async function up(more: Resources): Promise<void> {
  await stack.write({ resources: { ...base(), ...more } });
  await stack.up();
}
const ask = (count: number, vip: string = vips.front): Promise<readonly string[]> =>
  requests(nameOf("client"), vip, count);
/** What is answered to requests that go on while something is done. */
async function during(doing: () => Promise<void>): Promise<readonly string[]> {
  const stop = await load(nameOf("client"), vips.front);
  await doing().catch(async (thrown: unknown) => {
    await stop();
    throw thrown;
  });
  return stop();
}
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** Until each of them has answered lately. */
async function untilServing(...who: readonly Box[]): Promise<void> {
  await untilServed(vips.front, who);
}
async function untilServed(vip: string, who: readonly Box[]): Promise<void> {
  const all = async (): Promise<boolean> => {
    const found = counted(await ask(12, vip));
    return who.every((box) => (found[box] ?? 0) > 0) && Object.keys(found).length === who.length;
  };
  await waitFor(all, { what: `${who.join(", ")} and nobody else serves` });
}

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const box of names) await execute("ip", ["netns", "add", nameOf(box)]);
  stack = await Stack.create({ resources: base() });
}, 300_000);

afterAll(async () => {
  for (const one of servers.values()) await one.kill();
  await stack.destroy();
  await stack.remove();
  for (const box of names) await execute("ip", ["netns", "del", nameOf(box)]);
  await lab.down();
}, 300_000);

describe("HAProxy", () => {
  beforeAll(async () => {
    await up({ front: entry([]) });
    for (const box of ["web1", "web2", "web3"] as const) await serve(box);
    await up({ front: entry(["web1", "web2"], { ipv6Vip: vips.front6 }) });
    await untilServing("web1", "web2");
  }, 300_000);

  test("shares connections out evenly, and the backend sees the router", async () => {
    const found = await ask(20);
    expect(counted(found)).toEqual({ web1: 10, web2: 10 });
    for (const text of found) expect(text).toMatch(/ 10\.20\.1\.(?!8)\d+$/);
  });

  test("works over IPv6, to backends of that family", async () => {
    await untilServed(vips.front6, ["web1", "web2"]);
    expect(counted(await ask(4, vips.front6))).toEqual({ web1: 2, web2: 2 });
  });

  test("a port without a service is refused", async () => {
    expect(await requests(nameOf("client"), "198.18.0.99", 1)).toEqual(["-"]);
  });

  test("a backend that no longer answers gets nothing after its time-out, and comes back without a run", async () => {
    for (const silence of ["killed", "stopped"] as const) {
      if (silence === "killed") await server("web2").kill();
      else server("web2").signal("SIGSTOP");
      await pause(detected);
      expect(counted(await ask(20))).toEqual({ web1: 20 });
      if (silence === "killed") await serve("web2");
      else server("web2").signal("SIGCONT");
      await untilServing("web1", "web2");
    }
  }, 120_000);

  test("a new backend gets nothing before its good checks, and then its share, without a run", async () => {
    server("web3").become("ill");
    const before = server("web3").count;
    const answered = await during(async () => {
      await up({ front: entry(["web1", "web2", "web3"]) });
      await pause(detected);
    });
    expect(Object.keys(counted(answered)).sort()).toEqual(["web1", "web2"]);
    expect(server("web3").count).toBe(before);
    server("web3").become("well");
    await untilServing("web1", "web2", "web3");
  }, 120_000);

  test("a dead backend stays dead over a reload", async () => {
    server("web3").become("ill");
    await untilServing("web1", "web2");
    const before = server("web3").count;
    await during(() => up({ front: entry(["web1", { endpoint: ref("web2"), weight: 2 }, "web3"]) }));
    expect(server("web3").count).toBe(before);
    server("web3").become("well");
  }, 120_000);

  test("draining loses no request: who is connected stays, and new ones go elsewhere", async () => {
    await up({ front: entry(["web1"]) });
    await untilServing("web1");
    const open = await stream(nameOf("client"), vips.front);
    await up({ front: entry(["web1", "web2"]) });
    await untilServing("web1", "web2");
    const answered = await during(() => up({ front: entry([{ endpoint: ref("web1"), drain: true }, "web2"]) }));
    expect(answered.length).toBeGreaterThan(200);
    expect(answered.filter((text) => text === "-")).toEqual([]);
    expect(counted(await ask(20))).toEqual({ web2: 20 });
    const lines = open.lines();
    await waitFor(() => open.lines() > lines + 5, { what: "the open connection goes on" });
    expect(open.from()).toBe("web1");
    expect(open.ended()).toBe(false);
    open.stop();
  }, 120_000);

  test("reloads under load lose no request", async () => {
    await up({ front: entry(["web1", "web2"]) });
    await untilServing("web1", "web2");
    const answered = await during(async () => {
      for (const weight of [2, 3]) {
        await up({
          front: entry(["web1", { endpoint: ref("web2"), weight }]),
          api: entry(["web3"], { vip: vips.api, healthCheck: { ...healthCheck, interval: weight } }),
        });
      }
      await up({ front: entry(["web1", "web2"]) });
    });
    expect(answered.length).toBeGreaterThan(500);
    expect(answered.filter((text) => text === "-")).toEqual([]);
  }, 120_000);

  test("a client keeps its backend, over a reload, too, and with nobody there goes to another one", async () => {
    const affinity = { seconds: 60 };
    await up({ front: entry(["web1", "web2"], { affinity }) });
    await waitFor(async () => (await ask(1))[0] !== "-", { what: "somebody serves" });
    const [first = ""] = Object.keys(counted(await ask(1)));
    expect(counted(await ask(10))).toEqual({ [first]: 10 });
    await up({ front: entry(["web1", "web2", "web3"], { affinity }) });
    await pause(detected);
    expect(counted(await ask(10))).toEqual({ [first]: 10 });
    await server(first as Box).kill();
    await pause(detected);
    const [second = ""] = Object.keys(counted(await ask(1)));
    expect(second).toMatch(/^web/);
    expect(second).not.toBe(first);
    await serve(first as Box);
  }, 120_000);

  test("backends are told the client by the PROXY protocol, which checks speak, too", async () => {
    await up({ front: entry(["web1", "web2"], { sendProxy: true }) });
    await untilServing("web1", "web2");
    for (const text of await ask(4)) expect(text).toMatch(new RegExp(`^web[12] ${address("client")}$`));
  }, 120_000);

  test("the fewest connections: who is busy gets no more", async () => {
    server("web2").become("ill");
    await up({ front: entry(["web1", "web2"], { balancing: "least-connections" }) });
    await untilServing("web1");
    const busy = await Promise.all([1, 2, 3].map(() => stream(nameOf("client"), vips.front)));
    server("web2").become("well");
    await waitFor(async () => (await ask(1))[0]?.startsWith("web2"), { what: "web2 serves" });
    expect(counted(await ask(10))).toEqual({ web2: 10 });
    for (const one of busy) one.stop();
  }, 120_000);

  test("what somebody does to the process, its configuration or its address is found and repaired", async () => {
    await up({ front: entry(["web1", "web2"]) });
    const [router = ""] = (await execute("ip", ["netns", "list"])).stdout
      .split("\n")
      .map((line) => line.split(" ")[0] ?? "")
      .filter((name) => name.startsWith("sdn-r-") && name.endsWith(`--${lab.host("h1").netns}`));
    const folder = `/var/lib/sdn/netns/${lab.host("h1").netns}/balancers/${/^sdn-r-(\d+)/.exec(router)?.[1] ?? ""}`;
    for (const [damage, sentence] of [
      [`kill -KILL $(cat ${folder}/haproxy.pid)`, `HAProxy does not run in ${router}`],
      [`echo 'maxconn 5' >>${folder}/haproxy.conf`, `the configuration of HAProxy in ${router} was changed`],
      [`ip -n ${router} addr del ${vips.front}/32 dev lo`, `address ${vips.front} is missing on lo in ${router}`],
      [
        `sed 's/weight 1/weight 9/' ${folder}/haproxy.conf >${folder}/other; kill -KILL $(cat ${folder}/haproxy.pid); sleep 0.2;
         for pid in $(ip netns pids ${router}); do [ "$(cat /proc/$pid/comm)" != haproxy ] || kill -KILL $pid; done; sleep 0.2
         sed -i 's/description .*/description sdn-1/' ${folder}/other
         ip netns exec ${router} haproxy -W -D -f ${folder}/other -p ${folder}/haproxy.pid; rm ${folder}/other`,
        `HAProxy does not run in ${router}`,
      ],
    ] as const) {
      await execute("sh", ["-c", damage]);
      expect(await stack.refresh()).toContain(`host h1: ${sentence}`);
      await stack.up();
      expect(await stack.refresh()).not.toContain("host h1:");
      await untilServing("web1", "web2");
    }
  }, 300_000);
});

describe("NGINX", () => {
  const nginx = { driver: "nginx", healthCheck: undefined };
  const both = [
    { port: 80, targetPort: 8080 },
    { port: 53, targetPort: 8080, protocol: "udp" },
  ];

  test("takes over from HAProxy, shares out TCP and UDP, and a dead backend costs no request", async () => {
    await up({ front: entry(["web1", "web2"], { ...nginx, ports: both }) });
    expect(counted(await ask(20))).toEqual({ web1: 10, web2: 10 });
    const script = `const s = require("node:dgram").createSocket("udp4");
      s.on("message", (m, from) => { console.log(String(m), from.address); s.close(); }).send("?", 53, "${vips.front}");`;
    const words = ["netns", "exec", nameOf("client"), "timeout", "3", process.execPath, "-e", script];
    expect((await execute("ip", words)).stdout).toMatch(new RegExp(`^web[12] ${vips.front}\n$`));
    await server("web2").kill();
    expect(counted(await ask(20))).toEqual({ web1: 20 });
    await serve("web2");
  }, 120_000);

  test("reloads and draining under load lose no request", async () => {
    await up({ front: entry(["web1", "web2"], nginx) });
    const answered = await during(async () => {
      await up({ front: entry(["web1", "web2", "web3"], nginx), api: entry(["web3"], { ...nginx, vip: vips.api }) });
      await up({ front: entry([{ endpoint: ref("web1"), drain: true }, "web2", "web3"], nginx) });
    });
    expect(answered.length).toBeGreaterThan(200);
    expect(answered.filter((text) => text === "-")).toEqual([]);
    expect(counted(await ask(10))).toEqual({ web2: 5, web3: 5 });
  }, 120_000);
});

test("with the last entry nothing is left: no process, no file, no address", async () => {
  await up({});
  const { stdout } = await execute("sh", [
    "-c",
    `for one in $(ip netns list | cut -d ' ' -f 1 | grep '^sdn-r-.*--${lab.host("h1").netns}$'); do
       ip netns pids $one; ip -n $one -o addr show dev lo | grep 198.18
     done; ls -d /var/lib/sdn/netns/${lab.host("h1").netns}/balancers 2>/dev/null`,
  ]);
  expect(stdout).toBe("");
}, 120_000);
