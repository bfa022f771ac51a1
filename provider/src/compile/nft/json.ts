import { hash64 } from "../../model/hash";

/** The part of nft's JSON that we use (libnftables-json(5)), typed, and how a transaction becomes one word. */

export type Expression =
  | string
  | number
  | { readonly meta: { readonly key: "iifname" | "oifname" } }
  | { readonly meta: { readonly key: "l4proto" } }
  | { readonly meta: { readonly key: "mark" } }
  | { readonly ct: { readonly key: "state" | "status" | "zone" | "mark" | "direction" } }
  | { readonly numgen: { readonly mode: "inc" | "random"; readonly mod: number; readonly offset: number } }
  | { readonly jhash: { readonly mod: number; readonly expr: Expression; readonly seed: number } }
  | { readonly ct: { readonly key: "ip daddr" | "ip6 daddr" | "proto-dst"; readonly dir: "original" } }
  | { readonly prefix: { readonly addr: string; readonly len: number } }
  | { readonly range: readonly [number, number] }
  | { readonly map: { readonly key: Expression; readonly data: string | { readonly set: readonly MapEntry[] } } }
  | { readonly payload: { readonly protocol: string; readonly field: string } }
  /** Bits of a header that nft has no name for: `ll`, `nh` and `th` are link, network and transport layer. */
  | { readonly payload: { readonly base: "ll" | "nh" | "th"; readonly offset: number; readonly len: number } }
  | { readonly concat: readonly Expression[] }
  | { readonly set: readonly (Expression | readonly [Expression, Statement])[] }
  | { readonly "tcp option": { readonly name: string; readonly field: string } }
  /** By which interface the kernel would send to the packet's destination. */
  | { readonly fib: { readonly result: "oifname"; readonly flags: readonly ["daddr"] } }
  | { readonly rt: { readonly key: "mtu" } }
  | { readonly "&": readonly [Expression, Expression] };

type MapEntry = readonly [Expression, Expression];

export type Statement =
  | { readonly match: { readonly op: "==" | "!=" | ">" | "in"; readonly left: Expression; readonly right: Expression } }
  | { readonly mangle: { readonly key: Expression; readonly value: Expression } }
  | { readonly vmap: { readonly key: Expression; readonly data: Expression } }
  | { readonly goto: { readonly target: string } }
  | { readonly drop: null }
  | { readonly accept: null }
  | { readonly masquerade: null }
  /** To this namespace itself. */
  | { readonly redirect: null }
  | { readonly snat: Translation }
  | { readonly dnat: Translation };

export interface Translation {
  readonly family: "ip" | "ip6";
  readonly addr: Expression;
  readonly port?: number;
}

export type Family = "inet" | "bridge";

export interface Table {
  readonly family: Family;
  readonly sets: readonly (TypedSet | ExampleSet)[];
  readonly maps: readonly (TypedMap | ExampleMap)[];
  readonly chains: readonly (Chain | Branch)[];
}

export interface TypedSet {
  readonly name: string;
  readonly type: string | readonly string[];
  readonly flags?: readonly "interval"[];
}

export interface TypedMap {
  readonly name: string;
  readonly type: string | readonly string[];
  readonly map: string;
  readonly flags?: readonly string[];
}

/** A set whose type is that of an expression. nft's JSON has no word for that, so it is declared as text. */
export interface ExampleSet {
  readonly name: string;
  readonly typeof: string;
  readonly flags?: readonly "interval"[];
}

/** The same of a map: `map` is the expression that has a value's type. */
export interface ExampleMap {
  readonly name: string;
  readonly typeof: string;
  readonly map: string;
}

export interface Chain {
  readonly name: string;
  readonly type: "filter" | "nat";
  readonly hook: "input" | "output" | "forward" | "prerouting" | "postrouting";
  readonly priority: number;
  readonly rules: readonly Rule[];
}

/** A chain that rules of others lead to. */
export type Branch = Pick<Chain, "name" | "rules">;

export type Rule = readonly Statement[];

/** Every table of ours has this name, in whatever family. */
export const tableName = "sdn";

type Command = Readonly<Record<string, unknown>>;

/** Creates what is missing and writes the chains anew, in one transaction; set elements stay. */
export function tableCommands(table: Table): readonly Command[] {
  const at = { family: table.family, table: tableName };
  return [
    { add: { table: { family: table.family, name: tableName } } },
    ...table.sets.flatMap((set) => ("type" in set ? [{ add: { set: { ...at, ...set } } }] : [])),
    ...table.maps.flatMap((map) => ("type" in map ? [{ add: { map: { ...at, ...map } } }] : [])),
    ...table.chains.map((chain) => addChain(table.family, chain)),
    ...table.chains.map(({ name }) => ({ flush: { chain: { ...at, name } } })),
    ...table.chains.flatMap((chain) => addRules(table.family, chain)),
  ];
}

function addChain(family: Family, chain: Chain | Branch): Command {
  const at = { family, table: tableName, name: chain.name };
  if (!("hook" in chain)) return { add: { chain: at } };
  const { type, hook, priority } = chain;
  return { add: { chain: { ...at, type, hook, prio: priority, policy: "accept" } } };
}

/** Each rule carries its fingerprint as a comment. */
function addRules(family: Family, chain: Branch): readonly Command[] {
  const comments = fingerprints(chain);
  return chain.rules.map((expr, index) => ({
    add: { rule: { family, table: tableName, chain: chain.name, expr, comment: comments[index] } },
  }));
}

/** One chain of the `inet` table, whole, in one transaction. */
export function chainCommands(chain: Chain | Branch): readonly Command[] {
  return [{ add: { table: { family: "inet", name: tableName } } }, ...branchCommands(chain)];
}

/** The same where the table is there. */
export function branchCommands(chain: Chain | Branch): readonly Command[] {
  const at = { family: "inet", table: tableName };
  return [addChain("inet", chain), { flush: { chain: { ...at, name: chain.name } } }, ...addRules("inet", chain)];
}

/** What tells one rule from another when the host shows them: versions of nft write the same rule differently. */
export function fingerprints(chain: Branch): readonly string[] {
  return chain.rules.map((rule) => `sdn:${hash64(JSON.stringify(rule)).toString(36)}`);
}

/** The sets and maps that the transaction takes for granted, as lines for nft. */
export function exampleSetLines(table: Table): readonly string[] {
  const sets = table.sets.filter((set) => "typeof" in set);
  const maps = table.maps.filter((map) => "typeof" in map);
  if (sets.length + maps.length === 0) return [];
  return [
    `add table ${table.family} ${tableName}`,
    ...sets.map(({ name, typeof: example, flags = [] }) => {
      const options = flags.length === 0 ? "" : `flags ${flags.join(",")}; `;
      return `add set ${table.family} ${tableName} ${name} { typeof ${example}; ${options}}`;
    }),
    ...maps.map(
      ({ name, typeof: example, map }) =>
        `add map ${table.family} ${tableName} ${name} { typeof ${example} : ${map}; }`,
    ),
  ];
}

/** A transaction as one word of the host's program: base64 of its JSON, which is plain ASCII by the grammar. */
export function nftWord(commands: readonly Command[]): string {
  const known = words.get(commands);
  if (known !== undefined) return known;
  const word = btoa(JSON.stringify({ nftables: commands }));
  words.set(commands, word);
  return word;
}
// The tables are the same for all hosts of a fleet.
const words = new WeakMap<readonly Command[], string>();

/** Lines of nft's own language as one word. */
export function textWord(lines: readonly string[]): string {
  return btoa(`${lines.join("\n")}\n`);
}
