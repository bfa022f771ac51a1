/** Transactions of nftables on one table, as far as the firewall's tests go: what they make, and what nft refuses. */
import { Refusal } from "./refusal";

interface Named {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly type?: string | readonly string[];
}
interface Kinds {
  readonly table?: { readonly family: string; readonly name: string };
  readonly chain?: Named;
  readonly set?: Named;
  readonly map?: Named;
  readonly element?: Named & { readonly elem: readonly unknown[] };
  readonly rule?: {
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    readonly expr: readonly unknown[];
    readonly comment?: string;
  };
}
export interface NftCommand {
  readonly add?: Kinds;
  readonly delete?: Kinds;
  readonly flush?: Kinds;
}

interface Verdict {
  readonly goto?: { readonly target: string };
}

export interface Listing {
  /** Chain → its rules. */
  readonly chains: Map<string, string[]>;
  /** Of sets and maps, each element as JSON. */
  readonly sets: Map<string, Set<string>>;
}

export function parseTransaction(text: string): readonly NftCommand[] {
  try {
    return (JSON.parse(text) as { readonly nftables: readonly NftCommand[] }).nftables;
  } catch {
    throw new Refusal("remote-failure", "JSON parsing failed");
  }
}

export function tableOf({ add, delete: gone, flush }: NftCommand): string {
  const { table, chain, set, map, element, rule } = add ?? gone ?? flush ?? {};
  return table?.name ?? (chain ?? set ?? map ?? element ?? rule)?.table ?? "";
}

const known = new WeakMap<readonly NftCommand[], Listing>();

/** The table that the commands make, one after the other; `undefined` where there is none at the end. */
export function listingOf(commands: readonly NftCommand[]): Listing | undefined {
  const found = known.get(commands) ?? madeBy(commands);
  if (found !== undefined && Object.isFrozen(commands)) known.set(commands, found);
  return found;
}

function madeBy(commands: readonly NftCommand[]): Listing | undefined {
  let listing: Listing | undefined;
  for (const { add, delete: gone, flush } of commands) {
    if (add?.table !== undefined) listing ??= { chains: new Map(), sets: new Map() };
    else if (gone?.table !== undefined) listing = undefined;
    else if (listing === undefined) throw missing("table");
    else if (add !== undefined) added(listing, add);
    else if (gone !== undefined) removed(listing, gone);
    else flushed(listing, flush ?? {});
  }
  return listing;
}

const missing = (what: string): Refusal => new Refusal("remote-failure", `No such file or directory: ${what}`);

function found<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name);
  if (one === undefined) throw missing(name);
  return one;
}

function added({ chains, sets }: Listing, { chain, set, map, element, rule }: Kinds): void {
  const named = set ?? map;
  if (chain !== undefined && !chains.has(chain.name)) chains.set(chain.name, []);
  if (named !== undefined && !sets.has(named.name)) sets.set(named.name, new Set());
  if (rule !== undefined) found(chains, rule.chain).push(JSON.stringify({ expr: rule.expr, comment: rule.comment }));
  for (const one of element?.elem ?? []) {
    const { target } = (Array.isArray(one) ? (one[1] as Verdict) : undefined)?.goto ?? {};
    if (target !== undefined) found(chains, target);
    found(sets, element?.name ?? "").add(JSON.stringify(one));
  }
}

function removed({ chains, sets }: Listing, { chain, set, map, element }: Kinds): void {
  const named = set ?? map;
  if (chain !== undefined && !chains.delete(chain.name)) throw missing(chain.name);
  if (named !== undefined && !sets.delete(named.name)) throw missing(named.name);
  for (const one of element?.elem ?? []) {
    if (!found(sets, element?.name ?? "").delete(JSON.stringify(one))) throw missing("element");
  }
}

function flushed({ chains, sets }: Listing, { chain, set, map }: Kinds): void {
  const named = set ?? map;
  if (chain !== undefined) found(chains, chain.name).length = 0;
  if (named !== undefined) found(sets, named.name).clear();
}
