/** Every command that changes something of the firewall fails once, and the program is killed once in its place. */
import type { Words } from "../../../provider/src/compile/steps";
import type { Fragment } from "../../../provider/src/render/instructions";
import { parseReport } from "../../../provider/src/render/report";
import {
  changeWord,
  firewallFragment,
  firewallRemoval,
  firewallRequest,
  hashedFragment,
  patchedFragment,
  tableWord,
} from "../../support/firewall-tables";
import { ProgramHost } from "./bench";
import { applied } from "./changes";
import { difference, Injector } from "./faults";

let host: ProgramHost;
let injector: Injector;
beforeAll(() => {
  host = ProgramHost.create("faults");
  injector = new Injector(host);
});
afterAll(async () => {
  injector.remove();
  await host.remove();
});

const arm: Words = ["firewall_arm", "n1", "600"];
const whole = (chain: string): Words => ["firewall_table", tableWord(chain)];
const next: Words = ["firewall_next", tableWord("two", "sdn_fw_next")];
const change: Words = ["firewall_change", changeWord("one", "two")];
const settle: Words = ["firewall_settle", "sdn-b-5001", "10.20.1.5"];
const hashed = hashedFragment("one", [["firewall_settings"], whole("one")]);
const patched: readonly Words[] = [arm, change, whole("two")];
const first = firewallFragment("one", [["firewall_settings"], whole("one")]);
const held: Fragment = {
  key: "port-5001-web1",
  mark: "sdn:shop/dev:port",
  hash: "p1",
  expectedGeneration: undefined,
  words: [
    ["firewall_hold", "sdn-b-5001", "10.20.1.5"],
    ["sysctl", "-", "net.ipv4.ip_forward", "1"],
  ],
  intent: "{}",
};

const changes: readonly (readonly [string, readonly Fragment[], Fragment])[] = [
  ["a first firewall is loaded", [], firewallFragment("one", [arm, ["firewall_settings"], whole("one")])],
  ["a firewall is changed", [first], firewallFragment("two", [arm, change, whole("two")])],
  ["a firewall is changed by what is new of it", [hashed], patchedFragment(hashed, hashedFragment("two", patched))],
  ["a second table comes beside it", [first], firewallFragment("two", [arm, next], undefined, true)],
  [
    "the whole table is loaded, and what was held let go",
    [first, held],
    firewallFragment("two", [arm, whole("two"), settle]),
  ],
  ["a port is held", [first], held],
  ["a firewall is removed", [first, held], firewallRemoval([arm])],
];

const request = (...fragments: readonly Fragment[]): string => firewallRequest(host.name, { fragments });
const disarm = (): string => firewallRequest(host.name, { queries: [["firewall_disarm", "n1"]] });

async function start(given: readonly Fragment[]): Promise<string> {
  host.reset();
  host.in("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1");
  if (given.length > 0) await applied(host, request(...given));
  return settled();
}
/** The checksums of records hold their generations, and the table's is not kept where it could not be taken. */
const settled = (): string =>
  host
    .state()
    .replace(/^\.\/(events|seen|listing|firewall\.picture):.*\n?/gm, "")
    .replace(/^(\.\/resources\/[^:]*:)\d+$/gm, "$1generation")
    .replace(/^(\.\/resources\/[^:]*:)[0-9a-f]{64}$/gm, "$1checksum");

test.each(changes)("a failure of any command leaves the host as it was: %s", async (_name, given, fragment) => {
  const before = await start(given);
  const wrong: string[] = [];
  let commands = 0;
  for (;;) {
    const { command, stdout } = await injector.strike("fails", commands + 1, request(fragment));
    if (command === undefined) break;
    commands += 1;
    const now = settled();
    const { results, warnings } = parseReport(stdout);
    // No reason to give up: a table whose checksums cannot be kept is loaded anew the next time, and one that cannot be
    // changed is loaded whole.
    if (/firewall\.picture|\/listing/.test(command) || warnings.length > 0) {
      expect(results.get(fragment.key)).toMatchObject({ ok: true });
    } else {
      if (results.get(fragment.key)?.ok !== false) wrong.push(`${command}: not noticed`);
      if (now !== before) wrong.push(`${command}:\n${difference(before, now)}`);
    }
    if (now !== before) await start(given);
  }
  expect(wrong.join("\n")).toBe("");
  expect(commands).toBeGreaterThan(1);
  expect(settled()).not.toBe(before);
});

test.each(changes)(
  "killed anywhere, another run gives what an undisturbed one gives: %s",
  async (_n, given, fragment) => {
    await start(given);
    await applied(host, request(fragment));
    await applied(host, disarm());
    const end = settled();
    const wrong: string[] = [];
    let commands = 0;
    for (;;) {
      await start(given);
      const { command } = await injector.strike("killed", commands + 1, request(fragment));
      if (command === undefined) break;
      commands += 1;
      await applied(host, request(fragment));
      await applied(host, disarm());
      if (settled() !== end) wrong.push(`${command}:\n${difference(end, settled())}`);
    }
    expect(wrong.join("\n")).toBe("");
    expect(commands).toBeGreaterThan(1);
  },
);

test("killed anywhere in a change that is armed, a start of the host gives the firewall of before", async () => {
  const before = await start([first]);
  const [, , fragment] = changes[1] ?? changes[0] ?? [];
  if (fragment === undefined) throw new Error("no change");
  const wrong: string[] = [];
  let commands = 0;
  for (;;) {
    const { command } = await injector.strike("killed", commands + 1, request(fragment));
    host.restart();
    host.in("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1");
    await host.run(`scope ${host.name}\nlock\nagain restore\ndone\n`);
    if (settled() !== before) wrong.push(`${command}:\n${difference(before, settled())}`);
    if (command === undefined) break;
    commands += 1;
  }
  expect(wrong.join("\n")).toBe("");
  expect(commands).toBeGreaterThan(3);
});

test("killed anywhere while it takes a change back, the next run ends that", async () => {
  const before = await start([first]);
  const [, , fragment] = changes[1] ?? changes[0] ?? [];
  if (fragment === undefined) throw new Error("no change");
  const rollback = firewallRequest(host.name, { queries: [["firewall_rollback", "n1"]] });
  const wrong: string[] = [];
  let commands = 0;
  for (;;) {
    await applied(host, request(fragment));
    const { command } = await injector.strike("killed", commands + 1, rollback);
    await host.run(rollback);
    if (settled() !== before) wrong.push(`${command}:\n${difference(before, settled())}`);
    if (command === undefined) break;
    commands += 1;
  }
  expect(wrong.join("\n")).toBe("");
  expect(commands).toBeGreaterThan(1);
});
