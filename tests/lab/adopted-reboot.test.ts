/** A host on which things of others were adopted starts again: theirs is theirs to make, and sdn says what is missing. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;

/** Made by hand: nobody makes it again. */
const byHand = "ip link add br-office mtu 1400 type bridge; ip link set br-office up";
/** Made by a unit of somebody's own at every start, but only after Docker. */
const unit = `[Unit]
After=docker.service sdn-restore.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c "ip link add br-lab mtu 1400 type bridge && ip link set br-lab up"
[Install]
WantedBy=multi-user.target
`;

let lab: Lab;
let host: LabHost;
let stack: Stack;
let networkId: string;

function program(): Program {
  const adopted = (more: object): YamlResource => ({
    type: "sdn:AdoptedSegment",
    properties: { host: ref("h1"), ...more },
  });
  return {
    resources: {
      h1: hostResource(host),
      office: adopted({ bridge: { name: "br-office", mtu: 1400 } }),
      workshop: adopted({ bridge: { name: "br-lab", mtu: 1400 } }),
      tools: adopted({ dockerNetwork: { name: "tools", networkId, cidrs: ["172.30.0.0/24"] } }),
    },
  };
}

const linkOf = async (name: string): Promise<string> =>
  (await host.exec(["ip", "-o", "link", "show", "dev", name])).stdout;
const assert = (): Promise<string> => host.run("systemctl start sdn-assert.service");

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  host = lab.host("h1");
  await host.run(byHand);
  await host.run(
    ["sh", "-ec", "cat >/etc/systemd/system/workshop.service && systemctl enable --now workshop.service"],
    {
      stdin: unit,
    },
  );
  networkId = await host.docker(["network", "create", "--subnet", "172.30.0.0/24", "tools"]);
  await host.docker([
    "run",
    "-d",
    "--name",
    "wiki",
    "--restart=always",
    "--network",
    "tools",
    "sdn-lab/box",
    "sleep",
    "100000",
  ]);
  stack = await Stack.create(program());
  await stack.up();
  await host.reboot();
  const wikiRuns = async (): Promise<boolean> =>
    (await host.exec(["docker", "inspect", "-f", "{{.State.Running}}", "wiki"])).stdout.trim() === "true";
  await waitFor(wikiRuns, { what: "the container of the adopted network runs again" });
  await waitFor(async () => (await linkOf("br-lab")) !== "", { what: "somebody's unit has made its bridge" });
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

test("neither unit fails because of what is not there, and nothing is made for somebody else", async () => {
  await assert();
  for (const name of ["sdn-restore.service", "sdn-assert.service"]) {
    expect(await host.run(["systemctl", "show", "-P", "Result", name])).toBe("success");
  }
  expect(await host.run("systemctl list-units --failed --plain --no-legend 'sdn-*'")).toBe("");
  expect(await linkOf("br-office")).toBe("");
});

test("what somebody's unit made again has the mark again, without Pulumi; the engine's network never lost it", async () => {
  expect(await linkOf("br-lab")).toContain("alias sdn:lab/dev:adopted-workshop");
  expect(await host.docker(["network", "inspect", "-f", "{{.Id}}", "tools"])).toBe(networkId);
});

test("refresh says what is missing and whose it is to make, and nothing of the others", async () => {
  const said = await stack.refresh();
  expect(said).toContain(
    "host h1: interface br-office, which was adopted, is missing. Make it again as it was, or take its AdoptedSegment out of the program",
  );
  expect(said).not.toMatch(/br-lab, which|Docker network tools|was not made again/);
});

test("up refuses to make it, and adopts it again when it is back", async () => {
  const { code, stdout } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
  expect(code).not.toBe(0);
  expect(stdout).toContain("interface br-office does not exist; what was adopted is not made anew");
  await host.run(byHand);
  await assert();
  expect(await linkOf("br-office")).toContain("alias sdn:lab/dev:adopted-office");
  await stack.up("--refresh");
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("destroy releases all of it", async () => {
  await stack.destroy();
  for (const name of ["br-office", "br-lab"]) expect(await linkOf(name)).not.toContain("alias");
  expect(await host.docker(["network", "inspect", "-f", "{{.Id}}", "tools"])).toBe(networkId);
});
