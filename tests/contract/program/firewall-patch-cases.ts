/** A record made on the host from the one that it has, and a change of elements that lists no table. */
import type { Words } from "../../../provider/src/compile/steps";
import type { FirewallState } from "../../../provider/src/model/snapshot";
import type { Fragment } from "../../../provider/src/render/instructions";
import type { FragmentResult, Report } from "../../../provider/src/render/report";
import {
  askFirewall,
  countingWord,
  documentOf,
  exchangeWord,
  hashedFragment,
  patchedFragment,
} from "../../support/firewall-tables";
import type { Case, Machine } from "./program.contract";

const ok = (generation: number): FragmentResult => ({ ok: true, generation });
const elements = { one: { "db/a": 5001, "db/b": 5002 }, two: { "db/a": 5001, "db/c": 5003 } } as const;
const whole = (chain: "one" | "two"): Words => ["firewall_table", countingWord("counting", {}, elements[chain])];
const exchange = exchangeWord({ "db/b": 5002 }, { "db/c": 5003 });
const arm: Words = ["firewall_arm", "n1", "600"];

const first = hashedFragment("one", [["firewall_settings"], whole("one")]);
const second = hashedFragment("two", [["firewall_change", exchange, 1, 1], whole("two")], 1);
const armedSecond = { ...second, words: [arm, ...second.words] };

const send = (machine: Machine, fragment: Fragment): Promise<Report> => askFirewall(machine, { fragments: [fragment] });
const look = async (machine: Machine, ...query: Words): Promise<FirewallState> =>
  (await askFirewall(machine, { queries: [["query_firewall", ...query], ["query_firewall_table"]] })).snapshot.firewall;
const elementsIn = ({ tableJson = "" }: FirewallState): readonly string[] =>
  Array.from(tableJson.matchAll(/db\/[a-z]/g), ([name]) => name).sort();

async function expectTwo(machine: Machine): Promise<void> {
  const state = await look(machine);
  expect(state).toMatchObject({ table: "same", damaged: false });
  expect(state.record).toMatchObject({ generation: 2, hash: second.hash, intent: documentOf("two"), restorable: true });
  expect(elementsIn(state)).toEqual(["db/a", "db/c"]);
}

export const patching: readonly Case[] = [
  {
    name: "makes the new record from the recorded one, and finds the table as it says",
    check: async ({ machine }) => {
      await send(machine, first);
      const { results } = await send(machine, patchedFragment(first, second));
      expect(results.get("firewall")).toEqual(ok(2));
      await expectTwo(machine);
      await expectTwo(machine);
    },
  },
  {
    name: "gives it again at a start of the host",
    check: async ({ machine, again }) => {
      await send(machine, first);
      await send(machine, patchedFragment(first, second));
      await machine.restart();
      await again("restore");
      await expectTwo(machine);
    },
  },
  {
    name: "takes it back as any other change",
    check: async ({ machine }) => {
      await send(machine, first);
      await send(machine, patchedFragment(first, armedSecond));
      await askFirewall(machine, { queries: [["firewall_rollback", "n1"]] });
      const state = await look(machine);
      expect(state).toMatchObject({ table: "same", record: { generation: 1, intent: documentOf("one") } });
      expect(elementsIn(state)).toEqual(["db/a", "db/b"]);
    },
  },
  {
    name: "finds what somebody did to the table before the change, and loads the whole the next time",
    check: async ({ machine }) => {
      await send(machine, first);
      machine.addChain("sdn_fw", "somebodys");
      expect((await send(machine, patchedFragment(first, second))).results.get("firewall")).toEqual(ok(2));
      expect(await look(machine)).toMatchObject({ table: "changed" });
      expect((await send(machine, second)).results.get("firewall")).toEqual(ok(2));
      await expectTwo(machine);
    },
  },
  {
    name: "loads the whole of a table that was seen to be another one",
    check: async ({ machine }) => {
      await send(machine, first);
      machine.addChain("sdn_fw", "somebodys");
      expect(await look(machine)).toMatchObject({ table: "changed" });
      expect((await send(machine, patchedFragment(first, second))).results.get("firewall")).toEqual(ok(2));
      await expectTwo(machine);
    },
  },
  {
    name: "finds what somebody did to the table after the change",
    check: async ({ machine }) => {
      await send(machine, first);
      await send(machine, patchedFragment(first, second));
      machine.addChain("sdn_fw", "somebodys");
      expect(await look(machine)).toMatchObject({ table: "changed" });
    },
  },
  {
    name: "asks for the whole where another record is there, and changes nothing",
    check: async ({ machine }) => {
      await send(machine, first);
      const { results, snapshot } = await send(machine, patchedFragment(second, armedSecond));
      expect(results.get("firewall")).toMatchObject({ ok: false, code: "stale" });
      expect(snapshot.firewall).toMatchObject({ unpatched: true, armed: undefined });
      expect(await look(machine)).toMatchObject({ table: "same", record: { hash: first.hash } });
      expect((await send(machine, armedSecond)).results.get("firewall")).toEqual(ok(2));
    },
  },
  {
    name: "asks for the whole where something else comes out than was meant",
    check: async ({ machine }) => {
      await send(machine, first);
      const { words, ...rest } = patchedFragment(first, second);
      const [[name = "", hash = "", base = "", , ...edits] = [], ...others] = words;
      const wrong = { ...rest, words: [[name, hash, base, "0".repeat(64), ...edits], ...others] };
      expect((await send(machine, wrong)).snapshot.firewall.unpatched).toBe(true);
      expect(await look(machine)).toMatchObject({ table: "same", record: { hash: first.hash } });
    },
  },
  {
    name: "does not say a document that the asker has",
    check: async ({ machine }) => {
      await send(machine, first);
      expect((await look(machine, first.hash)).record).toMatchObject({ hash: first.hash, intent: undefined });
      expect((await look(machine, second.hash)).record).toMatchObject({ intent: documentOf("one") });
    },
  },
  {
    name: "counts on over such a change",
    check: async ({ machine }) => {
      await send(machine, first);
      machine.send(5001, 2);
      machine.send(5002, 3);
      await look(machine);
      await send(machine, patchedFragment(first, second));
      machine.send(5001, 1);
      machine.send(5003, 4);
      const { hits = [] } = (await askFirewall(machine, { queries: [["query_firewall_hits"]] })).snapshot.firewall;
      expect(hits.map(({ name, packets }) => [name, packets])).toEqual([
        ["db/a", 3],
        ["db/c", 4],
      ]);
    },
  },
];
