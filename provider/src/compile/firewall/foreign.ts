/**
 * What others put into a host's nftables that wins over our rules: a drop is final wherever it is, so what ours allow
 * any of these may still drop. Read from nft's own listing, whose words a person is shown.
 */

export type ForeignHook = "prerouting" | "ingress" | "input" | "forward" | "output" | "postrouting";

export interface ForeignChain {
  /** `ip filter` */
  readonly table: string;
  readonly chain: string;
  readonly hook: ForeignHook;
  readonly priority: number;
  /** Drops what none of its rules accepts. */
  readonly dropsByDefault: boolean;
  /** Rules that drop or reject, of the chain and of those that it leads to, in the order in which they are asked. */
  readonly rules: readonly { readonly chain: string; readonly text: string }[];
}

interface Chain {
  readonly name: string;
  head: string;
  readonly rules: string[];
}

/** @param listing `nft -s -y list table` of tables that are not ours, one after another */
export function foreignChains(listing: string): readonly ForeignChain[] {
  return tablesIn(listing)
    .flatMap(({ table, chains }) =>
      [...chains.values()].flatMap((chain) => {
        const head = /^type filter hook (\w+)(?: devices? [^;]*?)? priority (-?\d+)\s*;(?: policy (\w+);)?/.exec(
          chain.head,
        );
        if (head === null) return [];
        const rules = droppingRules(chain, chains);
        const dropsByDefault = head[3] === "drop";
        if (rules.length === 0 && !dropsByDefault) return [];
        const [hook, priority] = [head[1] as ForeignHook, Number(head[2])];
        return [{ table, chain: chain.name, hook, priority, dropsByDefault, rules }];
      }),
    )
    .sort((one, other) => one.priority - other.priority);
}

function tablesIn(listing: string): readonly { readonly table: string; readonly chains: ReadonlyMap<string, Chain> }[] {
  const tables: { table: string; chains: Map<string, Chain> }[] = [];
  let chain: Chain | undefined;
  // Of sets and maps only that they end is of interest.
  let depth = 0;
  for (const line of listing.split("\n").map((text) => text.trim())) {
    const table = /^table (\w+ \S+) \{$/.exec(line);
    const chainHead = /^chain (\S+) \{$/.exec(line);
    if (table !== null) {
      tables.push({ table: table[1] ?? "", chains: new Map() });
      depth = 1;
    } else if (chainHead !== null && depth === 1) {
      chain = { name: chainHead[1] ?? "", head: "", rules: [] };
      tables.at(-1)?.chains.set(chain.name, chain);
      depth = 2;
    } else if (line === "}") {
      depth -= 1;
      if (depth < 2) chain = undefined;
    } else if (line.endsWith("{") && chain === undefined) depth += 1;
    else if (chain !== undefined && line.startsWith("type ")) chain.head = line;
    else if (chain !== undefined && line !== "") chain.rules.push(line);
  }
  return tables;
}

function droppingRules(
  chain: Chain,
  chains: ReadonlyMap<string, Chain>,
  above: ReadonlySet<string> = new Set(),
): ForeignChain["rules"] {
  const seen = new Set([...above, chain.name]);
  return chain.rules.flatMap((text) => {
    const target = /\b(?:jump|goto) (\S+)/.exec(text)?.[1];
    const next = target === undefined || seen.has(target) ? undefined : chains.get(target);
    if (next !== undefined) return droppingRules(next, chains, seen);
    // Comments and prefixes of log lines are in quotes, and may say anything.
    return /\b(drop|reject)\b/.test(text.replaceAll(/"[^"]*"/g, "")) ? [{ chain: chain.name, text }] : [];
  });
}

/** Where ours are asked, as a person reads it. */
const ourPriority = -5;

export function foreignSentence({ table, chain, hook, priority, dropsByDefault, rules }: ForeignChain): string {
  const order = priority < ourPriority ? "before ours" : "after ours";
  const shown = rules.slice(0, 3).map((rule) => `${rule.chain === chain ? "" : `${rule.chain}: `}${rule.text}`);
  const more = rules.length > shown.length ? [`and ${rules.length - shown.length} more`] : [];
  const all = [...(dropsByDefault ? ["drops what it does not accept"] : []), ...shown, ...more];
  return `table ${table}, chain ${chain} (${hook}, priority ${priority}, ${order}): ${all.join("; ")}`;
}
