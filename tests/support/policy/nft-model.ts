/**
 * nftables as far as we use it: what transactions make of a table. It refuses what the kernel refuses (a name that is
 * missing, one that is taken, an element that overlaps another) and everything that we do not emit.
 */
import { isDeepStrictEqual } from "node:util";
import { parseAddress } from "../../../provider/src/model/address";

export type Json = Readonly<Record<string, unknown>>;

export interface ModelChain {
  readonly hook: string | undefined;
  readonly priority: number | undefined;
  readonly rules: readonly { readonly expr: readonly Json[]; readonly comment: string | undefined }[];
}

/** A part of a key as a range of comparable values. */
export interface Span {
  readonly first: bigint | string;
  readonly last: bigint | string;
}

export interface ModelElement {
  readonly parts: readonly Span[];
  readonly verdict: Json;
  readonly comment: string | undefined;
}

export interface ModelMap {
  readonly types: readonly string[];
  readonly interval: boolean;
  readonly elements: ReadonlyMap<string, ModelElement>;
}

export interface ModelSet {
  readonly types: readonly string[];
  readonly elements: ReadonlyMap<string, readonly Span[]>;
}

export interface ModelTable {
  readonly chains: ReadonlyMap<string, ModelChain>;
  readonly maps: ReadonlyMap<string, ModelMap>;
  readonly sets: ReadonlyMap<string, ModelSet>;
}

export type Model = ReadonlyMap<string, ModelTable>;

interface Draft {
  chains: Map<string, ModelChain>;
  maps: Map<string, ModelMap>;
  sets: Map<string, ModelSet>;
}

/** The tables after a transaction. @throws where the kernel would refuse it, or where we never wrote such a thing */
export function applyCommands(model: Model, commands: readonly Json[]): Model {
  const next = new Map<string, Draft>(
    [...model].map(([name, table]) => [
      name,
      { chains: new Map(table.chains), maps: new Map(table.maps), sets: new Map(table.sets) },
    ]),
  );
  for (const command of commands) {
    const [verb, object] = only(command);
    const [kind, detail] = only(object as Json);
    applyOne(next, `${verb} ${kind}`, detail as Json);
  }
  for (const table of next.values()) checkReferences(table);
  return next;
}

function applyOne(model: Map<string, Draft>, what: string, detail: Json): void {
  if (detail["family"] !== "inet") throw new Error(`unexpected family in ${JSON.stringify(detail)}`);
  if (what === "add table") {
    const name = text(detail, "name");
    if (!model.has(name)) model.set(name, { chains: new Map(), maps: new Map(), sets: new Map() });
    return;
  }
  if (what === "delete table") {
    if (!model.delete(text(detail, "name"))) throw new Error(`no table ${text(detail, "name")}`);
    return;
  }
  const table = wanted(model, text(detail, "table"), "table");
  switch (what) {
    case "add chain": {
      fresh(table.chains, text(detail, "name"));
      const [hook, priority] = [detail["hook"] as string | undefined, detail["prio"] as number | undefined];
      if (hook !== undefined && (detail["type"] !== "filter" || detail["policy"] !== "accept")) throw unknown(detail);
      table.chains.set(text(detail, "name"), { hook, priority, rules: [] });
      return;
    }
    case "flush chain":
      table.chains.set(text(detail, "name"), { ...wanted(table.chains, text(detail, "name"), "chain"), rules: [] });
      return;
    case "delete chain":
      wanted(table.chains, text(detail, "name"), "chain");
      table.chains.delete(text(detail, "name"));
      return;
    case "add rule": {
      const chain = wanted(table.chains, text(detail, "chain"), "chain");
      const rule = { expr: detail["expr"] as readonly Json[], comment: detail["comment"] as string | undefined };
      table.chains.set(text(detail, "chain"), { ...chain, rules: [...chain.rules, rule] });
      return;
    }
    case "add set":
      fresh(table.sets, text(detail, "name"));
      if (detail["flags"] !== undefined) throw unknown(detail);
      table.sets.set(text(detail, "name"), { types: typesOf(detail), elements: new Map() });
      return;
    case "flush set":
      table.sets.set(text(detail, "name"), {
        ...wanted(table.sets, text(detail, "name"), "set"),
        elements: new Map(),
      });
      return;
    case "delete set":
      wanted(table.sets, text(detail, "name"), "set");
      table.sets.delete(text(detail, "name"));
      return;
    case "add map": {
      fresh(table.maps, text(detail, "name"));
      if (detail["map"] !== "verdict" || !isDeepStrictEqual(detail["stmt"], [{ counter: null }])) throw unknown(detail);
      const types = typesOf(detail);
      const interval = isDeepStrictEqual(detail["flags"], ["interval"]);
      if (!interval && detail["flags"] !== undefined) throw unknown(detail);
      table.maps.set(text(detail, "name"), { types, interval, elements: new Map() });
      return;
    }
    case "delete map":
      wanted(table.maps, text(detail, "name"), "map");
      table.maps.delete(text(detail, "name"));
      return;
    case "flush map":
      table.maps.set(text(detail, "name"), { ...wanted(table.maps, text(detail, "name"), "map"), elements: new Map() });
      return;
    case "add element":
    case "delete element":
      applyElements(table, what === "add element", detail);
      return;
    default:
      throw new Error(`unexpected command ${what}`);
  }
}

/** nft 1.0.6 keeps a concatenation's types in 32 bits, 6 for each, and says nothing when they are full. */
const mostFields = 5;

function typesOf(detail: Json): readonly string[] {
  const types = typeof detail["type"] === "string" ? [detail["type"]] : (detail["type"] as readonly string[]);
  if (types.length > mostFields) throw new Error(`nft cannot concatenate ${types.join(" . ")}`);
  return types;
}

function applyElements(table: Draft, adds: boolean, detail: Json): void {
  const name = text(detail, "name");
  const set = table.sets.get(name);
  if (set !== undefined) {
    const changed = new Map(set.elements);
    for (const element of detail["elem"] as readonly unknown[]) {
      const { key } = unwrap(element);
      const parts = key.map((part, index) => spanOf(part, set.types[index] ?? ""));
      if (parts.length !== set.types.length || key.some((part) => typeof part === "object")) throw unknown(detail);
      const place = parts.map(({ first }) => String(first)).join(" . ");
      if (adds === changed.has(place)) throw new Error(`element ${place} of ${name}: ${adds ? "exists" : "missing"}`);
      if (adds) changed.set(place, parts);
      else changed.delete(place);
    }
    table.sets.set(name, { ...set, elements: changed });
    return;
  }
  const map = wanted(table.maps, name, "map");
  const elements = new Map(map.elements);
  for (const [value, verdict] of detail["elem"] as readonly (readonly [unknown, Json])[]) {
    const { key, comment } = unwrap(value);
    const parts = key.map((part, index) => spanOf(part, map.types[index] ?? ""));
    if (parts.length !== map.types.length)
      throw new Error(`${name}: wrong number of parts in ${JSON.stringify(value)}`);
    if (!map.interval && key.some((part) => typeof part === "object")) throw new Error(`${name} has no ranges`);
    const place = parts.map(({ first, last }) => `${first}-${last}`).join(" . ");
    if (adds) {
      if (elements.has(place)) throw new Error(`${name} has ${place} already`);
      elements.set(place, { parts, verdict, comment });
    } else if (!elements.delete(place)) throw new Error(`${name} has no ${place}`);
  }
  table.maps.set(name, { ...map, elements });
}

function unwrap(value: unknown): { readonly key: readonly unknown[]; readonly comment: string | undefined } {
  const wrapped = typeof value === "object" && value !== null && "elem" in value ? (value.elem as Json) : undefined;
  const inner = wrapped === undefined ? value : wrapped["val"];
  const isConcat = typeof inner === "object" && inner !== null && "concat" in inner;
  return {
    key: isConcat ? (inner.concat as readonly unknown[]) : [inner],
    comment: wrapped?.["comment"] as string | undefined,
  };
}

export function spanOf(part: unknown, type: string): Span {
  if (typeof part === "object" && part !== null) {
    if ("range" in part) {
      const [first, last] = part.range as readonly unknown[];
      return { first: scalar(first, type), last: scalar(last, type) };
    }
    if ("prefix" in part) {
      const { addr, len } = part.prefix as { addr: string; len: number };
      const address = parseAddress(addr, "prefix");
      const size = 1n << BigInt((address.family === 4 ? 32 : 128) - len);
      if (address.value % size !== 0n) throw new Error(`${addr}/${len} is no block`);
      return { first: address.value, last: address.value + size - 1n };
    }
    throw new Error(`unexpected part of a key ${JSON.stringify(part)}`);
  }
  const value = scalar(part, type);
  return { first: value, last: value };
}

function scalar(value: unknown, type: string): bigint | string {
  if (type === "ifname" && typeof value === "string") return value;
  if (type === "ipv4_addr" || type === "ipv6_addr") {
    const address = parseAddress(String(value), type);
    if (address.family !== (type === "ipv4_addr" ? 4 : 6)) throw new Error(`${String(value)} in a map of ${type}`);
    return address.value;
  }
  if (typeof value === "number") return BigInt(value);
  throw new Error(`unexpected ${JSON.stringify(value)} for ${type}`);
}

/** Everything that is named must be there. */
function checkReferences(table: ModelTable): void {
  const check = (json: unknown): void => {
    if (typeof json === "string" && json.startsWith("@")) {
      const name = json.slice(1);
      if (!table.maps.has(name) && !table.sets.has(name)) throw new Error(`there is no set or map ${name}`);
    }
    if (typeof json !== "object" || json === null) return;
    for (const [key, value] of Object.entries(json)) {
      if (key === "target" && !table.chains.has(String(value))) throw new Error(`there is no chain ${String(value)}`);
      check(value);
    }
  };
  for (const chain of table.chains.values()) for (const rule of chain.rules) check(rule.expr);
  for (const map of table.maps.values()) for (const element of map.elements.values()) check(element.verdict);
}

export function only(json: Json): readonly [string, unknown] {
  const [entry, ...others] = Object.entries(json);
  if (entry === undefined || others.length > 0) throw new Error(`expected one thing in ${JSON.stringify(json)}`);
  return entry;
}

function text(detail: Json, name: string): string {
  const value = detail[name];
  if (typeof value !== "string") throw new Error(`no ${name} in ${JSON.stringify(detail)}`);
  return value;
}

function wanted<V>(map: ReadonlyMap<string, V>, name: string, kind: string): V {
  const found = map.get(name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

function fresh(map: ReadonlyMap<string, unknown>, name: string): void {
  if (map.has(name)) throw new Error(`${name} exists`);
}

const unknown = (detail: Json): Error => new Error(`not something we write: ${JSON.stringify(detail)}`);
