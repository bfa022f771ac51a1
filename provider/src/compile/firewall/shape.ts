/** Cells as elements of maps: which fields they need, and whether they need ranges. */

import { type Family, familyBits, formatAddress } from "../../model/address";
import { SdnError } from "../../model/error";
import type { Interval } from "../../policy/intervals";
import { hasPorts, icmpOf, lastTransport, lowBits } from "../../policy/transport";
import type { KeyPart, Selector } from "../nft/program";

/** The fields of the transport header that a map looks at. */
export type TransportShape = "any" | "protocol" | "port" | "icmp";
export const transportShapes: readonly TransportShape[] = ["any", "protocol", "port", "icmp"];

export interface TransportKey {
  readonly shape: TransportShape;
  readonly key: readonly KeyPart[];
}

/** The fewest keys that together match exactly the stretch of the transport line. */
export function transportKeys({ first, last }: Interval<number>, family: Family): readonly TransportKey[] {
  if (first === 0 && last === lastTransport) return [{ shape: "any", key: [] }];
  const keys: TransportKey[] = [];
  let next = first;
  while (next <= last) {
    const protocol = Math.floor(next / lowBits);
    const end = (protocol + 1) * lowBits - 1;
    if (next % lowBits === 0 && end <= last) {
      const beyond = Math.floor((last + 1) / lowBits);
      keys.push({ shape: "protocol", key: [numbers(protocol, beyond - 1)] });
      next = beyond * lowBits;
    } else {
      keys.push(...partKeys(protocol, next % lowBits, Math.min(end, last) % lowBits, family));
      next = Math.min(end, last) + 1;
    }
  }
  return keys;
}

/** A part of what one protocol has. */
function partKeys(protocol: number, first: number, last: number, family: Family): readonly TransportKey[] {
  if (hasPorts(protocol)) return [{ shape: "port", key: [protocol, numbers(first, last)] }];
  if (protocol === icmpOf(family)) {
    return icmpKeys(first, last).map((key) => ({ shape: "icmp", key }));
  }
  throw new SdnError({ code: "internal", cause: `protocol ${protocol} has no parts in IPv${family} packets` });
}

/** From type * 256 + code to another, as ranges of types and codes. */
function icmpKeys(first: number, last: number): readonly (readonly KeyPart[])[] {
  const [type, code] = [first >> 8, first & 255];
  const [lastType, lastCode] = [last >> 8, last & 255];
  if (type === lastType) return [[type, numbers(code, lastCode)]];
  const head = code === 0 ? [] : [[type, numbers(code, 255)]];
  const tail = lastCode === 255 ? [] : [[lastType, numbers(0, lastCode)]];
  const [from, to] = [type + head.length, lastType - tail.length];
  return [...head, ...(from > to ? [] : [[numbers(from, to), numbers(0, 255)]]), ...tail];
}

export function numbers(first: number, last: number): KeyPart {
  return first === last ? first : { range: [first, last] };
}

/** An address, a block where it is one, or a range. */
export function addressPart({ first, last }: Interval<bigint>, family: Family): KeyPart {
  const text = (value: bigint): string => formatAddress({ family, value });
  if (first === last) return text(first);
  const size = last - first + 1n;
  const isBlock = (size & (size - 1n)) === 0n && first % size === 0n;
  if (!isBlock) return { range: [text(first), text(last)] };
  return { prefix: { addr: text(first), len: familyBits(family) - (size.toString(2).length - 1) } };
}

export const isRange = (part: KeyPart): boolean => typeof part === "object";

/** The types of the fields, as nft names them, and where in the packet they are. */
export function transportFields(
  shape: TransportShape,
  family: Family,
): readonly { readonly type: string; readonly selector: Selector }[] {
  switch (shape) {
    case "any":
      return [];
    case "protocol":
      return [l4proto];
    case "port":
      return [l4proto, { type: "inet_service", selector: { payload: { protocol: "th", field: "dport" } } }];
    case "icmp": {
      const protocol = family === 4 ? "icmp" : "icmpv6";
      return ["type", "code"].map((field) => ({
        type: `${protocol}_${field}`,
        selector: { payload: { protocol, field } },
      }));
    }
  }
}

const l4proto = { type: "inet_proto", selector: { meta: { key: "l4proto" } } } as const;

export function addressField(
  field: "saddr" | "daddr",
  family: Family,
): { readonly type: string; readonly selector: Selector } {
  const protocol = family === 4 ? "ip" : "ip6";
  return { type: family === 4 ? "ipv4_addr" : "ipv6_addr", selector: { payload: { protocol, field } } };
}
