/** Unicast Ethernet addresses (IEEE 802, 48 bits). */

import { type Address, formatAddress } from "./address";
import { SdnError } from "./error";
import { hash64 } from "./hash";
import { shown } from "./shown";

export interface Mac {
  /** The address as an unsigned 48-bit integer, first octet highest. */
  readonly value: bigint;
}

/** In the first octet: set for a group address. */
const groupBit = 0x01;
/** In the first octet: set for an address that no manufacturer assigned. */
const localBit = 0x02;

/**
 * Parses six octets in hexadecimal, separated by `:` or by `-`. Group addresses and the all-zero address are refused:
 * no interface may have one.
 *
 * @param property path of the property that the text came from, for the error
 * @throws SdnError `invalid-input`
 */
export function parseMac(text: string, property: string): Mac {
  const refuse = (cause: string, remedy: string): SdnError =>
    new SdnError({ code: "invalid-input", cause, remedy, property, value: shown(text) });
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$|^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/i.test(text)) {
    throw refuse("the value is not a MAC address", "write six octets in hexadecimal such as 02:42:0a:14:01:05");
  }
  const mac = fromOctets(text.split(/[:-]/).map((octet) => Number.parseInt(octet, 16)));
  if (mac.value === 0n)
    throw refuse("the value is the all-zero MAC address", "write a unicast address or leave it out");
  if ((Number(mac.value >> 40n) & groupBit) !== 0) {
    throw refuse("the value is a multicast or broadcast MAC address", "make the first octet even, for example 02");
  }
  return mac;
}

/** Six lower-case octets separated by colons. */
export function formatMac(mac: Mac): string {
  const digits = mac.value.toString(16).padStart(12, "0");
  return digits.replace(/(..)(?=.)/g, "$1:");
}

/**
 * `02:42:` and the four octets of the address, the same that Docker's bridge driver (before engine 28) gives to a
 * container with that address.
 *
 * @throws SdnError `internal` for an IPv6 address
 */
export function macFromIpv4(address: Address): Mac {
  if (address.family !== 4) {
    throw new SdnError({ code: "internal", cause: `no MAC address follows from ${formatAddress(address)}` });
  }
  return { value: (0x0242n << 32n) | address.value };
}

/** The link-local address that an interface makes from its MAC address (modified EUI-64: RFC 4291, appendix A). */
export function linkLocalFrom(mac: Mac): Address {
  const upper = (mac.value >> 24n) ^ 0x020000n;
  const identifier = (upper << 40n) | (0xfffen << 24n) | (mac.value & 0xff_ffffn);
  return { family: 6, value: (0xfe80n << 112n) | identifier };
}

/**
 * A MAC address that depends on the seed only.
 *
 * @param prefix the first one to five octets; the first must be even with its second-lowest bit set (x2, x6, xa, xe),
 *   which makes the address unicast and locally administered
 * @throws SdnError `internal` for another prefix
 */
export function macFromHash(seed: string, prefix: readonly number[]): Mac {
  const first = prefix[0] ?? 0;
  const octetsValid = prefix.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 0xff);
  if (!octetsValid || prefix.length > 5 || (first & (groupBit | localBit)) !== localBit) {
    throw new SdnError({
      code: "internal",
      cause: `[${prefix.join(", ")}] is no prefix of a local unicast MAC address`,
    });
  }
  const hash = hash64(seed);
  const filled = Array.from({ length: 6 - prefix.length }, (_, index) => Number((hash >> BigInt(8 * index)) & 0xffn));
  return fromOctets([...prefix, ...filled]);
}

function fromOctets(octets: readonly number[]): Mac {
  return { value: octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n) };
}
