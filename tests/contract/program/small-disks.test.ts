/**
 * The copy of the program and its units while the disk is full, and what an engine says. The host is a mount namespace
 * with small disks in the place of the folders that are written to, and commands of the test's own: a systemctl that
 * only writes down what it was asked.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostProgram } from "../../../provider/src/render/program";
import type { HostFacts } from "../../../provider/src/model/snapshot";
import type { FragmentResult } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import { execute } from "../../lab/harness/lab";
import { routerIntent } from "../../support/intents";
import { applyFragment, removeFragment, requestOf } from "../../support/requests";
import { ProgramHost } from "./bench";

const state = "/var/lib/sdn";
const units = "/etc/systemd/system";
const router = routerIntent();

const places = `
mount --make-rprivate /
mount -t tmpfs tmpfs /var/lib
mkdir ${state}
mount -t tmpfs -o size=256k tmpfs ${state}
mount -t tmpfs -o size=32k tmpfs ${units}
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /usr/local/sbin
mkdir -p /run/lock /run/netns /run/systemd/system
printf '#!/bin/sh\\necho "$*" >>/run/asked\\n' >/usr/local/sbin/systemctl
chmod 0755 /usr/local/sbin/systemctl
mount -t sysfs sysfs /sys
echo ready
exec sleep infinity`;

let host: ProgramHost;
let holder: ChildProcess;

beforeEach(async () => {
  host = ProgramHost.create("keep");
  holder = spawn("nsenter", [`--net=/run/netns/${host.name}`, "unshare", "-m", "/bin/sh", "-ec", places]);
  await once(holder.stdout!, "data");
});
afterEach(async () => {
  const ended = once(holder, "exit");
  holder.kill("SIGKILL");
  await ended;
  await host.remove();
});

const inside = (command: readonly string[], stdin = "") =>
  execute("nsenter", ["-t", String(holder.pid), "-m", "-n", "--", ...command], { stdin });
async function shell(script: string): Promise<string> {
  const { code, stdout, stderr } = await inside(["/bin/sh", "-ec", script]);
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}
/** As `remoteProgram` starts it. */
async function run(...fragments: Parameters<typeof requestOf>[1]): Promise<FragmentResult | undefined> {
  const { stdout } = await inside(["/bin/sh", "-c", hostProgram], requestOf("", fragments));
  return parseReport(stdout).results.get("router-5000");
}
async function persistence(): Promise<string | undefined> {
  // No engine is here, but one may be where this leads.
  const words = ["env", "DOCKER_HOST=tcp://192.0.2.1", "/bin/sh", "-c", hostProgram];
  const { stdout } = await inside(words, requestOf("", [], [], { facts: true }));
  return parseReport(stdout).snapshot.facts?.persistence;
}

/** Another command in the place of the host's own. */
const install = (name: string, script: string): Promise<string> =>
  shell(`cat >/usr/local/sbin/${name} <<'SCRIPT'\n#!/bin/sh\n${script}\nSCRIPT\nchmod 0755 /usr/local/sbin/${name}`);

async function engineOf(...environment: readonly string[]): Promise<HostFacts["docker"]> {
  const words = ["env", ...environment, "HOME=/run", "/bin/sh", "-c", hostProgram];
  const { stdout } = await inside(words, requestOf("", [], [], { facts: true }));
  return parseReport(stdout).snapshot.facts?.docker;
}

test("what an engine says in pieces, of its version and its pools at once, is read whole", async () => {
  const version = "printf 28.2.2; sleep 0.02; printf ' '; sleep 0.02; echo 1.50";
  const info = `printf '[{"Base":'; sleep 0.03; echo '"10.200.0.0/16","Size":24}]'`;
  await install("docker", `case $1 in version) ${version} ;; info) ${info} ;; esac`);
  expect(await engineOf("DOCKER_HOST=tcp://192.0.2.1")).toEqual({
    version: "28.2.2",
    apiVersion: "1.50",
    addressPools: ["10.200.0.0/16"],
  });
});

test("where there is no sign of an engine, the host's docker command is not asked for one", async () => {
  await install("docker", "echo asked >>/run/asked; case $1 in version) echo 28.2.2 1.50 ;; esac");
  expect(await engineOf()).toBeUndefined();
  expect(await shell("cat /run/asked 2>/dev/null || true")).not.toContain("asked");
  await shell("mkdir /run/.docker; echo '{}' >/run/.docker/config.json");
  expect(await engineOf()).toMatchObject({ version: "28.2.2" });
});

/** All but so many pages of 4 KiB. */
const fill = (folder: string, free = 0): Promise<string> =>
  shell(`cat /dev/zero >${folder}/filler 2>/dev/null || true; truncate -s -${free * 4096} ${folder}/filler`);
const empty = (folder: string): Promise<string> => shell(`rm ${folder}/filler`);
const filesIn = (folder: string): Promise<string> =>
  shell(`cd ${folder} && find . ! -name filler ! -type d | sort | tr '\\n' ' '`);
const links = (): Promise<string> => shell("ip -o link show; ip netns list; nft list tables");

const kept =
  "./docker.service.wants/sdn-assert.service ./multi-user.target.wants/sdn-restore.service ./sdn-assert.service " +
  "./sdn-assert.timer ./sdn-restore.service ./timers.target.wants/sdn-assert.timer ";

async function makesItWithRoom(): Promise<void> {
  expect(await run(applyFragment(router))).toEqual({ ok: true, generation: 1 });
  expect(await filesIn(units)).toBe(kept);
  expect(await persistence()).toBe("systemd");
  // The saved copy is the program, and it runs.
  expect(await shell(`tail -n +2 ${state}/program | sha256sum`)).toContain(
    (await shell(`head -n 1 ${state}/program`)).trim().slice(2),
  );
  expect((await inside(["/bin/sh", `${state}/program`, "assert"])).code).toBe(0);
}

test("the program cannot be written: nothing is made, the error names the file, and it is made when there is room", async () => {
  const before = await links();
  await fill(state);
  expect(await run(applyFragment(router))).toEqual({
    ok: false,
    code: "remote-failure",
    message: `${state}/program cannot be written (disk full?)`,
  });
  expect(await links()).toBe(before);
  expect(await filesIn(state)).toBe("");
  await empty(state);
  await makesItWithRoom();
});

test("half of the program fits: nothing of it stays", async () => {
  await fill(state, 5);
  expect(await run(applyFragment(router))).toMatchObject({ ok: false });
  expect(await filesIn(state)).toBe("");
  await empty(state);
  await makesItWithRoom();
});

test.each([
  ["sdn-restore.service", 0],
  ["sdn-assert.service", 1],
  ["sdn-assert.timer", 2],
])("%s cannot be written: nothing is made, and there is no program that a unit would start", async (unit, free) => {
  const before = await links();
  await fill(units, free);
  expect(await run(applyFragment(router))).toEqual({
    ok: false,
    code: "remote-failure",
    message: `${units}/${unit} cannot be written (disk full?)`,
  });
  expect(await links()).toBe(before);
  expect(await filesIn(state)).toBe("");
  expect(await filesIn(units)).not.toContain(".new");
  await empty(units);
  await makesItWithRoom();
});

test("a newer program cannot be written: the older one and what it restores stay whole, and a removal works", async () => {
  await run(applyFragment(router));
  await shell(`{ echo '# older'; echo 'say complete'; } >/run/older; sum=$(tail -n +2 /run/older | sha256sum)
    { echo "# \${sum%% *}"; tail -n +2 /run/older; } >${state}/program`);
  const older = await shell(`cat ${state}/program`);
  await fill(state);
  const changed = { ...router, cidr: "10.32.0.0/12" };
  expect(await run(applyFragment(changed, router, 1))).toEqual({
    ok: false,
    code: "remote-failure",
    message: `${state}/program cannot be written (disk full?)`,
  });
  expect(await shell(`cat ${state}/program`)).toBe(older);
  expect(await shell("ip -n sdn-r-5000 route show type blackhole")).toContain("10.20.0.0/16");
  expect(await run(removeFragment(router))).toEqual({ ok: true, generation: 0 });
  expect(await filesIn(units)).toBe("");
});
