/**
 * A table of nftables as data, and the transactions that make it: whole, or only what differs from another. Lookups
 * are in sets and maps; a chain has few rules.
 */

export type NftScalar = string | number;

/** One field of a key. */
export type KeyPart =
  | NftScalar
  | { readonly range: readonly [NftScalar, NftScalar] }
  | { readonly prefix: { readonly addr: string; readonly len: number } };

export type Verdict =
  | { readonly accept: null }
  | { readonly drop: null }
  | { readonly return: null }
  | { readonly goto: { readonly target: string } };

/** What a packet or its flow has. */
export type Selector =
  | { readonly meta: { readonly key: "iifname" | "oifname" | "nfproto" | "l4proto" | "time" } }
  | { readonly ct: { readonly key: "state" | "zone" | "status" } }
  /** What conntrack says of the packet with which the flow began. Ports only where a rule names the protocol before. */
  | { readonly ct: { readonly key: OriginalField; readonly dir: "original" } }
  | { readonly payload: { readonly protocol: string; readonly field: string } };

export type OriginalField = "ip saddr" | "ip daddr" | "ip6 saddr" | "ip6 daddr" | "proto-src" | "proto-dst";

export type KeyExpression = Selector | { readonly concat: readonly Selector[] };

export type Operand =
  | KeyExpression
  | NftScalar
  | KeyPart
  | { readonly set: readonly KeyPart[] }
  | { readonly "&": readonly [Selector, Operand] }
  | { readonly "|": readonly [Operand, Operand] };

export type RuleStatement =
  | Verdict
  | { readonly jump: { readonly target: string } }
  | { readonly match: { readonly op: "==" | "!=" | "in" | "<"; readonly left: Operand; readonly right: Operand } }
  | { readonly vmap: { readonly key: KeyExpression; readonly data: string } }
  | { readonly counter: null }
  | { readonly limit: { readonly rate: number; readonly per: string; readonly burst: number } }
  | { readonly log: { readonly prefix: string } }
  | { readonly reject: { readonly type: "tcp reset" } | { readonly type: "icmpx"; readonly expr: "port-unreachable" } }
  | {
      readonly mangle: {
        readonly key: { readonly ct: { readonly key: "zone" } };
        readonly value: {
          readonly map: {
            readonly key: Selector;
            readonly data: { readonly set: readonly (readonly [string, number])[] };
          };
        };
      };
    };

export interface ProgramRule {
  readonly expr: readonly RuleStatement[];
  readonly comment?: string;
}

export interface ProgramChain {
  readonly name: string;
  /** Of chains that the kernel calls; the others are jumped to. */
  readonly hook?: { readonly name: "prerouting" | "input" | "forward" | "output"; readonly priority: number };
  readonly rules: readonly ProgramRule[];
}

export interface ProgramSet {
  readonly name: string;
  /** One field, or those of a concatenation. */
  readonly type: readonly string[];
  readonly elements: readonly (readonly KeyPart[])[];
  /** The host fills it between two programs. A program has it empty, and every change empties it. */
  readonly runtime?: true;
}

export interface MapElement {
  /** One part, or those of a concatenation. */
  readonly key: readonly KeyPart[];
  readonly verdict: Verdict;
  readonly comment?: string;
}

/** From keys to verdicts; every element counts. */
export interface ProgramMap {
  readonly name: string;
  readonly type: readonly string[];
  /** Whether parts may be ranges. */
  readonly interval: boolean;
  readonly elements: readonly MapElement[];
  /**
   * The host fills it. What its elements mean: while this stays they may, too, and another one empties the map. They go
   * to chains that this names.
   */
  readonly runtime?: string;
}

export interface Program {
  readonly table: string;
  readonly sets: readonly ProgramSet[];
  readonly maps: readonly ProgramMap[];
  readonly chains: readonly ProgramChain[];
}

export type NftCommand = Readonly<Record<string, unknown>>;

/** Makes the table anew, whatever it was. */
export function replaceCommands(program: Program): readonly NftCommand[] {
  const table = { table: { family: "inet", name: program.table } };
  const empty = { table: program.table, sets: [], maps: [], chains: [] };
  return [{ add: table }, { delete: table }, { add: table }, ...changeCommands(empty, program)];
}

/** The same as a second table: a drop of either is final, so only what both let through passes. */
export const nextProgram = (program: Program): Program => ({ ...program, table: `${program.table}_next` });

/**
 * Takes one program to another in one transaction. Where they are the same, all that it does is to empty what the host
 * filled meanwhile.
 */
export function changeCommands(from: Program, to: Program): readonly NftCommand[] {
  const at = { family: "inet", table: to.table };
  const chains = compare(from.chains, to.chains);
  const maps = compare(from.maps, to.maps);
  const sets = compare(from.sets, to.sets);
  const changedMaps = maps.kept.map(([old, wanted]) => elementChanges(old, wanted));
  const rewritten = chains.kept.filter(([old, wanted]) => !same(old, wanted)).map(([, wanted]) => wanted);
  return [
    // Rules go before what they name.
    ...[...rewritten, ...chains.gone].map(({ name }) => ({ flush: { chain: { ...at, name } } })),
    ...maps.kept.flatMap(([old, wanted]) =>
      old.runtime === wanted.runtime ? [] : [{ flush: { map: { ...at, name: wanted.name } } }],
    ),
    ...changedMaps.flatMap(({ name, gone }) => elementCommands("delete", at, name, gone)),
    ...maps.gone.map(({ name }) => ({ delete: { map: { ...at, name } } })),
    ...sets.gone.map(({ name }) => ({ delete: { set: { ...at, name } } })),
    ...chains.gone.map(({ name }) => ({ delete: { chain: { ...at, name } } })),
    ...chains.added.map((chain) => ({ add: { chain: { ...at, ...chainHead(chain) } } })),
    ...sets.added.map(({ name, type }) => ({ add: { set: { ...at, name, type: typeWord(type) } } })),
    ...maps.added.map((map) => ({ add: { map: { ...at, ...mapHead(map) } } })),
    ...sets.kept.flatMap(([, { name, runtime }]) => (runtime === true ? [{ flush: { set: { ...at, name } } }] : [])),
    ...sets.kept.flatMap(([old, wanted]) => setChanges(at, old, wanted)),
    ...sets.added.flatMap((set) => setChanges(at, { ...set, elements: [] }, set)),
    ...changedMaps.flatMap(({ name, added }) => elementCommands("add", at, name, added)),
    ...maps.added.flatMap(({ name, elements }) => elementCommands("add", at, name, elements)),
    ...[...rewritten, ...chains.added].flatMap((chain) =>
      chain.rules.map((rule) => ({ add: { rule: { ...at, chain: chain.name, ...rule } } })),
    ),
  ];
}

type At = Readonly<Record<"family" | "table", string>>;

function chainHead({ name, hook }: ProgramChain): NftCommand {
  if (hook === undefined) return { name };
  return { name, type: "filter", hook: hook.name, prio: hook.priority, policy: "accept" };
}

function mapHead({ name, type, interval }: ProgramMap): NftCommand {
  const flags = interval ? { flags: ["interval"] } : {};
  return { name, type: typeWord(type), map: "verdict", ...flags, stmt: [{ counter: null }] };
}

const typeWord = (type: readonly string[]): string | readonly string[] | undefined =>
  type.length === 1 ? type[0] : type;

const keyWord = (key: readonly KeyPart[]): unknown => (key.length === 1 ? key[0] : { concat: key });

function setChanges(at: At, old: ProgramSet, wanted: ProgramSet): readonly NftCommand[] {
  const words = (set: ProgramSet): ReadonlyMap<string, unknown> =>
    new Map(set.elements.map((key) => [JSON.stringify(key), keyWord(key)]));
  const [before, after] = [words(old), words(wanted)];
  const gone = [...before].flatMap(([key, word]) => (after.has(key) ? [] : [word]));
  const added = [...after].flatMap(([key, word]) => (before.has(key) ? [] : [word]));
  const command = (elem: readonly unknown[]): NftCommand => ({ element: { ...at, name: wanted.name, elem } });
  return [
    ...(gone.length === 0 ? [] : [{ delete: command(gone) }]),
    ...(added.length === 0 ? [] : [{ add: command(added) }]),
  ];
}

function elementChanges(
  old: ProgramMap,
  wanted: ProgramMap,
): { readonly name: string; readonly gone: readonly MapElement[]; readonly added: readonly MapElement[] } {
  const before = new Set(old.elements.map(textOf));
  const after = new Set(wanted.elements.map(textOf));
  return {
    name: wanted.name,
    gone: old.elements.filter((element) => !after.has(textOf(element))),
    added: wanted.elements.filter((element) => !before.has(textOf(element))),
  };
}

// Of a large map that changes again and again, each element is written down once.
const elementTexts = new WeakMap<MapElement, string>();

function textOf(element: MapElement): string {
  const known = elementTexts.get(element);
  if (known !== undefined) return known;
  const text = JSON.stringify(element);
  elementTexts.set(element, text);
  return text;
}

function elementCommands(
  verb: "add" | "delete",
  at: At,
  name: string,
  elements: readonly MapElement[],
): readonly NftCommand[] {
  if (elements.length === 0) return [];
  const elem = elements.map(({ key, verdict, comment }) => {
    const val = keyWord(key);
    const isPlain = verb === "delete" || comment === undefined;
    return [isPlain ? val : { elem: { val, comment } }, verdict];
  });
  return [{ [verb]: { element: { ...at, name, elem } } }];
}

interface Comparison<T> {
  readonly gone: readonly T[];
  readonly added: readonly T[];
  readonly kept: readonly (readonly [T, T])[];
}

function compare<T extends { readonly name: string }>(from: readonly T[], to: readonly T[]): Comparison<T> {
  const before = new Map(from.map((item) => [item.name, item]));
  const after = new Set(to.map((item) => item.name));
  return {
    gone: from.filter((item) => !after.has(item.name)),
    added: to.filter((item) => !before.has(item.name)),
    kept: to.flatMap((item) => {
      const old = before.get(item.name);
      return old === undefined ? [] : [[old, item] as const];
    }),
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
