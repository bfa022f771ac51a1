/** The part of nft's JSON that we use (libnftables-json(5)), typed, and how a transaction becomes one word. */

export type Expression =
  | string
  | number
  | { readonly meta: { readonly key: "iifname" | "oifname" } }
  | { readonly ct: { readonly key: "state" } }
  | { readonly payload: { readonly protocol: string; readonly field: string } }
  | { readonly concat: readonly Expression[] }
  | { readonly set: readonly Expression[] }
  | { readonly "tcp option": { readonly name: string; readonly field: string } }
  | { readonly rt: { readonly key: "mtu" } }
  | { readonly "&": readonly [Expression, Expression] };

export type Statement =
  | { readonly match: { readonly op: "==" | "!=" | "in"; readonly left: Expression; readonly right: Expression } }
  | { readonly mangle: { readonly key: Expression; readonly value: Expression } }
  | { readonly drop: null }
  | { readonly accept: null }
  | { readonly masquerade: null };

export type Family = "inet" | "bridge";

export interface Table {
  readonly family: Family;
  readonly sets: readonly { readonly name: string; readonly type: string | readonly string[] }[];
  readonly chains: readonly Chain[];
}

export interface Chain {
  readonly name: string;
  readonly type: "filter" | "nat";
  readonly hook: "input" | "forward" | "postrouting";
  readonly priority: number;
  readonly rules: readonly (readonly Statement[])[];
}

/** Every table of ours has this name, in whatever family. */
export const tableName = "sdn";

type Command = Readonly<Record<string, unknown>>;

/** Creates what is missing and writes the chains anew, in one transaction; set elements stay. */
export function tableCommands(table: Table): readonly Command[] {
  const at = { family: table.family, table: tableName };
  return [
    { add: { table: { family: table.family, name: tableName } } },
    ...table.sets.map((set) => ({ add: { set: { ...at, ...set } } })),
    ...table.chains.map(({ name, type, hook, priority }) => ({
      add: { chain: { ...at, name, type, hook, prio: priority, policy: "accept" } },
    })),
    ...table.chains.map(({ name }) => ({ flush: { chain: { ...at, name } } })),
    ...table.chains.flatMap((chain) =>
      chain.rules.map((expr) => ({ add: { rule: { ...at, chain: chain.name, expr } } })),
    ),
  ];
}

/** A transaction as one word of the host's program: base64 of its JSON, which is plain ASCII by the grammar. */
export function nftWord(commands: readonly Command[]): string {
  return btoa(JSON.stringify({ nftables: commands }));
}
