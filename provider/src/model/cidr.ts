/** An aligned block of addresses (RFC 4632, RFC 4291 section 2.3). */

import { type Address, type Family, familyBits, formatAddress, isMapped, readAddress } from "./address";
import { SdnError } from "./error";
import { shown } from "./shown";

export interface Cidr {
  readonly family: Family;
  /** The first address; its bits after `prefixLength` are zero. */
  readonly base: bigint;
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefixLength: number;
}

/**
 * Parses `address/prefixLength`. The address must be the block's first one: a CIDR with host bits set is refused
 * rather than rounded, since either the address or the length was meant otherwise.
 *
 * @param property path of the property that the text came from, for the error
 * @throws SdnError `invalid-input`
 */
export function parseCidr(text: string, property: string): Cidr {
  const refuse = (cause: string, remedy: string): SdnError =>
    new SdnError({ code: "invalid-input", cause, remedy, property, value: shown(text) });
  const slash = text.indexOf("/");
  const address = readAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined)
    throw refuse("the value is not a CIDR", "write one such as 10.20.1.0/24 or fd00:20:1::/64");
  const bits = familyBits(address.family);
  if (slash < 0) {
    throw refuse("the value has no prefix length", `write ${formatAddress(address)}/${bits} for this one address`);
  }
  const digits = text.slice(slash + 1);
  const prefixLength = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.POSITIVE_INFINITY;
  if (prefixLength > bits) {
    throw refuse("the value has no valid prefix length after the slash", `write a whole number from 0 to ${bits}`);
  }
  if (isMapped(address)) throw refuse("the value is an IPv4-mapped IPv6 block", "write the IPv4 CIDR");
  const cidr = enclosingCidr(address, prefixLength);
  if (cidr.base !== address.value) {
    throw refuse(
      "the value has host bits set",
      `write ${formatCidr(cidr)} for the block or ${formatAddress(address)}/${bits} for the one address`,
    );
  }
  return cidr;
}

/** `10.20.1.0/24`; IPv6 in the canonical form of RFC 5952. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress({ family: cidr.family, value: cidr.base })}/${cidr.prefixLength}`;
}

/** The block of the given length that the address lies in. */
export function enclosingCidr(address: Address, prefixLength: number): Cidr {
  const hostBits = hostBitsOf(address.family, prefixLength);
  return { family: address.family, base: (address.value >> hostBits) << hostBits, prefixLength };
}

/** The block of one address: /32 or /128. */
export function addressToCidr(address: Address): Cidr {
  return { family: address.family, base: address.value, prefixLength: familyBits(address.family) };
}

/** How many addresses the block has, network and broadcast address included. */
export function size(cidr: Cidr): bigint {
  return 1n << hostBitsOf(cidr.family, cidr.prefixLength);
}

export function firstAddress(cidr: Cidr): Address {
  return { family: cidr.family, value: cidr.base };
}

export function lastAddress(cidr: Cidr): Address {
  return { family: cidr.family, value: cidr.base + size(cidr) - 1n };
}

/** Whether every address of `inner` is one of `outer`; a block contains itself. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.prefixLength <= inner.prefixLength && inCidr(firstAddress(inner), outer);
}

/** Whether the two have an address in common. Blocks are aligned, so one then contains the other. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

export function inCidr(address: Address, cidr: Cidr): boolean {
  const hostBits = hostBitsOf(cidr.family, cidr.prefixLength);
  return address.family === cidr.family && address.value >> hostBits === cidr.base >> hostBits;
}

/** How many blocks of the given length the parent divides into. */
export function subnetCount(parent: Cidr, prefixLength: number): bigint {
  return 1n << BigInt(prefixLength - parent.prefixLength);
}

/**
 * The block number `index` (from 0) of those that the parent divides into.
 *
 * @throws SdnError `internal` where there is no such block; callers choose the index themselves
 */
export function nthSubnet(parent: Cidr, prefixLength: number, index: bigint): Cidr {
  const fits = prefixLength >= parent.prefixLength && prefixLength <= familyBits(parent.family);
  if (!fits || index < 0n || index >= subnetCount(parent, prefixLength)) {
    throw new SdnError({ code: "internal", cause: `${formatCidr(parent)} has no /${prefixLength} number ${index}` });
  }
  const hostBits = hostBitsOf(parent.family, prefixLength);
  return { family: parent.family, base: parent.base + (index << hostBits), prefixLength };
}

/** Orders by family, then first address, then larger block first. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.base !== b.base) return a.base < b.base ? -1 : 1;
  return a.prefixLength - b.prefixLength;
}

export function sameCidr(a: Cidr, b: Cidr): boolean {
  return compareCidrs(a, b) === 0;
}

function hostBitsOf(family: Family, prefixLength: number): bigint {
  return BigInt(familyBits(family) - prefixLength);
}
