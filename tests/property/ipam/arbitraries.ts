import fc from "fast-check";
import type { SubnetLayout } from "../../../provider/src/ipam/layout";
import { familyBits } from "../../../provider/src/model/address";
import { type Cidr, nthSubnet, overlaps, parseCidr, subnetCount } from "../../../provider/src/model/cidr";
import { type AddressRange, rangeSize } from "../../../provider/src/model/range";

/** Kept, so that a failure in one place is the same failure in every other; change it to look elsewhere. */
export const parameters = { seed: 20_260_401, numRuns: 500 } as const;

/** Small pools, so that a brute-force model can look at every slot, at both ends and in the middle of both families. */
export const smallPool: fc.Arbitrary<Cidr> = fc
  .constantFrom("0.0.0.0/27", "10.20.30.64/26", "255.255.255.192/26", "::/122", "fd00:1:2:3::40/123", "ffff::ffc0/122")
  .map((text) => parseCidr(text, "pool"));

/** Large ones, where nothing may walk over slots. */
export const largePool: fc.Arbitrary<Cidr> = fc
  .constantFrom("10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "2001:db8::/32", "::/0")
  .map((text) => parseCidr(text, "pool"));

/** A block of the pool, up to `depth` bits longer. */
export function blockOf(pool: Cidr, depth: number): fc.Arbitrary<Cidr> {
  return fc.integer({ min: 0, max: depth }).chain((bits) => {
    const prefixLength = pool.prefixLength + bits;
    const last = subnetCount(pool, prefixLength) - 1n;
    return fc.bigInt({ min: 0n, max: last }).map((index) => nthSubnet(pool, prefixLength, index));
  });
}

/** Blocks of the pool of which none overlaps another. */
export function disjointBlocks(pool: Cidr, depth: number, maxLength: number): fc.Arbitrary<readonly Cidr[]> {
  // The whole pool is left out, or most cases would have nothing else.
  const proper = blockOf(pool, depth).filter((cidr) => cidr.prefixLength > pool.prefixLength + 1);
  return fc
    .array(proper, { maxLength })
    .map((blocks) =>
      blocks.filter((block, index) => !blocks.slice(0, index).some((earlier) => overlaps(earlier, block))),
    );
}

export const key: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);

/** Every block of the length in the pool, by counting. */
export function everySlot(pool: Cidr, prefixLength: number): readonly Cidr[] {
  return Array.from({ length: Number(subnetCount(pool, prefixLength)) }, (_, index) =>
    nthSubnet(pool, prefixLength, BigInt(index)),
  );
}

/** A list and a reordering of it. */
export function reordered<T>(items: readonly T[]): fc.Arbitrary<readonly T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

/** The two parts of a subnet that is divided once. */
export function partsOf({ endpointRanges, hostSpaces }: SubnetLayout): readonly [AddressRange, AddressRange] {
  const [endpoints, ...otherEndpoints] = endpointRanges;
  const [hosts, ...otherHosts] = hostSpaces;
  if (endpoints === undefined || hosts === undefined || otherEndpoints.length + otherHosts.length > 0) {
    throw new Error("the subnet is not divided once");
  }
  return [endpoints, hosts];
}

/** How many blocks for hosts it has. */
export function hostRangeCount({ hostSpaces, hostRangePrefixLength, subnet }: SubnetLayout): bigint {
  const block = 1n << BigInt(familyBits(subnet.family) - hostRangePrefixLength);
  return hostSpaces.reduce((sum, space) => sum + rangeSize(space) / block, 0n);
}
