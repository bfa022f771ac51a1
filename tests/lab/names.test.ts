/** Names on hosts with systemd and engines: containers ask as they always do, and the server outlives what befalls it. */
import type { ServiceIntent } from "../../provider/src/compile/service/intent";
import { renderRequest } from "../../provider/src/render/instructions";
import { hostProgram } from "../../provider/src/render/program";
import type { Report } from "../../provider/src/render/report";
import { parseReport } from "../../provider/src/render/report";
import type { Fragment } from "../../provider/src/render/instructions";
import { entryOf, namesFragment, namesRequest, noNamesFragment } from "../support/services";
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

let lab: Lab;
let stack: Stack;
let h1: LabHost;
let router: string;

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  h1 = lab.host("h1");
  stack = await Stack.create({ resources: {} });
  await stack.write({
    resources: {
      h1: hostResource(h1),
      fabric: { type: "sdn:Fabric", properties: { hosts: [ref("h1")] } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24" } },
    },
    outputs: { web: ref("web.dockerNetworkName") },
  });
  await stack.up();
  const { web } = (await stack.outputs()) as { readonly web: string };
  router = await h1.run("ls /run/netns | grep '^sdn-r-'");
  for (const name of ["box", "neighbour"]) {
    await h1.docker([
      "run",
      "-d",
      "--restart",
      "always",
      "--name",
      name,
      "--network",
      web,
      "sdn-lab/box",
      "sleep",
      "100000",
    ]);
  }
}, 300_000);
afterAll(async () => {
  await h1.docker(["rm", "-f", "box", "neighbour"]);
  await stack.destroy();
  await lab.down();
});

const unit = (): string => `sdn-dns@${router.replace("sdn-r-", "")}.service`;
const entry = (name: string, ipv4: string): ServiceIntent =>
  entryOf(name, { ipv4, ipv6: undefined, routerVni: Number(router.replace("sdn-r-", "")) });

async function run(fragments: readonly Fragment[], about: readonly ServiceIntent[] = []): Promise<Report> {
  const stdin = renderRequest({ ...namesRequest("", fragments, about), keep: true });
  const { stdout } = await h1.exec(["/bin/sh", "-c", hostProgram], { stdin });
  const report = parseReport(stdout);
  expect([...report.results.values()].filter(({ ok }) => !ok)).toEqual([]);
  return report;
}
const serverState = async (intent: ServiceIntent): Promise<string | undefined> =>
  (await run([], [intent])).snapshot.dnsServers.get(router);

/** What a container's own resolver says, by way of the engine's embedded server. */
async function told(name: string): Promise<string> {
  const { stdout } = await h1.exec(["docker", "exec", "box", "nslookup", "-type=a", name]);
  return stdout
    .split("\n")
    .filter((line) => /^(Address:? .*[^3]$|\*\*)/.test(line) && !line.includes(":53"))
    .join();
}
const comesTo = (what: string, condition: () => Promise<boolean>): Promise<boolean> =>
  waitFor(condition, { what, timeoutMs: 30_000 });

test("a container asks the engine's server, which asks ours: names of the network, of containers, of nobody", async () => {
  const web = entry("web", "10.20.200.1");
  await run([namesFragment(web)]);
  expect(await told("web.shop.sdn.internal")).toContain("10.20.200.1");
  expect(await told("web")).toContain("10.20.200.1");
  expect(await told("neighbour")).toMatch(/10\.20\.1\./);
  expect(await told("nobody.shop.sdn.internal")).toContain("NXDOMAIN");
  expect(await told("example.com")).toContain("REFUSED");
  expect(await serverState(web)).toBe("serving");
});

test("a changed entry is answered at once, by the same process, which is nobody's but its own user's", async () => {
  const main = (): Promise<string> => h1.run(`systemctl show -p MainPID --value ${unit()}`);
  const before = await main();
  await run([namesFragment(entry("web", "10.20.200.2"))]);
  expect(await told("web")).toContain("10.20.200.2");
  expect(await main()).toBe(before);
  const status = await h1.run(`cat /proc/${before}/status`);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^CapEff:\t0+$/m);
  expect(await h1.run(`stat -c %U /proc/${before}`)).toBe("unbound");
  expect(await h1.run(`readlink /proc/${before}/ns/net`)).toBe(
    await h1.run(`ip netns exec ${router} readlink /proc/self/ns/net`),
  );
});

test("a server that is killed is there again", async () => {
  await h1.run(`systemctl kill --signal=KILL ${unit()}`);
  await comesTo("the server answers again", async () => (await told("web")).includes("10.20.200.2"));
});

test("after a reboot the host answers before anybody runs Pulumi", async () => {
  await h1.reboot();
  await comesTo("a container is told", async () => (await told("web")).includes("10.20.200.2"));
  expect(await serverState(entry("web", "10.20.200.2"))).toBe("serving");
}, 180_000);

test("a server that somebody stopped is started by the host's own look", async () => {
  await h1.run(`systemctl stop ${unit()}`);
  expect(await serverState(entry("web", "10.20.200.2"))).toBe("stopped");
  await h1.run("systemctl start sdn-assert.service");
  expect(await told("web")).toContain("10.20.200.2");
  expect(await h1.run("cat /var/lib/sdn/events")).toMatch(/ repaired service-\d+-web /);
});

test("with the last entry server, unit and files go", async () => {
  await run([noNamesFragment(entry("web", "10.20.200.2"))]);
  expect(await h1.run("ls -d /etc/systemd/system/sdn-dns* /etc/unbound/sdn /var/lib/sdn/dns 2>/dev/null || true")).toBe(
    "",
  );
  expect((await h1.exec(["systemctl", "is-active", unit()])).stdout.trim()).toBe("inactive");
  expect(await told("web")).not.toContain("10.20.200");
});
