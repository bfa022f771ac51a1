/** The process that takes an unproved change back: whom it outlives, what it holds, and when it ends. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, readdirSync } from "node:fs";
import { parseReport } from "../../../provider/src/render/report";
import { countingWord, firewallFragment, firewallRequest, tableWord } from "../../support/firewall-tables";
import { routerIntent } from "../../support/intents";
import { applyFragment, requestOf } from "../../support/requests";
import { waitFor } from "../support/wait";
import { ProgramHost } from "./bench";

let host: ProgramHost;
beforeAll(() => {
  host = ProgramHost.create("timer");
});
beforeEach(() => {
  host.reset();
});
afterAll(() => host.remove());

const load = (chain: string, seconds: number): string =>
  firewallRequest(host.name, {
    fragments: [
      firewallFragment(chain, [
        ["firewall_arm", chain, String(seconds)],
        ["firewall_table", tableWord(chain)],
      ]),
    ],
  });
const disarm = (nonce: string): string => firewallRequest(host.name, { queries: [["firewall_disarm", nonce]] });
const chains = (): string => host.in("nft list table inet sdn_fw 2>/dev/null | grep chain || true").trim();
const isArmed = (): boolean => existsSync(`${host.ledger}/firewall.armed`);

/** Of this host: the processes that wait. */
function timers(): readonly string[] {
  return readdirSync("/proc").filter((id) => {
    try {
      const words = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0");
      return words.includes("firewall-timer") && words.includes(host.name);
    } catch {
      return false;
    }
  });
}

async function run(input: string): Promise<ReturnType<typeof parseReport>> {
  const report = parseReport((await host.run(input)).stdout);
  for (const [key, result] of report.results) expect([key, result]).toMatchObject([key, { ok: true }]);
  return report;
}

test("the report does not wait for it, and it is a session of its own that holds nothing of the run's", async () => {
  const begun = performance.now();
  await run(load("one", 600));
  expect(performance.now() - begun).toBeLessThan(30_000);
  const [timer = ""] = timers();
  expect(timers()).toHaveLength(1);
  // Field 6 of what follows the command: the session.
  const stat = readFileSync(`/proc/${timer}/stat`, "utf8");
  expect(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]).toBe(timer);
  // Of higher ones, the program has none: what is there came with the test's own start.
  const open = readdirSync(`/proc/${timer}/fd`).filter((fd) => fd.length === 1);
  expect([...new Set(open.map((fd) => readlinkSync(`/proc/${timer}/fd/${fd}`)))]).toEqual(["/dev/null"]);
  await run(disarm("one"));
  await waitFor("the end of the timer", () => timers().length === 0);
});

test("while it waits, other runs have the lock, and what they do stays when it fires", async () => {
  await run(load("one", 600));
  await run(requestOf(host.name, [applyFragment({ ...routerIntent(), scope: host.name })]));
  await run(disarm("one"));
  await run(load("two", 1));
  await waitFor("the rollback", () => !isArmed());
  expect(chains()).toContain("one");
  const { snapshot } = await run(requestOf(host.name, []));
  expect([...snapshot.ledger.keys()]).toEqual(["router-5000"]);
});

test("of a change that is armed again, the first timer ends and does nothing", async () => {
  await run(load("one", 1));
  await run(load("one", 600));
  await waitFor("the end of the first timer", () => timers().length === 1);
  expect([isArmed(), chains()]).toEqual([true, "chain one {"]);
  await run(disarm("one"));
  await waitFor("the end of the second timer", () => timers().length === 0);
});

test("it waits for a run that holds the lock, and fires when that ends", async () => {
  await run(load("one", 1));
  const released = `${host.ledger}/released`;
  host.in(`{ flock 9; sleep 3; touch ${released}; } 9</run/netns/${host.name} >/dev/null 2>&1 &`);
  await waitFor("the rollback", () => !isArmed());
  expect(existsSync(released)).toBe(true);
  expect(chains()).toBe("");
});

test("who asks for hits beside a run that holds the lock is answered at once, and leaves what is remembered to that", async () => {
  const counting = firewallFragment("one", [["firewall_table", countingWord("one", { "db/web": 5001 })]]);
  await run(firewallRequest(host.name, { fragments: [counting] }));
  const remembered = (): string => readFileSync(`${host.ledger}/firewall.hits`, "utf8");
  const before = remembered();
  host.in("bash -c 'printf x >/dev/udp/127.0.0.1/5001' 2>/dev/null || true");
  const holder = spawn("flock", [`/run/netns/${host.name}`, "cat"], { stdio: ["pipe", "ignore", "ignore"] });
  try {
    const isHeld = (): boolean => spawnSync("flock", ["-n", `/run/netns/${host.name}`, "true"]).status !== 0;
    await waitFor("the lock", isHeld);
    const ask = async () =>
      (await run(firewallRequest(host.name, { queries: [["query_firewall_hits"]] }))).snapshot.firewall.hits;
    expect(await ask()).toMatchObject([{ name: "db/web", packets: 1 }]);
    expect(remembered()).toBe(before);
    holder.stdin.end();
    await waitFor("the end of the lock", () => !isHeld());
    expect(await ask()).toMatchObject([{ name: "db/web", packets: 1 }]);
    expect(remembered()).not.toBe(before);
  } finally {
    holder.stdin.end();
  }
});

test("the run is killed with its process group, as where Pulumi is interrupted: it fires all the same", async () => {
  const abort = new AbortController();
  // Stopped where the timer runs and the record is not written yet.
  const hang = `mv() { case "$*" in *resources/.firewall.new*) sleep 600 ;; esac; command mv "$@"; }\n`;
  const running = host.run(load("one", 2), hang, abort.signal);
  await waitFor("the table", () => chains() !== "");
  abort.abort();
  await expect(running).rejects.toThrow();
  expect(isArmed()).toBe(true);
  await waitFor("the rollback", () => !isArmed());
  expect(chains()).toBe("");
});

test("a run that begins when the time is over takes back first, where the timer was killed", async () => {
  await run(load("one", 1));
  for (const timer of timers()) process.kill(Number(timer), "SIGKILL");
  await waitFor("the deadline", () => Date.now() / 1000 > deadline());
  const { snapshot } = await run(disarm("one"));
  expect(snapshot.firewall.disarmed.get("one")).toBe(false);
  expect(chains()).toBe("");
});

const deadline = (): number => Number(readFileSync(`${host.ledger}/firewall.armed`, "utf8").split(" ")[1]);
