import type { TableState } from "../model/snapshot";

type Element =
  | string
  | number
  | { readonly concat: readonly Element[] }
  | { readonly range: readonly Element[] }
  | { readonly prefix: { readonly addr: string; readonly len: number } }
  | { readonly elem: { readonly val: Element } }
  /** A verdict. */
  | { readonly goto: { readonly target: string } };
type Entry = readonly [Element, Element];
interface Item {
  readonly table?: { readonly family: string; readonly name: string };
  readonly chain?: { readonly family: string; readonly table: string; readonly name: string };
  readonly rule?: {
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    readonly comment?: string;
  };
  readonly map?: {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    readonly elem?: readonly Entry[];
  };
  readonly set?: {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    readonly elem?: readonly Element[];
  };
}

interface Draft {
  readonly chains: Map<string, number>;
  readonly comments: Map<string, string[]>;
  readonly sets: Map<string, ReadonlySet<string>>;
  readonly maps: Map<string, ReadonlyMap<string, string>>;
}

/** `nft -j list …` → tables by `FAMILY NAME`. */
export function parseTables(text: string): ReadonlyMap<string, TableState> {
  if (text.trim() === "") return new Map();
  const { nftables = [] } = JSON.parse(text) as { nftables?: readonly Item[] };
  const tables = new Map<string, Draft>();
  const at = (family: string, name: string) => {
    const key = `${family} ${name}`;
    const table = tables.get(key) ?? {
      chains: new Map<string, number>(),
      comments: new Map<string, string[]>(),
      sets: new Map<string, ReadonlySet<string>>(),
      maps: new Map<string, ReadonlyMap<string, string>>(),
    };
    tables.set(key, table);
    return table;
  };
  for (const { table, chain, rule, set, map } of nftables) {
    if (table !== undefined) at(table.family, table.name);
    if (chain !== undefined) {
      at(chain.family, chain.table).chains.set(chain.name, 0);
      at(chain.family, chain.table).comments.set(chain.name, []);
    }
    if (rule !== undefined) {
      const { chains, comments } = at(rule.family, rule.table);
      comments.get(rule.chain)?.push(rule.comment ?? "");
      chains.set(rule.chain, (chains.get(rule.chain) ?? 0) + 1);
    }
    if (set !== undefined) at(set.family, set.table).sets.set(set.name, new Set((set.elem ?? []).map(elementText)));
    if (map !== undefined) {
      const entries = (map.elem ?? []).map(([key, value]) => [elementText(key), elementText(value)] as const);
      at(map.family, map.table).maps.set(map.name, new Map(entries));
    }
  }
  return tables;
}

function elementText(element: Element): string {
  if (typeof element !== "object") return String(element);
  if ("concat" in element) return element.concat.map(elementText).join(" . ");
  if ("goto" in element) return element.goto.target;
  if ("prefix" in element) return `${element.prefix.addr}/${element.prefix.len}`;
  return "range" in element ? element.range.map(elementText).join("-") : elementText(element.elem.val);
}
