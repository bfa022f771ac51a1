/**
 * Walks one packet through a table as nftables would. It knows exactly the expressions that we emit and throws on
 * any other.
 */
import { type Address, parseAddress } from "../../../provider/src/model/address";
import { type Json, type Model, type ModelTable, only, type Span, spanOf } from "./nft-model";

export interface TracedPacket {
  readonly hook: "input" | "forward" | "output";
  readonly iifname: string;
  readonly oifname: string;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** Octets 0 and 1 of the transport header: the source port, or whatever else stands there. */
  readonly firstWord: number;
  /** Octets 2 and 3 of the transport header: the destination port, or whatever else stands there. */
  readonly secondWord: number;
  readonly icmp: { readonly type: number; readonly code: number } | undefined;
  /** Of TCP: fin 1, syn 2, rst 4, ack 16. */
  readonly tcpFlags: number;
  /** What conntrack says. */
  readonly original: OriginalTuple | undefined;
  readonly zone: number;
  /** Whether the flow's destination was translated. */
  readonly isTranslated: boolean;
  readonly state: "new" | "established" | "related" | "invalid" | "untracked";
  /** Seconds since 1970. */
  readonly time: number;
}

/** How the flow began. */
export interface OriginalTuple {
  readonly source: Address;
  readonly destination: Address;
  /** Source port, or the id of ICMP. */
  readonly firstWord: number;
  /** Destination port, or type and code of ICMP. */
  readonly secondWord: number;
}

export interface Trace {
  readonly verdict: "accept" | "drop" | "reject";
  /** Comments of the counters that counted, in order. */
  readonly counted: readonly string[];
  /** Prefixes of the lines logged, were there no limit. */
  readonly logged: readonly string[];
}

export function trace(model: Model, table: string, packet: TracedPacket): Trace {
  const found = model.get(table);
  if (found === undefined) throw new Error(`there is no table ${table}`);
  const walk = new Walk(found, packet);
  const bases = [...found.chains].filter(([, chain]) => chain.hook === packet.hook && (chain.priority ?? 0) > -200);
  for (const [name] of bases) {
    const verdict = walk.chain(name, 0);
    if (verdict === "drop" || verdict === "reject") return { verdict, counted: walk.counted, logged: walk.logged };
  }
  return { verdict: "accept", counted: walk.counted, logged: walk.logged };
}

type End = "accept" | "drop" | "reject" | "return";
type Value = bigint | string;

const covers = (parts: readonly Span[], values: readonly Value[]): boolean =>
  parts.every(({ first, last }, index) => {
    const value = values[index] as Value;
    return first <= value && value <= last;
  });

class Walk {
  readonly counted: string[] = [];
  readonly logged: string[] = [];

  constructor(
    private readonly table: ModelTable,
    private readonly packet: TracedPacket,
  ) {}

  chain(name: string, depth: number): End {
    // The kernel's limit (NFT_JUMP_STACK_SIZE).
    if (depth > 16) throw new Error("too many jumps");
    const chain = this.table.chains.get(name);
    if (chain === undefined) throw new Error(`there is no chain ${name}`);
    for (const rule of chain.rules) {
      const end = this.rule(rule.expr, rule.comment, depth);
      if (end !== undefined) return end;
    }
    return "return";
  }

  /** `undefined` where the next rule is to be tried. */
  private rule(expr: readonly Json[], comment: string | undefined, depth: number): End | undefined {
    for (const statement of expr) {
      const [kind, detail] = only(statement);
      switch (kind) {
        case "match":
          if (!this.matches(detail as Json)) return undefined;
          break;
        case "counter":
          if (comment !== undefined) this.counted.push(comment);
          break;
        case "limit":
          break;
        case "log":
          this.logged.push((detail as { prefix: string }).prefix);
          break;
        case "vmap": {
          const verdict = this.lookup(detail as Json);
          if (verdict === undefined) return undefined;
          return this.verdict(verdict, depth);
        }
        case "jump": {
          const end = this.chain((detail as { target: string }).target, depth + 1);
          if (end !== "return") return end;
          break;
        }
        default:
          return this.verdict(statement, depth);
      }
    }
    return undefined;
  }

  private verdict(statement: Json, depth: number): End {
    const [kind, detail] = only(statement);
    switch (kind) {
      case "accept":
      case "drop":
      case "return":
        return kind;
      case "goto":
        return this.chain((detail as { target: string }).target, depth);
      case "reject": {
        const { type } = detail as { type: string };
        if (type !== "tcp reset" && type !== "icmpx") throw new Error(`unexpected ${type}`);
        if ((type === "tcp reset") !== (this.packet.protocol === 6)) throw new Error(`${type} for another protocol`);
        return "reject";
      }
      default:
        throw new Error(`unexpected statement ${kind}`);
    }
  }

  private lookup(vmap: Json): Json | undefined {
    const name = String(vmap["data"]).slice(1);
    const map = this.table.maps.get(name);
    if (map === undefined) throw new Error(`there is no map ${name}`);
    const values = this.values(vmap["key"] as Json);
    if (values === undefined) return undefined;
    if (values.length !== map.types.length) throw new Error(`${name} has keys of ${map.types.length} parts`);
    const found = [...map.elements.values()].filter(({ parts }) => covers(parts, values));
    const [element, ...others] = found;
    if (others.length > 0) throw new Error(`elements of ${name} overlap`);
    if (element?.comment !== undefined) this.counted.push(element.comment);
    return element?.verdict;
  }

  /** The fields of a key. `undefined` where the packet lacks one. */
  private values(key: Json): readonly Value[] | undefined {
    const fields = "concat" in key ? (key["concat"] as readonly Json[]) : [key];
    const values = fields.map((field) => this.value(field));
    return values.every((value) => value !== undefined) ? values : undefined;
  }

  private isInSet(key: Json, name: string): boolean {
    const set = this.table.sets.get(name);
    if (set === undefined) throw new Error(`there is no set ${name}`);
    const values = this.values(key);
    if (values === undefined) return false;
    if (values.length !== set.types.length) throw new Error(`${name} has keys of ${set.types.length} parts`);
    return [...set.elements.values()].some((parts) => covers(parts, values));
  }

  private matches({ op, left, right }: Json): boolean {
    if (typeof right === "string" && right.startsWith("@")) {
      if (op !== "==") throw new Error(`unexpected operator ${String(op)}`);
      return this.isInSet(left as Json, right.slice(1));
    }
    const masked = (left as Json)["&"] as readonly [Json, unknown] | undefined;
    const selector = masked === undefined ? (left as Json) : masked[0];
    let value = this.value(selector);
    if (value === undefined) return false;
    if (masked !== undefined) value = BigInt(value) & this.bits(masked[1]);
    if (op === "<") return BigInt(value) < BigInt(right as number);
    const isIn = this.isIn(value, right, selector);
    if (op === "==" || op === "in") return isIn;
    if (op === "!=") return !isIn;
    throw new Error(`unexpected operator ${String(op)}`);
  }

  private isIn(value: Value, right: unknown, selector: Json): boolean {
    if (typeof right === "object" && right !== null && "set" in right) {
      return (right.set as readonly unknown[]).some((one) => this.isIn(value, one, selector));
    }
    if (typeof right === "object" && right !== null && "prefix" in right) {
      const { first, last } = spanOf(right, "");
      return first <= value && value <= last;
    }
    const { payload } = selector as { payload?: { field: string } };
    if (payload !== undefined && /^[sd]addr$/.test(payload.field)) {
      return value === parseAddress(String(right), "address").value;
    }
    const wanted = this.constant(right, selector);
    if (typeof wanted === "string" && wanted.endsWith("*")) return String(value).startsWith(wanted.slice(0, -1));
    return value === wanted;
  }

  private constant(right: unknown, selector: Json): Value {
    if (typeof right === "number") return BigInt(right);
    const word = String(right);
    const words: Record<string, bigint> = { tcp: 6n, syn: 2n };
    const isNumeric = JSON.stringify(selector).includes("l4proto") || JSON.stringify(selector).includes("flags");
    if (!isNumeric) return word;
    const value = words[word];
    if (value === undefined) throw new Error(`unexpected word ${word}`);
    return value;
  }

  private bits(operand: unknown): bigint {
    if (typeof operand === "object" && operand !== null && "|" in operand) {
      const [a, b] = operand["|"] as readonly [unknown, unknown];
      return this.bits(a) | this.bits(b);
    }
    const flags: Record<string, bigint> = { fin: 1n, syn: 2n, rst: 4n, ack: 16n };
    const value = flags[String(operand)];
    if (value === undefined) throw new Error(`unexpected flag ${JSON.stringify(operand)}`);
    return value;
  }

  private original(key: string): Value | undefined {
    const tuple = this.packet.original;
    if (tuple === undefined) return undefined;
    const { source, destination, firstWord, secondWord } = tuple;
    switch (key) {
      case "ip saddr":
        return source.family === 4 ? source.value : undefined;
      case "ip daddr":
        return source.family === 4 ? destination.value : undefined;
      case "ip6 saddr":
        return source.family === 6 ? source.value : undefined;
      case "ip6 daddr":
        return source.family === 6 ? destination.value : undefined;
      case "proto-src":
        return BigInt(firstWord);
      case "proto-dst":
        return BigInt(secondWord);
      default:
        throw new Error(`unexpected selector ct original ${key}`);
    }
  }

  /** `undefined` where the packet has no such field, which ends the rule. */
  private value(selector: Json): Value | undefined {
    const { packet } = this;
    const { family } = packet.source;
    const ct = selector["ct"] as { key: string; dir?: string } | undefined;
    if (ct?.dir !== undefined) return this.original(ct.key);
    const payload = selector["payload"] as { protocol: string; field: string } | undefined;
    const name =
      payload === undefined
        ? `${only(selector)[0]} ${(only(selector)[1] as { key: string }).key}`
        : `${payload.protocol} ${payload.field}`;
    switch (name) {
      case "meta iifname":
        return packet.iifname;
      case "meta oifname":
        return packet.oifname;
      case "meta nfproto":
        return `ipv${family}`;
      case "meta l4proto":
        return BigInt(packet.protocol);
      case "meta time":
        return BigInt(packet.time);
      case "ct state":
        return packet.state;
      case "ct zone":
        return packet.original === undefined ? undefined : BigInt(packet.zone);
      case "ct status":
        return packet.original === undefined ? undefined : packet.isTranslated ? "dnat" : "none";
      case "ip saddr":
        return family === 4 ? packet.source.value : undefined;
      case "ip daddr":
        return family === 4 ? packet.destination.value : undefined;
      case "ip6 saddr":
        return family === 6 ? packet.source.value : undefined;
      case "ip6 daddr":
        return family === 6 ? packet.destination.value : undefined;
      case "tcp sport":
      case "udp sport":
        return packet.protocol === (name.startsWith("tcp") ? 6 : 17) ? BigInt(packet.firstWord) : undefined;
      case "tcp dport":
      case "udp dport":
        return packet.protocol === (name.startsWith("tcp") ? 6 : 17) ? BigInt(packet.secondWord) : undefined;
      case "th dport":
        return BigInt(packet.secondWord);
      case "icmp type":
        return packet.protocol === 1 && packet.icmp !== undefined ? BigInt(packet.icmp.type) : undefined;
      case "icmp code":
        return packet.protocol === 1 && packet.icmp !== undefined ? BigInt(packet.icmp.code) : undefined;
      case "icmpv6 type":
        return packet.protocol === 58 && packet.icmp !== undefined ? BigInt(packet.icmp.type) : undefined;
      case "icmpv6 code":
        return packet.protocol === 58 && packet.icmp !== undefined ? BigInt(packet.icmp.code) : undefined;
      case "tcp flags":
        return packet.protocol === 6 ? BigInt(packet.tcpFlags) : undefined;
      default:
        throw new Error(`unexpected selector ${name}`);
    }
  }
}
