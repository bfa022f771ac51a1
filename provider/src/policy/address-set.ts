/** Sets of addresses of both families. */

import { type Address, type Family, familyBits } from "../model/address";
import { type Cidr, firstAddress, lastAddress } from "../model/cidr";
import {
  includesPoint,
  intersectIntervals,
  type IntervalSet,
  intervalSet,
  sameIntervals,
  subtractIntervals,
  uniteIntervals,
} from "./intervals";

export interface AddressSet {
  readonly 4: IntervalSet<bigint>;
  readonly 6: IntervalSet<bigint>;
}

export const families: readonly Family[] = [4, 6];

export const allAddresses = (family: Family): IntervalSet<bigint> => [
  { first: 0n, last: (1n << BigInt(familyBits(family))) - 1n },
];
export const noAddress: AddressSet = { 4: [], 6: [] };
export const everyAddress: AddressSet = { 4: allAddresses(4), 6: allAddresses(6) };

export function addressesOf(addresses: readonly Address[]): AddressSet {
  const of = (family: Family): IntervalSet<bigint> =>
    intervalSet(addresses.filter((one) => one.family === family).map(({ value }) => ({ first: value, last: value })));
  return { 4: of(4), 6: of(6) };
}

export function blocks(cidrs: readonly Cidr[]): AddressSet {
  const of = (family: Family): IntervalSet<bigint> =>
    intervalSet(
      cidrs
        .filter((cidr) => cidr.family === family)
        .map((cidr) => ({ first: firstAddress(cidr).value, last: lastAddress(cidr).value })),
    );
  return { 4: of(4), 6: of(6) };
}

export function uniteAddresses(sets: readonly AddressSet[]): AddressSet {
  return { 4: uniteIntervals(...sets.map((set) => set[4])), 6: uniteIntervals(...sets.map((set) => set[6])) };
}

export function intersectAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { 4: intersectIntervals(a[4], b[4]), 6: intersectIntervals(a[6], b[6]) };
}

export function subtractAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { 4: subtractIntervals(a[4], b[4]), 6: subtractIntervals(a[6], b[6]) };
}

export function includesAddress(set: AddressSet, address: Address): boolean {
  return includesPoint(set[address.family], address.value);
}

export function isNoAddress(set: AddressSet): boolean {
  return set[4].length === 0 && set[6].length === 0;
}

export function isEveryAddress(set: IntervalSet<bigint>, family: Family): boolean {
  return sameIntervals(set, allAddresses(family));
}
