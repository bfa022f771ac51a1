/** The operations on nftables. */
import { parseTransaction } from "./firewall-table";
import type { Operation, Step } from "./operations";
import { space } from "./places";
import { Refusal } from "./refusal";
import type { ModelState, ModelTable } from "./state";

interface Named {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}
interface NftCommand {
  readonly add?: {
    readonly table?: { readonly family: string; readonly name: string };
    readonly set?: Named;
    readonly map?: Named;
    readonly chain?: Named;
    /** Of a map: its key, and the chain that it leads to. */
    readonly element?: Named & {
      readonly elem: readonly [
        readonly [{ readonly concat: readonly (string | number)[] }, { goto: { target: string } }],
      ];
    };
    readonly rule?: {
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      readonly comment?: string;
    };
  };
  readonly flush?: { readonly chain: Named };
}

function decoded(word: string): string {
  try {
    return atob(word);
  } catch {
    return "";
  }
}

export function transact({ state }: Step, where: string, word: string): void {
  const { tables } = space(state, where);
  const nftables = parseTransaction(decoded(word)) as unknown as readonly NftCommand[];
  for (const { add, flush } of nftables) {
    const named = add?.set ?? add?.map ?? add?.chain ?? add?.rule ?? add?.element ?? flush?.chain;
    const key = add?.table === undefined ? `${named?.family} ${named?.table}` : `${add.table.family} ${add.table.name}`;
    const table: ModelTable = tables.get(key) ?? { chains: new Map(), sets: new Map(), maps: new Map() };
    tables.set(key, table);
    if (add?.set !== undefined && !table.sets.has(add.set.name)) table.sets.set(add.set.name, new Set());
    if (add?.map !== undefined && !table.maps.has(add.map.name)) table.maps.set(add.map.name, new Map());
    if (add?.chain !== undefined && !table.chains.has(add.chain.name)) table.chains.set(add.chain.name, []);
    for (const [{ concat }, verdict] of add?.element?.elem ?? []) {
      table.maps.get(add?.element?.name ?? "")?.set(concat.join(" . "), { value: verdict.goto.target, mark: "" });
    }
    if (flush !== undefined) table.chains.set(flush.chain.name, []);
    if (add?.rule !== undefined) table.chains.get(add.rule.chain)?.push(add.rule.comment ?? "");
  }
}

const hostTable = (state: ModelState, family: string): ModelTable | undefined =>
  state.namespaces.get("-")?.tables.get(`${family} sdn`);
const shown = (value: string): string => value.replaceAll("/", " . ").replaceAll("+", "/");

/** Sets and maps that are declared as text: what the transaction after it takes for granted. */
function declareSets({ state }: Step, where: string, word: string): void {
  const { tables } = space(state, where);
  for (const line of word === "-" ? [] : atob(word).trim().split("\n")) {
    const [, kind = "", family = "", name = "", set = ""] = line.split(" ");
    const key = `${family} ${name}`;
    const table: ModelTable = tables.get(key) ?? { chains: new Map(), sets: new Map(), maps: new Map() };
    tables.set(key, table);
    if (kind === "set" && !table.sets.has(set)) table.sets.set(set, new Set());
    if (kind === "map" && !table.maps.has(set)) table.maps.set(set, new Map());
  }
}

export function ensureElements({ state }: Step, family = "", ...words: readonly string[]): void {
  for (const word of words) {
    const end = word.indexOf("=");
    const elements = hostTable(state, family)?.sets.get(word.slice(0, end));
    if (elements === undefined) throw new Refusal("remote-failure", "No such file or directory");
    elements.add(shown(word.slice(end + 1)));
  }
}

function ensureMap({ state }: Step, map = "", key = "", value = "", mark = ""): void {
  const elements = hostTable(state, "inet")?.maps.get(map);
  if (elements === undefined) throw new Refusal("remote-failure", "No such file or directory");
  const found = elements.get(shown(key));
  if (found !== undefined && found.mark !== "" && found.mark !== mark) {
    throw new Refusal("conflict", `${key} in ${map} belongs to ${found.mark} already`);
  }
  elements.set(shown(key), { value, mark });
}

function ensureZone({ state }: Step, bridge = "", wanted = ""): void {
  const zones = hostTable(state, "inet")?.maps.get("zones");
  if (zones === undefined) throw new Refusal("remote-failure", "No such file or directory");
  if (zones.get(bridge)?.value === wanted) return;
  const taken = new Set([...zones].flatMap(([other, { value }]) => (other === bridge ? [] : [value])));
  let zone = wanted;
  while (taken.has(zone)) zone = String((Number(zone) % 65_535) + 1);
  zones.set(bridge, { value: zone, mark: "" });
}

export const filtering: Readonly<Record<string, Operation>> = {
  nft_table: (step, where = "", word = "", sets = "-") => {
    declareSets(step, where, sets);
    transact(step, where, word);
  },
  nft_chain: (step, where = "", _chain = "", word = "") => {
    transact(step, where, word);
  },
  nft_elements: ensureElements,
  nft_map: ensureMap,
  zone: ensureZone,
  remove_zone: ({ state }, bridge = "") => {
    hostTable(state, "inet")?.maps.get("zones")?.delete(bridge);
  },
  remove_nft_element: ({ state }, family = "", set = "", value = "") => {
    hostTable(state, family)?.sets.get(set)?.delete(shown(value));
  },
  remove_nft_map: ({ state }, map = "", key = "", mark = "") => {
    const elements = hostTable(state, "inet")?.maps.get(map);
    if (elements?.get(shown(key))?.mark === mark) elements.delete(shown(key));
  },
  remove_foreign: ({ state }, where = "", family = "", kind = "", name = "", value = "") => {
    const table = state.namespaces.get(where)?.tables.get(`${family} sdn`);
    const records = [...state.ledger.values()].flatMap(({ words }) => words);
    const mentions = (...words: readonly string[]): boolean =>
      records.some((line) => words.some((text) => ` ${line} `.includes(` ${text} `)));
    switch (kind) {
      case "element":
        if (mentions(`${name}=${value}`, `nft_map ${name} ${value}`, `${name.replace(/s$/, "")} ${value}`)) return;
        table?.sets.get(name)?.delete(shown(value));
        table?.maps.get(name)?.delete(shown(value));
        return;
      case "chain":
        if (!mentions(`nft_chain ${where} ${name}`)) table?.chains.delete(name);
        return;
      default:
        table?.sets.delete(name);
        table?.maps.delete(name);
    }
  },
  remove_nft_chain: ({ state }, where = "", chain = "") => {
    state.namespaces.get(where)?.tables.get("inet sdn")?.chains.delete(chain);
  },
};
