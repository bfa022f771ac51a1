import type { TableState } from "../model/snapshot";

type Element =
  string | number | { readonly concat: readonly (string | number)[] } | { readonly elem: { readonly val: Element } };
interface Item {
  readonly table?: { readonly family: string; readonly name: string };
  readonly chain?: { readonly family: string; readonly table: string; readonly name: string };
  readonly rule?: { readonly family: string; readonly table: string; readonly chain: string };
  readonly set?: {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    readonly elem?: readonly Element[];
  };
}

/** `nft -j list …` → tables by `FAMILY NAME`. */
export function parseTables(text: string): ReadonlyMap<string, TableState> {
  if (text.trim() === "") return new Map();
  const { nftables = [] } = JSON.parse(text) as { nftables?: readonly Item[] };
  const tables = new Map<string, { chains: Map<string, number>; sets: Map<string, ReadonlySet<string>> }>();
  const at = (family: string, name: string) => {
    const key = `${family} ${name}`;
    const table = tables.get(key) ?? {
      chains: new Map<string, number>(),
      sets: new Map<string, ReadonlySet<string>>(),
    };
    tables.set(key, table);
    return table;
  };
  for (const { table, chain, rule, set } of nftables) {
    if (table !== undefined) at(table.family, table.name);
    if (chain !== undefined) at(chain.family, chain.table).chains.set(chain.name, 0);
    if (rule !== undefined) {
      const { chains } = at(rule.family, rule.table);
      chains.set(rule.chain, (chains.get(rule.chain) ?? 0) + 1);
    }
    if (set !== undefined) at(set.family, set.table).sets.set(set.name, new Set((set.elem ?? []).map(elementText)));
  }
  return tables;
}

function elementText(element: Element): string {
  if (typeof element !== "object") return String(element);
  return "concat" in element ? element.concat.join(" . ") : elementText(element.elem.val);
}
