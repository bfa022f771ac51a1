/** An IP address as a value: parsed once, compared and computed as a bigint, formatted at the end. */

import { Address4, Address6 } from "ip-address";
import { SdnError } from "./error";
import { shown } from "./shown";

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  /** The address as an unsigned integer in network byte order: 32 bits for IPv4, 128 for IPv6. */
  readonly value: bigint;
}

/** Bits of an address: 32 or 128. */
export function familyBits(family: Family): number {
  return family === 4 ? 32 : 128;
}

/**
 * Parses an IPv4 address in dotted decimal or an IPv6 address in any RFC 4291 form. Refused: leading zeros in IPv4
 * (some programs read them as octal), IPv6 zones, and IPv4-mapped IPv6 addresses, which never appear in a packet.
 *
 * @param property path of the property that the text came from, for the error
 * @throws SdnError `invalid-input`
 */
export function parseAddress(text: string, property: string): Address {
  const address = readAddress(text);
  if (address !== undefined && !isMapped(address)) return address;
  const remedy =
    address !== undefined
      ? `write the IPv4 address ${formatAddress({ family: 4, value: address.value & 0xffff_ffffn })}`
      : text.includes("/")
        ? "write the address alone, without a prefix length"
        : "write an address such as 192.0.2.10 or 2001:db8::10";
  const cause = address !== undefined ? "the value is an IPv4-mapped IPv6 address" : "the value is not an IP address";
  throw new SdnError({ code: "invalid-input", cause, remedy, property, value: shown(text) });
}

/** Dotted decimal for IPv4, the canonical form of RFC 5952 for IPv6. */
export function formatAddress(address: Address): string {
  return address.family === 4
    ? Address4.fromBigInt(address.value).correctForm()
    : Address6.fromBigInt(address.value).correctForm();
}

/** Orders IPv4 before IPv6, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

export function sameAddress(a: Address, b: Address): boolean {
  return compareAddresses(a, b) === 0;
}

/** The address that the text writes, or `undefined`; the place where the library is asked. */
export function readAddress(text: string): Address | undefined {
  if (/[/%]/.test(text)) return undefined;
  try {
    return text.includes(":")
      ? { family: 6, value: new Address6(text).bigInt() }
      : { family: 4, value: new Address4(text).bigInt() };
  } catch {
    return undefined;
  }
}

/** Whether the address lies in ::ffff:0:0/96 (RFC 4291, 2.5.5.2). */
export function isMapped(address: Address): boolean {
  return address.family === 6 && address.value >> 32n === 0xffffn;
}
