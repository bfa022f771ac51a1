/** Load balancers on a host with systemd: their unit, what befalls it, and a start of the host. */
import type { Lab, LabHost } from "./harness/lab";
import { startLab } from "./harness/lab";
import type { YamlResource } from "./harness/stack";
import { hostResource, Stack } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const vip = "198.18.0.10";

let lab: Lab;
let stack: Stack;
let h1: LabHost;
let router = "";
const unit = (driver = "haproxy"): string => `sdn-${driver}@${router.replace("sdn-r-", "")}.service`;

function endpoint(name: string, ipv4Address: string): YamlResource {
  return {
    type: "sdn:Endpoint",
    properties: { host: ref("h1"), subnet: ref("web"), namespace: { name }, ipv4Address },
  };
}
async function up(more: Readonly<Record<string, YamlResource>>): Promise<void> {
  await stack.write({
    resources: {
      h1: hostResource(h1),
      fabric: { type: "sdn:Fabric", properties: { hosts: [ref("h1")] } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24", docker: false } },
      web1: endpoint("web1", "10.20.1.5"),
      client: endpoint("client", "10.20.1.8"),
      ...more,
    },
  });
  await stack.up();
}
const entry = (more: object = {}): YamlResource => ({
  type: "sdn:ServiceEntry",
  properties: {
    network: ref("shop"),
    vip,
    ports: [{ port: 80, targetPort: 8080 }],
    backends: [{ endpoint: ref("web1") }],
    driver: "haproxy",
    healthCheck: { interval: 1, healthyAfter: 1 },
    ...more,
  },
});
async function answer(): Promise<string> {
  const script = `exec 3<>/dev/tcp/${vip}/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  const { stdout } = await h1.exec(["ip", "netns", "exec", "client", "timeout", "3", "bash", "-c", script]);
  return stdout.split("\r\n\r\n").at(-1) ?? "";
}
const serves = (): Promise<unknown> => waitFor(async () => (await answer()) === "web1\n", { what: "an answer" });
const mainPid = (driver?: string): Promise<string> => h1.run(`systemctl show -p MainPID --value ${unit(driver)}`);

beforeAll(async () => {
  lab = await startLab({ hosts: 1, dockerd: false });
  h1 = lab.host("h1");
  stack = await Stack.create({ resources: {} });
  await h1.run("ip netns add web1; ip netns add client");
  await up({ front: entry() });
  router = await h1.run("ls /run/netns | grep '^sdn-r-'");
  await h1.run("mkdir /srv/www; echo web1 >/srv/www/index.html; ip netns exec web1 busybox httpd -p 8080 -h /srv/www");
}, 300_000);
afterAll(async () => {
  await stack.destroy();
  await stack.remove();
  await lab.down();
}, 300_000);

test("a unit of the network's own runs it, in the router's namespace", async () => {
  await serves();
  expect(await h1.run(`ip netns identify ${await mainPid()}`)).toBe(router);
  expect(await h1.run("systemctl --failed --quiet --plain --no-legend")).toBe("");
  expect(await stack.refresh()).not.toContain("host h1:");
}, 120_000);

test("a process that is killed is started again by systemd", async () => {
  const before = await mainPid();
  await h1.run(`kill -KILL ${before}`);
  await serves();
  expect(await mainPid()).not.toBe(before);
  expect(await stack.refresh()).not.toContain("host h1:");
}, 120_000);

test("a reload keeps the process", async () => {
  const before = await mainPid();
  await up({ front: entry({ balancing: "random" }) });
  await serves();
  expect(await mainPid()).toBe(before);
}, 120_000);

test("a unit that is stopped or changed is found, and repaired by the next up", async () => {
  await h1.run(`systemctl stop ${unit()}`);
  expect(await stack.refresh()).toContain(`host h1: HAProxy does not run in ${router}.`);
  await stack.up();
  await serves();
  await h1.run("echo '# mine' >>/etc/systemd/system/sdn-haproxy@.service");
  expect(await stack.refresh()).toContain("host h1: the systemd unit of HAProxy was changed.");
  await stack.up();
  expect(await stack.refresh()).not.toContain("host h1:");
}, 120_000);

test("what is stopped comes back by the host itself, which says so", async () => {
  await h1.run("systemctl start sdn-assert.service");
  await h1.run(`systemctl stop ${unit()}; systemctl start sdn-assert.service`);
  await serves();
  expect(await h1.run("cat /var/lib/sdn/events")).toMatch(/ repaired service-\d+-front /);
}, 120_000);

test("it is there again after a start of the host", async () => {
  await h1.reboot();
  await waitFor(() => mainPid().then((pid) => pid !== "0"), { what: "the unit runs" });
  expect(await h1.run(`ip -n ${router} -o addr show dev lo`)).toContain(vip);
  expect(await h1.run(`ip netns identify ${await mainPid()}`)).toBe(router);
  await h1.run("ip netns add web1; ip netns add client");
  await stack.refresh();
  await stack.up();
  await h1.run("ip netns exec web1 busybox httpd -p 8080 -h /srv/www");
  await serves();
}, 300_000);

test("NGINX has a unit, too, and HAProxy's goes with it", async () => {
  await up({ front: entry({ driver: "nginx", healthCheck: undefined }) });
  await serves();
  expect(await h1.run(`ip netns identify ${await mainPid("nginx")}`)).toBe(router);
  expect(await h1.run("cd /etc/systemd/system && ls sdn-haproxy@.service sdn-nginx@.service 2>/dev/null || true")).toBe(
    "sdn-nginx@.service",
  );
  await h1.run(`kill -KILL ${await mainPid("nginx")}`);
  await serves();
  expect(await stack.refresh()).not.toContain("host h1:");
}, 120_000);

test("with the last entry neither unit nor process nor file is left", async () => {
  await up({});
  expect(
    await h1.run("ls -d /var/lib/sdn/balancers /etc/systemd/system/sdn-*@.service 2>/dev/null; pgrep -x nginx; true"),
  ).toBe("");
}, 120_000);
