/** The firewall's table on a host: loaded, changed, armed, proved or rolled back. */
import type { Words } from "../../../provider/src/compile/steps";
import type { FirewallState } from "../../../provider/src/model/snapshot";
import type { Fragment } from "../../../provider/src/render/instructions";
import type { FragmentResult } from "../../../provider/src/render/report";
import {
  askFirewall,
  changeWord,
  countingWord,
  documentOf,
  dynamicsWord,
  firewallFragment,
  firewallRemoval,
  impossibleWord,
  recountingWord,
  tableWord,
} from "../../support/firewall-tables";
import { serviceIntent } from "../../support/intents";
import type { Case, Machine } from "./program.contract";

const ok = (generation: number): FragmentResult => ({ ok: true, generation });

/** The machine's own address, which answers, and one that nobody has. */
const [own, nobody] = ["192.0.2.11", "192.0.2.250"];
/** Long enough for any test; nothing waits for it. */
const armed = (nonce = "n1"): Words => ["firewall_arm", nonce, "600"];
const whole = (chain: string): Words => ["firewall_table", tableWord(chain)];

async function send(machine: Machine, ...fragments: readonly Fragment[]): Promise<FragmentResult | undefined> {
  const { results } = await askFirewall(machine, { fragments });
  return results.get(fragments[0]?.key ?? "");
}
const load = (machine: Machine, chain: string, ...before: readonly Words[]): Promise<FragmentResult | undefined> =>
  send(machine, firewallFragment(chain, [...before, ["firewall_settings"], whole(chain)]));
/** As a rollout does it: the change where the table is as recorded, else the whole table. */
const change = (
  machine: Machine,
  from: string,
  to: string,
  ...before: readonly Words[]
): Promise<FragmentResult | undefined> =>
  send(machine, firewallFragment(to, [...before, ["firewall_change", changeWord(from, to)], whole(to)], 1));

async function look(machine: Machine, ...queries: readonly Words[]): Promise<FirewallState> {
  const all = [...queries, ["query_firewall"], ["query_firewall_table"]];
  return (await askFirewall(machine, { queries: all })).snapshot.firewall;
}

interface Nftables {
  readonly nftables: readonly {
    readonly chain?: { readonly name: string };
    readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
    readonly map?: { readonly name: string; readonly elem?: readonly unknown[] };
  }[];
}
const partsOf = ({ tableJson }: FirewallState): Nftables["nftables"] =>
  tableJson === undefined ? [] : (JSON.parse(tableJson) as Nftables).nftables;
const chainsOf = (state: FirewallState): readonly string[] =>
  partsOf(state).flatMap(({ chain }) => (chain === undefined ? [] : [chain.name]));
const elementsOf = (state: FirewallState, name: string): readonly unknown[] =>
  partsOf(state).flatMap(({ set, map }) => ((set ?? map)?.name === name ? ((set ?? map)?.elem ?? []) : []));

/** What the host has: its live table, whether that is the recorded one, and the record. */
async function expectFirewall(machine: Machine, chain: string, generation: number): Promise<FirewallState> {
  const state = await look(machine);
  expect(chainsOf(state)).toEqual([chain]);
  expect(state).toMatchObject({ table: "same", next: false, damaged: false });
  expect(state.record).toMatchObject({ generation, hash: chain, intent: documentOf(chain), restorable: true });
  return state;
}
async function expectNone(machine: Machine): Promise<void> {
  const state = await look(machine);
  expect([state.table, state.next, state.record, state.tableJson]).toEqual(["none", false, undefined, undefined]);
}

async function expectNext(machine: Machine): Promise<FirewallState> {
  const state = await look(machine);
  expect(state).toMatchObject({ table: "same", next: true });
  return state;
}

const portFragment = (words: readonly Words[], hash = "p1"): Fragment => ({
  key: "port-5001-web1",
  mark: "sdn:shop/dev:port",
  hash,
  expectedGeneration: undefined,
  words: [...words, setting],
  intent: "{}",
});
const setting: Words = ["sysctl", "-", "net.ipv4.ip_forward", "1"];
const hold: Words = ["firewall_hold", "sdn-b-5001", "10.20.1.5,fd00:20:1::5"];
const heldPort = [
  { bridge: "sdn-b-5001", address: "10.20.1.5" },
  { bridge: "sdn-b-5001", address: "fd00:20:1::5" },
];

const loading: readonly Case[] = [
  {
    name: "loads a table, remembers its document, and says it only where it is asked",
    check: async ({ machine, report }) => {
      await expectNone(machine);
      expect(await load(machine, "one")).toEqual(ok(1));
      await expectFirewall(machine, "one", 1);
      const { firewall, ledger } = await report([]);
      expect(firewall.record).toEqual({
        generation: 1,
        hash: "one",
        mark: "sdn:firewall",
        intent: undefined,
        restorable: true,
      });
      expect([...ledger.keys()]).toEqual([]);
    },
  },
  {
    name: "changes the table, and keeps the generation where nothing changed",
    check: async ({ machine }) => {
      await load(machine, "one");
      expect(await change(machine, "one", "two")).toEqual(ok(2));
      await expectFirewall(machine, "two", 2);
      expect(await load(machine, "two")).toEqual(ok(2));
      await expectFirewall(machine, "two", 2);
    },
  },
  {
    name: "loads the whole table where the one of before is not as recorded",
    check: async ({ machine }) => {
      await load(machine, "one");
      machine.addChain("sdn_fw", "somebodys");
      expect(await look(machine)).toMatchObject({ table: "changed" });
      expect(await change(machine, "one", "two")).toEqual(ok(2));
      await expectFirewall(machine, "two", 2);
      machine.deleteTable("sdn_fw");
      expect(await look(machine)).toMatchObject({ table: "missing" });
      expect(await load(machine, "two")).toEqual(ok(2));
      await expectFirewall(machine, "two", 2);
    },
  },
  {
    name: "loads the whole table where nft refuses the change, and says so",
    check: async ({ machine }) => {
      await load(machine, "one");
      const words = [["firewall_change", impossibleWord], whole("two")];
      const { results, warnings } = await askFirewall(machine, { fragments: [firewallFragment("two", words, 1)] });
      expect(results.get("firewall")).toEqual(ok(2));
      expect(warnings).toEqual([
        { key: "firewall", message: expect.stringMatching(/^nft refuses the change of the firewall, so its table/) },
      ]);
      await expectFirewall(machine, "two", 2);
    },
  },
  {
    name: "refuses a change that was planned from another generation",
    check: async ({ machine }) => {
      await load(machine, "one");
      await change(machine, "one", "two");
      const late = firewallFragment("three", [armed(), ["firewall_change", changeWord("one", "three")]], 1);
      expect(await send(machine, late)).toMatchObject({ ok: false, code: "stale" });
      expect((await expectFirewall(machine, "two", 2)).armed).toBeUndefined();
    },
  },
  {
    name: "keeps the table and the record of before where nft refuses the new one, and arms nothing",
    check: async ({ machine }) => {
      await load(machine, "one");
      for (const json of [btoa("no JSON"), btoa('{"nftables":[{"add"'), impossibleWord]) {
        const fragment = firewallFragment("two", [armed(), ["firewall_table", json]], 1);
        expect(await send(machine, fragment)).toMatchObject({
          ok: false,
          code: "remote-failure",
          message: expect.stringMatching(/^nft refuses the firewall: /),
        });
        expect((await expectFirewall(machine, "one", 1)).armed).toBeUndefined();
      }
    },
  },
  {
    name: "leaves nothing of a first firewall that nft refuses",
    check: async ({ machine }) => {
      const fragment = firewallFragment("one", [armed(), whole("one"), ["firewall_next", impossibleWord]]);
      expect(await send(machine, fragment)).toMatchObject({ ok: false, code: "remote-failure" });
      await expectNone(machine);
    },
  },
  {
    name: "tells what nft would refuse, and changes nothing by that",
    check: async ({ machine }) => {
      await load(machine, "one");
      const { checks } = await look(
        machine,
        ["firewall_check", "a", tableWord("two")],
        ["firewall_check", "b", impossibleWord],
        ["firewall_check", "c", btoa("no JSON")],
      );
      expect([...checks.keys()]).toEqual(["a", "b", "c"]);
      expect(checks.get("a")).toBeUndefined();
      expect(checks.get("b")).toMatch(/No such file or directory/);
      expect(checks.get("c")).toMatch(/./);
      await expectFirewall(machine, "one", 1);
    },
  },
  {
    name: "without a policy the settings are the host's own again, while other resources stay, and so with its removal",
    check: async ({ machine, apply, router }) => {
      const key = "net.netfilter.nf_conntrack_tcp_loose";
      machine.setSysctl(key, "1");
      await apply(router);
      await load(machine, "one");
      expect(machine.sysctl(key)).toBe("0");
      expect(await send(machine, firewallFragment("two", [["firewall_own_settings"], whole("two")], 1))).toEqual(ok(2));
      expect(machine.sysctl(key)).toBe("1");
      await load(machine, "one");
      expect(machine.sysctl(key)).toBe("0");
      await send(machine, firewallRemoval([armed()]));
      expect(machine.sysctl(key)).toBe("1");
      await look(machine, ["firewall_rollback", "n1"]);
      expect(machine.sysctl(key)).toBe("0");
    },
  },
  {
    name: "leaves services the settings by which what is bridged is seen",
    check: async ({ machine, apply, router }) => {
      const key = "net.bridge.bridge-nf-call-iptables";
      machine.setSysctl(key, "0");
      await apply(router);
      await load(machine, "one");
      expect(await apply({ ...serviceIntent({ backends: [] }), scope: machine.scope })).toEqual(ok(1));
      expect(machine.sysctl(key)).toBe("1");
      expect(await send(machine, firewallFragment("two", [["firewall_own_settings"], whole("two")], 1))).toEqual(ok(2));
      expect(machine.sysctl(key)).toBe("1");
    },
  },
  {
    name: "goes, and leaves the host's settings as they were",
    check: async ({ machine }) => {
      const key = "net.netfilter.nf_conntrack_tcp_loose";
      machine.setSysctl(key, "1");
      await load(machine, "one");
      expect(machine.sysctl(key)).toBe("0");
      expect(await send(machine, firewallRemoval())).toEqual(ok(0));
      await expectNone(machine);
      expect(machine.sysctl(key)).toBe("1");
    },
  },
];

const proving: readonly Case[] = [
  {
    name: "a change that is proved stays, and its proof is taken once",
    check: async ({ machine, events }) => {
      await load(machine, "one");
      expect(await change(machine, "one", "two", armed())).toEqual(ok(2));
      expect((await look(machine)).armed?.nonce).toBe("n1");
      const answers = ["other", "n1", "n1"].map((nonce): Words => ["firewall_disarm", nonce]);
      const told: unknown[] = [];
      for (const answer of answers) told.push([...(await look(machine, answer)).disarmed]);
      expect(told).toEqual([[["other", false]], [["n1", true]], [["n1", false]]]);
      await machine.pastDeadline();
      expect((await expectFirewall(machine, "two", 2)).armed).toBeUndefined();
      expect(await events()).toEqual([]);
    },
  },
  {
    name: "a change that nobody proves is taken back by the host itself, with its record, and noted",
    check: async ({ machine, events }) => {
      await load(machine, "one");
      expect(await change(machine, "one", "two", ["firewall_arm", "n1", "1"])).toEqual(ok(2));
      await machine.pastDeadline();
      await expectFirewall(machine, "one", 1);
      expect(await events()).toEqual(["rolled-back firewall: no new connection proved the change in time"]);
      expect((await look(machine, ["firewall_disarm", "n1"])).disarmed.get("n1")).toBe(false);
      expect(await change(machine, "one", "two")).toEqual(ok(2));
    },
  },
  {
    name: "a first firewall that nobody proves goes altogether",
    check: async ({ machine }) => {
      await load(machine, "one", ["firewall_arm", "n1", "1"]);
      await machine.pastDeadline();
      await expectNone(machine);
      expect(await load(machine, "one")).toEqual(ok(1));
    },
  },
  {
    name: "a removal that nobody proves is taken back",
    check: async ({ machine }) => {
      await load(machine, "one");
      await send(machine, firewallRemoval([armed()]));
      expect(await look(machine)).toMatchObject({ table: "none", armed: { nonce: "n1" } });
      expect((await look(machine, ["firewall_rollback", "n1"])).rolledBack.get("n1")).toBe(true);
      await expectFirewall(machine, "one", 1);
    },
  },
  {
    name: "is taken back at once where that is asked for, by its nonce alone",
    check: async ({ machine, events }) => {
      await load(machine, "one");
      await change(machine, "one", "two", armed());
      expect((await look(machine, ["firewall_rollback", "other"])).rolledBack.get("other")).toBe(false);
      await expectFirewall(machine, "two", 2);
      expect((await look(machine, ["firewall_rollback", "n1"])).rolledBack.get("n1")).toBe(true);
      expect((await expectFirewall(machine, "one", 1)).armed).toBeUndefined();
      expect(await events()).toEqual([]);
    },
  },
  {
    name: "a proof with addresses holds only where all of them answer; else it is taken back at once",
    check: async ({ machine, events }) => {
      await load(machine, "one");
      await change(machine, "one", "two", armed());
      expect((await look(machine, ["query_reach", own, nobody])).reached).toEqual([{ address: own, kind: undefined }]);
      const proof = await look(machine, ["firewall_disarm", "n1", own, nobody]);
      expect([[...proof.disarmed], proof.reached.map(({ address }) => address)]).toEqual([[["n1", false]], [own]]);
      expect((await expectFirewall(machine, "one", 1)).armed).toBeUndefined();
      expect(await events()).toEqual([]);
      await change(machine, "one", "two", armed());
      expect((await look(machine, ["firewall_disarm", "n1", own])).disarmed.get("n1")).toBe(true);
      await expectFirewall(machine, "two", 2);
    },
  },
  {
    name: "a second table is in force beside the first, until the whole change comes",
    check: async ({ machine }) => {
      await load(machine, "one");
      const next: Words = ["firewall_next", tableWord("two", "sdn_fw_next")];
      expect(await send(machine, firewallFragment("two", [armed(), next], 1, true))).toEqual(ok(1));
      const during = await look(machine);
      expect([during.next, during.table, during.record?.generation]).toEqual([true, "same", 1]);
      expect(await change(machine, "one", "two", armed())).toEqual(ok(2));
      await expectFirewall(machine, "two", 2);
      await look(machine, ["firewall_rollback", "n1"]);
      await expectFirewall(machine, "one", 1);
    },
  },
  {
    name: "a second table goes with what is taken back",
    check: async ({ machine }) => {
      await load(machine, "one");
      const next: Words = ["firewall_next", tableWord("two", "sdn_fw_next")];
      await send(machine, firewallFragment("two", [armed(), next], 1, true));
      await look(machine, ["firewall_rollback", "n1"]);
      await expectFirewall(machine, "one", 1);
    },
  },
  {
    name: "while a change waits for its proof, another one is refused",
    check: async ({ machine }) => {
      await load(machine, "one");
      await change(machine, "one", "two", armed());
      const other = firewallFragment("three", [armed("n2"), whole("three")], 2);
      expect(await send(machine, other)).toMatchObject({
        ok: false,
        code: "conflict",
        message: expect.stringMatching(/^another change of the firewall waits for its proof until \d\d:\d\d:\d\dZ$/),
      });
      const state = await expectFirewall(machine, "two", 2);
      expect(state.armed?.nonce).toBe("n1");
    },
  },
  {
    name: "armed again, it has the later deadline and the firewall of before the first",
    check: async ({ machine }) => {
      await load(machine, "one");
      await change(machine, "one", "two", ["firewall_arm", "n1", "5"]);
      const first = (await look(machine)).armed?.deadline ?? 0;
      await send(machine, firewallFragment("three", [armed(), whole("three")], 2));
      expect((await look(machine)).armed?.deadline).toBeGreaterThan(first + 500);
      await look(machine, ["firewall_rollback", "n1"]);
      await expectFirewall(machine, "one", 1);
    },
  },
];

const holding: readonly Case[] = [
  {
    name: "what is new passes nothing until a program knows it",
    check: async ({ machine }) => {
      await load(machine, "one");
      expect(await send(machine, portFragment([hold]))).toEqual(ok(1));
      const state = await expectFirewall(machine, "one", 1);
      expect(state.held).toEqual(heldPort);
      expect(elementsOf(state, "held4")).toEqual([{ concat: ["sdn-b-5001", "10.20.1.5"] }]);
      expect(elementsOf(state, "held6")).toEqual([{ concat: ["sdn-b-5001", "fd00:20:1::5"] }]);
      await change(machine, "one", "two");
      expect((await look(machine)).held).toEqual(heldPort);
      const settle: Words = ["firewall_settle", "sdn-b-5001", "10.20.1.5"];
      expect(await send(machine, firewallFragment("three", [whole("three"), settle]))).toEqual(ok(3));
      const after = await expectFirewall(machine, "three", 3);
      expect(after.held).toEqual(heldPort.slice(1));
      expect([elementsOf(after, "held4"), elementsOf(after, "held6")]).toEqual([
        [],
        [{ concat: ["sdn-b-5001", "fd00:20:1::5"] }],
      ]);
    },
  },
  {
    name: "a whole bridge is held, and let go",
    check: async ({ machine }) => {
      await load(machine, "one");
      await send(machine, portFragment([["firewall_hold", "sdn-b-5001"]]));
      const state = await look(machine);
      expect([state.held, elementsOf(state, "held_bridges")]).toEqual([
        [{ bridge: "sdn-b-5001", address: undefined }],
        ["sdn-b-5001"],
      ]);
      await send(machine, firewallFragment("one", [whole("one"), ["firewall_settle", "sdn-b-5001"]]));
      const after = await expectFirewall(machine, "one", 1);
      expect([after.held, elementsOf(after, "held_bridges")]).toEqual([[], []]);
    },
  },
  {
    name: "what was there already, and what fails, is not held; neither is anything where there is no firewall",
    check: async ({ machine }) => {
      await send(machine, portFragment([hold]));
      expect((await look(machine)).held).toEqual([]);
      await load(machine, "one");
      await send(machine, portFragment([hold]));
      expect((await look(machine)).held).toEqual([]);
      const failing = portFragment([hold, ["master", "none0", "none1", "1500"]], "p2");
      expect(await send(machine, failing)).toMatchObject({ ok: false });
      const state = await expectFirewall(machine, "one", 1);
      expect([state.held, elementsOf(state, "held4")]).toEqual([[], []]);
      await send(machine, portFragment([hold], "p2"));
      expect((await look(machine)).held).toEqual(heldPort);
    },
  },
  {
    name: "what a program settled is held again when that program is taken back",
    check: async ({ machine }) => {
      await load(machine, "one");
      await send(machine, portFragment([hold]));
      const settle: Words = ["firewall_settle", "sdn-b-5001", "10.20.1.5,fd00:20:1::5"];
      await send(machine, firewallFragment("two", [armed(), whole("two"), settle], 1));
      expect((await look(machine)).held).toEqual([]);
      await look(machine, ["firewall_rollback", "n1"]);
      const state = await expectFirewall(machine, "one", 1);
      expect([state.held, elementsOf(state, "held4")]).toEqual([heldPort, [{ concat: ["sdn-b-5001", "10.20.1.5"] }]]);
    },
  },
  {
    name: "what is held is said in every report, once",
    check: async ({ machine, report }) => {
      await load(machine, "one");
      expect((await report([])).firewall.held).toEqual([]);
      await send(machine, portFragment([hold]));
      expect((await report([])).firewall.held).toEqual(heldPort);
      expect((await look(machine)).held).toEqual(heldPort);
    },
  },
  {
    name: "what is held stays so over a start of the host",
    check: async ({ machine, again }) => {
      await load(machine, "one");
      await send(machine, portFragment([hold]));
      await machine.restart();
      await again("restore");
      const state = await expectFirewall(machine, "one", 1);
      expect([state.held, elementsOf(state, "held4")]).toEqual([heldPort, [{ concat: ["sdn-b-5001", "10.20.1.5"] }]]);
    },
  },
];

const dynamics = (chain: string): Words => ["firewall_dynamics", dynamicsWord(chain)];
const filled = (chain: string): unknown => ["127.0.0.1", { goto: { target: chain } }];
const peersOf = (state: FirewallState): unknown => elementsOf(state, "dyn_peers");

const filling: readonly Case[] = [
  {
    name: "fills what only the host knows in with the table, and says that nobody follows it here",
    check: async ({ machine }) => {
      await load(machine, "one", dynamics("one"));
      const state = await expectFirewall(machine, "one", 1);
      expect([peersOf(state), state.follow]).toEqual([[filled("one")], "none"]);
    },
  },
  {
    name: "fills it in anew with a change, and with what is taken back",
    check: async ({ machine }) => {
      await load(machine, "one", dynamics("one"));
      const words = [armed(), dynamics("two"), ["firewall_change", changeWord("one", "two")], whole("two")];
      expect(await send(machine, firewallFragment("two", words, 1))).toEqual(ok(2));
      expect(peersOf(await expectFirewall(machine, "two", 2))).toEqual([filled("two")]);
      await look(machine, ["firewall_rollback", "n1"]);
      expect(peersOf(await expectFirewall(machine, "one", 1))).toEqual([filled("one")]);
    },
  },
  {
    name: "fills in nothing where the next program has nothing",
    check: async ({ machine }) => {
      await load(machine, "one", dynamics("one"));
      const words: readonly Words[] = [["firewall_dynamics", "-"], whole("two")];
      expect(await send(machine, firewallFragment("two", words, 1))).toEqual(ok(2));
      expect(peersOf(await expectFirewall(machine, "two", 2))).toEqual([]);
    },
  },
  {
    name: "fills the second table in as well",
    check: async ({ machine }) => {
      await load(machine, "one", dynamics("one"));
      const next: Words = ["firewall_next", tableWord("two", "sdn_fw_next"), dynamicsWord("two")];
      expect(await send(machine, firewallFragment("two", [armed(), next], 1, true))).toEqual(ok(1));
      expect(peersOf(await expectNext(machine))).toEqual([filled("one")]);
      expect(
        await send(
          machine,
          firewallFragment(
            "two",
            [armed(), ["firewall_next", tableWord("two", "sdn_fw_next"), dynamicsWord("three")]],
            1,
            true,
          ),
        ),
      ).toMatchObject({ ok: false, code: "remote-failure" });
    },
  },
  {
    name: "is made again with what is filled in after a start of the host",
    check: async ({ machine, again }) => {
      await load(machine, "one", dynamics("one"));
      await machine.restart();
      await again("restore");
      expect(peersOf(await expectFirewall(machine, "one", 1))).toEqual([filled("one")]);
    },
  },
];

const comingBack: readonly Case[] = [
  {
    name: "is made again after a start of the host, with its settings",
    check: async ({ machine, again, events }) => {
      await load(machine, "one");
      await load(machine, "two");
      await machine.restart();
      machine.setSysctl("net.netfilter.nf_conntrack_tcp_loose", "1");
      expect(await look(machine)).toMatchObject({ table: "missing" });
      await again("restore");
      await expectFirewall(machine, "two", 2);
      expect(machine.sysctl("net.netfilter.nf_conntrack_tcp_loose")).toBe("0");
      expect(await events()).toEqual(["restored -: 1"]);
    },
  },
  {
    name: "a start of the host keeps nothing that was not proved",
    check: async ({ machine, again, events }) => {
      await load(machine, "one");
      await change(machine, "one", "two", armed());
      await machine.restart();
      await again("restore");
      expect((await expectFirewall(machine, "one", 1)).armed).toBeUndefined();
      expect(await events()).toContain("rolled-back firewall: the host was started before the change was proved");
    },
  },
  {
    name: "is mended by timer, and it is said what was mended",
    check: async ({ machine, again, events }) => {
      await load(machine, "one");
      await again("assert");
      machine.deleteTable("sdn_fw");
      await again("assert");
      await expectFirewall(machine, "one", 1);
      machine.addChain("sdn_fw", "somebodys");
      await again("assert");
      await expectFirewall(machine, "one", 1);
      expect(await events()).toEqual([
        "repaired firewall: table inet sdn_fw was missing",
        "repaired firewall: table inet sdn_fw was changed",
      ]);
    },
  },
  {
    name: "what waits for its proof is left alone by the timer that mends",
    check: async ({ machine, again, events }) => {
      await load(machine, "one");
      const next: Words = ["firewall_next", tableWord("two", "sdn_fw_next")];
      await send(machine, firewallFragment("two", [armed(), next], 1, true));
      await again("assert");
      expect(await look(machine)).toMatchObject({ next: true, table: "same", armed: { nonce: "n1" } });
      expect(await events()).toEqual([]);
    },
  },
  {
    name: "where its record is damaged, a start closes what it guarded, and the next change opens that again",
    check: async ({ machine, again, events }) => {
      await load(machine, "one");
      machine.spoilRecord("firewall", "damaged");
      expect(await look(machine)).toMatchObject({ table: "changed", damaged: true, record: undefined });
      await machine.restart();
      await again("restore");
      await again("assert");
      const closed = await look(machine);
      expect(elementsOf(closed, "closed")).toEqual(["sdn-b-5001"]);
      expect([...chainsOf(closed)].sort()).toEqual(["forward", "input", "output"]);
      expect(closed).toMatchObject({ damaged: true, table: "changed" });
      expect(await events()).toEqual([
        "damaged firewall: the saved record is damaged (wrong checksum), and nothing passes the bridges that it guarded",
      ]);
      expect(await send(machine, firewallFragment("two", [whole("two")], 4))).toEqual(ok(5));
      await expectFirewall(machine, "two", 5);
    },
  },
  {
    name: "where the record of before is damaged, what is taken back is closed",
    check: async ({ machine, events }) => {
      await load(machine, "one");
      machine.spoilRecord("firewall", "damaged");
      await send(machine, firewallFragment("two", [["firewall_arm", "n1", "1"], whole("two")], 1));
      await expectFirewall(machine, "two", 2);
      await machine.pastDeadline();
      const closed = await look(machine);
      expect(elementsOf(closed, "closed")).toEqual(["sdn-b-5001"]);
      expect(closed).toMatchObject({ damaged: true, next: false, armed: undefined });
      expect(await events()).toEqual([
        "rolled-back firewall: no new connection proved the change in time; its record is damaged, so nothing passes the bridges that it guarded",
      ]);
    },
  },
];

/** `NAME PACKETS BYTES`, and whether it is known when the last one came. */
async function hits(machine: Machine): Promise<readonly string[]> {
  const { snapshot } = await askFirewall(machine, { queries: [["query_firewall_hits"]] });
  expect(snapshot.firewall.record?.intent).toBeDefined();
  return (snapshot.firewall.hits ?? []).map(({ name, watched, packets, bytes, last }) => {
    return `${name}${watched ? " watch" : ""} ${packets} ${bytes} ${last === undefined ? "never" : "seen"}`;
  });
}
const counting = (...word: Parameters<typeof countingWord>): Words => ["firewall_table", countingWord(...word)];
const first = { "db/web": 5001, "db/default watch": 5002, invalid: 5003 };
const both = { "db/web": 5004, "db/ssh": 5005 };

const hitting: readonly Case[] = [
  {
    name: "tells what each rule counted, over all that has its name, and what no rule did",
    check: async ({ machine }) => {
      await send(machine, firewallFragment("one", [counting("one", first, both)]));
      expect(await hits(machine)).toEqual([
        "db/default watch 0 0 never",
        "db/ssh 0 0 never",
        "db/web 0 0 never",
        "invalid 0 0 never",
      ]);
      for (const port of [5001, 5002, 5002, 5003]) machine.send(port, 1);
      machine.send(5004, 2);
      expect(await hits(machine)).toEqual([
        "db/default watch 2 58 seen",
        "db/ssh 0 0 never",
        "db/web 3 87 seen",
        "invalid 1 29 seen",
      ]);
    },
  },
  {
    name: "says nothing of hits without a firewall, nor where nothing has a name",
    check: async ({ machine }) => {
      const without = await askFirewall(machine, { queries: [["query_firewall_hits"]] });
      expect(without.snapshot.firewall).toMatchObject({ hits: [], record: undefined });
      await load(machine, "one");
      expect(await hits(machine)).toEqual([]);
    },
  },
  {
    name: "the time of the last hit is that of the first look which saw it, and stays when nothing more comes",
    check: async ({ machine, again }) => {
      const lastOf = async (): Promise<number | undefined> =>
        (await look(machine, ["query_firewall_hits"])).hits?.find(({ name }) => name === "db/ssh")?.last;
      await send(machine, firewallFragment("one", [counting("one", {}, both)]));
      expect(await lastOf()).toBeUndefined();
      machine.send(5005, 1);
      await again("assert");
      const seen = await lastOf();
      expect(seen).toBeGreaterThan(1_700_000_000);
      await again("assert");
      expect(await lastOf()).toBe(seen);
    },
  },
  {
    name: "a change goes on counting, also for a rule of which parts went; what is gone is forgotten",
    check: async ({ machine }) => {
      await send(machine, firewallFragment("one", [counting("one", first, both)]));
      for (const port of [5001, 5003, 5005]) machine.send(port, 1);
      machine.send(5004, 4);
      const words = [
        ["firewall_change", recountingWord("one", both, { "db/new": 5006 })],
        counting("one", { ...first, "db/new": 5006 }),
      ];
      expect(await send(machine, firewallFragment("two", words, 1))).toEqual(ok(2));
      machine.send(5001, 2);
      expect(await hits(machine)).toEqual([
        "db/default watch 0 0 never",
        "db/new 0 0 never",
        "db/web 7 203 seen",
        "invalid 1 29 seen",
      ]);
    },
  },
  {
    name: "a table that is loaded anew goes on where the old one was, after a start of the host too",
    check: async ({ machine, again }) => {
      await send(machine, firewallFragment("one", [counting("one", first)]));
      machine.send(5001, 3);
      await send(machine, firewallFragment("two", [counting("two", { "db/web": 5001 })], 1));
      machine.send(5001, 1);
      expect(await hits(machine)).toEqual(["db/web 4 116 seen"]);
      await machine.restart();
      await again("restore");
      machine.send(5001, 2);
      expect(await hits(machine)).toEqual(["db/web 6 174 seen"]);
    },
  },
  {
    name: "where somebody took the table away, what it had counted is still told",
    check: async ({ machine }) => {
      await send(machine, firewallFragment("one", [counting("one", { "db/web": 5001 })]));
      machine.send(5001, 2);
      await hits(machine);
      machine.deleteTable("sdn_fw");
      expect(await hits(machine)).toEqual(["db/web 2 58 seen"]);
      await send(machine, firewallFragment("one", [counting("one", { "db/web": 5001 })], 1));
      machine.send(5001, 1);
      expect(await hits(machine)).toEqual(["db/web 3 87 seen"]);
    },
  },
  {
    name: "forgets what was counted with the firewall",
    check: async ({ machine }) => {
      await send(machine, firewallFragment("one", [counting("one", { "db/web": 5001 })]));
      machine.send(5001, 2);
      await send(machine, firewallRemoval());
      await send(machine, firewallFragment("one", [counting("one", { "db/web": 5001 })]));
      expect(await hits(machine)).toEqual(["db/web 0 0 never"]);
    },
  },
];

export const firewall: readonly Case[] = [...loading, ...proving, ...holding, ...filling, ...comingBack, ...hitting];
