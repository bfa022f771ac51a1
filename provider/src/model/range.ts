/** Runs of consecutive addresses that need not be aligned, and what is left of a block when others are taken out. */

import { type Address, familyBits, formatAddress, parseAddress } from "./address";
import { type Cidr, firstAddress, lastAddress } from "./cidr";
import { SdnError } from "./error";
import { type Span, subtractSpans } from "./span";

/** Both ends belong to the range; they have one family and `first` is not after `last`. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

/** @throws SdnError `internal` where the ends are of two families or in the wrong order */
export function addressRange(first: Address, last: Address): AddressRange {
  if (first.family !== last.family || first.value > last.value) {
    throw new SdnError({ code: "internal", cause: `${formatAddress(first)}-${formatAddress(last)} is no range` });
  }
  return { first, last };
}

export function rangeOf(cidr: Cidr): AddressRange {
  return { first: firstAddress(cidr), last: lastAddress(cidr) };
}

/** How many addresses the range has. */
export function rangeSize(range: AddressRange): bigint {
  return range.last.value - range.first.value + 1n;
}

export function inRange(address: Address, range: AddressRange): boolean {
  return (
    address.family === range.first.family && address.value >= range.first.value && address.value <= range.last.value
  );
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.first.family === b.first.family && a.first.value <= b.last.value && b.first.value <= a.last.value;
}

/** `10.20.1.2-10.20.1.63`, the form that nftables and iproute2 write. */
export function formatRange(range: AddressRange): string {
  return `${formatAddress(range.first)}-${formatAddress(range.last)}`;
}

/** `10.20.1.2-10.20.1.63, 10.20.0.1-10.20.0.63` */
export function formatRanges(ranges: readonly AddressRange[]): string {
  return ranges.map(formatRange).join(", ");
}

/**
 * Parses what `formatRange` writes.
 *
 * @throws SdnError `invalid-input`
 */
export function parseRange(text: string, property: string): AddressRange {
  const [first = "", last = first] = text.split("-");
  return rangeBetween(parseAddress(first, property), parseAddress(last, property), property);
}

/** @throws SdnError `invalid-input` where the ends are of two families or in the wrong order */
export function rangeBetween(first: Address, last: Address, property: string): AddressRange {
  if (first.family === last.family && first.value <= last.value) return { first, last };
  throw new SdnError({
    code: "invalid-input",
    property,
    value: `${formatAddress(first)}-${formatAddress(last)}`,
    cause: first.family === last.family ? "ends before it starts" : "begins and ends in two address families",
    remedy: "write the lower address as start and one of the same family as end",
  });
}

/** What is left of a range when others are taken out: sorted, disjoint, never adjacent. */
export function subtractRanges(from: AddressRange, removed: readonly AddressRange[]): readonly AddressRange[] {
  const family = from.first.family;
  const spans = removed.filter((range) => range.first.family === family).map(spanOf);
  return subtractSpans(spanOf(from), spans).map(({ first, last }) => ({
    first: { family, value: first },
    last: { family, value: last },
  }));
}

/** The range without its family. */
export function spanOf(range: AddressRange): Span {
  return { first: range.first.value, last: range.last.value };
}

/** The fewest blocks that cover exactly the range, in order of address. */
export function rangeToCidrs(range: AddressRange): readonly Cidr[] {
  const family = range.first.family;
  const bits = familyBits(family);
  const blocks: Cidr[] = [];
  let base = range.first.value;
  while (base <= range.last.value) {
    let hostBits = 0;
    while (hostBits < bits && fits(base, hostBits + 1, range.last.value)) hostBits += 1;
    blocks.push({ family, base, prefixLength: bits - hostBits });
    base += 1n << BigInt(hostBits);
  }
  return blocks;
}

/** The largest free blocks of `parent` when `taken` are in use, in order of address. */
export function freeSpace(parent: Cidr, taken: readonly Cidr[]): readonly Cidr[] {
  return subtractRanges(rangeOf(parent), taken.map(rangeOf)).flatMap(rangeToCidrs);
}

/** Whether a block of 2^hostBits addresses may begin at `base` and ends by `last`. */
function fits(base: bigint, hostBits: number, last: bigint): boolean {
  const length = 1n << BigInt(hostBits);
  return base % length === 0n && base + length - 1n <= last;
}
