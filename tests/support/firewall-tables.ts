/** Small tables of the firewall, as the transactions that make them, and requests that send them. */
import { createHash } from "node:crypto";
import type { Words } from "../../provider/src/compile/steps";
import type { Fragment } from "../../provider/src/render/instructions";
import { renderRequest } from "../../provider/src/render/instructions";
import { editsWord, textEdits } from "../../provider/src/render/text-edits";
import type { Report } from "../../provider/src/render/report";
import { parseReport } from "../../provider/src/render/report";

type Command = Readonly<Record<string, unknown>>;

const word = (commands: readonly Command[]): string => btoa(JSON.stringify({ nftables: commands }));

/** A table that is known by its chain: it guards sdn-b-5001, and the host fills dyn_peers. */
export function tableWord(chain: string, name = "sdn_fw"): string {
  const table = { table: { family: "inet", name } };
  const at = { family: "inet", table: name };
  const set = (set: string, type: string | readonly string[]): Command => ({
    add: { set: { ...at, name: set, type } },
  });
  return word([
    { add: table },
    { delete: table },
    { add: table },
    set("guarded", "ifname"),
    set("held_bridges", "ifname"),
    set("held4", ["ifname", "ipv4_addr"]),
    set("held6", ["ifname", "ipv6_addr"]),
    { add: { element: { ...at, name: "guarded", elem: ["sdn-b-5001"] } } },
    { add: { chain: { ...at, name: chain } } },
    { add: { map: { ...at, name: "dyn_peers", type: "ipv4_addr", map: "verdict" } } },
  ]);
}

/** A table that counts UDP packets of the host to its own ports: by rules, and by a map. */
export function countingWord(
  chain: string,
  rules: Readonly<Record<string, number>>,
  elements: Readonly<Record<string, number>> = {},
): string {
  const { nftables } = JSON.parse(atob(tableWord(`${chain}_`))) as { readonly nftables: readonly Command[] };
  return word([
    ...nftables.slice(0, -1),
    ...countingMap(elements),
    { add: { chain: { ...fw, name: chain, type: "filter", hook: "output", prio: -5, policy: "accept" } } },
    { add: { rule: { ...fw, chain, expr: [{ vmap: { key: udpPort, data: "@ports" } }] } } },
    ...countingRules(chain, rules),
  ]);
}

const fw = { family: "inet", table: "sdn_fw" } as const;
const udpPort = { payload: { protocol: "udp", field: "dport" } } as const;

const countingElement = ([comment, val]: [string, number]): unknown => [{ elem: { val, comment } }, { continue: null }];
function countingMap(elements: Readonly<Record<string, number>>): readonly Command[] {
  const map = { ...fw, name: "ports", type: "inet_service", map: "verdict", stmt: [{ counter: null }] };
  const elem = Object.entries(elements).map(countingElement);
  return [{ add: { map } }, ...(elem.length === 0 ? [] : [{ add: { element: { ...fw, name: "ports", elem } } }])];
}
function countingRules(chain: string, rules: Readonly<Record<string, number>>): readonly Command[] {
  return Object.entries(rules).map(([comment, port]) => {
    const match = { op: "==", left: udpPort, right: port };
    return { add: { rule: { ...fw, chain, comment, expr: [{ match }, { counter: null }] } } };
  });
}
/** A change of such a table: elements that go, and rules that come. */
export function recountingWord(
  chain: string,
  gone: Readonly<Record<string, number>>,
  rules: Readonly<Record<string, number>>,
): string {
  const elem = Object.entries(gone).map(countingElement);
  return word([{ delete: { element: { ...fw, name: "ports", elem } } }, ...countingRules(chain, rules)]);
}
/** Elements of its map that go, and others that come. */
export function exchangeWord(gone: Readonly<Record<string, number>>, come: Readonly<Record<string, number>>): string {
  const change = (verb: "add" | "delete", all: Readonly<Record<string, number>>): Command => ({
    [verb]: { element: { ...fw, name: "ports", elem: Object.entries(all).map(countingElement) } },
  });
  return word([change("delete", gone), change("add", come)]);
}
/** What localhost resolves to goes to that chain. */
export const dynamicsWord = (chain: string): string =>
  btoa(`name 1 localhost\nlist 1 1\npeer dyn_peers 4 - 1 ${chain}\n`);

/** From one of them to another. */
export function changeWord(from: string, to: string): string {
  const chain = (name: string): Command => ({ chain: { family: "inet", table: "sdn_fw", name } });
  const filled = { map: { family: "inet", table: "sdn_fw", name: "dyn_peers" } };
  return word([{ flush: filled }, { delete: chain(from) }, { add: chain(to) }]);
}

/** JSON that nft understands, about a chain that is not there. */
export const impossibleWord = word([
  { add: { rule: { family: "inet", table: "sdn_fw", chain: "nowhere", expr: [{ drop: null }] } } },
]);

/** The host's document is named after the table's chain. */
export const documentOf = (chain: string): string => JSON.stringify({ chain });

export function firewallFragment(
  chain: string,
  words: readonly Words[],
  expectedGeneration?: number,
  unrecorded = false,
): Fragment {
  const intent = documentOf(chain);
  return { key: "firewall", mark: "sdn:firewall", hash: chain, expectedGeneration, words, intent, unrecorded };
}

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * The words that make one fragment's record from the other one's on the host, as a rollout does it. Their documents are
 * named after their contents.
 */
export function patchOf(from: Fragment, to: Fragment): Words {
  const tableOf = ({ words }: Fragment): string => String(words.find(([name]) => name === "firewall_table")?.[1]);
  const edits = (one: string, other: string): string => editsWord(textEdits(one, other) ?? []);
  return [
    "firewall_patch",
    from.hash,
    sumOf(tableOf(from)),
    sumOf(tableOf(to)),
    edits(from.intent ?? "", to.intent ?? ""),
    edits(atob(tableOf(from)), atob(tableOf(to))),
  ];
}

/** Fragments whose hash is that of their document. */
export function hashedFragment(chain: string, words: readonly Words[], expectedGeneration?: number): Fragment {
  return { ...firewallFragment(chain, words, expectedGeneration), hash: sumOf(documentOf(chain)) };
}
/** The same with its document and table from the record of another one. */
export function patchedFragment(from: Fragment, to: Fragment): Fragment {
  const words = to.words.map((one): Words => (one[0] === "firewall_table" ? ["firewall_table", "="] : one));
  return { ...to, words: [patchOf(from, to), ...words], patched: true };
}

export const firewallRemoval = (words: readonly Words[] = []): Fragment => ({
  key: "firewall",
  mark: "sdn:firewall",
  hash: "",
  expectedGeneration: undefined,
  words: [...words, ["remove_firewall"]],
  intent: undefined,
});

export interface Asked {
  readonly fragments?: readonly Fragment[];
  readonly queries?: readonly Words[];
}

export const firewallRequest = (scope: string, { fragments = [], queries = [] }: Asked): string =>
  renderRequest({ scope, fragments, queries, facts: true, report: true });

export async function askFirewall(
  machine: { readonly scope: string; run(stdin: string): Promise<string> },
  asked: Asked,
): Promise<Report> {
  return parseReport(await machine.run(firewallRequest(machine.scope, asked)));
}
