/** Addresses outside the cluster, cut where a policy's block begins or ends. */

import { type AddressSet, allAddresses } from "../../policy/address-set";
import { includesPoint, type Interval } from "../../policy/intervals";

export type Range = Interval<bigint>;

/** The fewest ranges of IPv4 addresses of which each block has some wholly and the others not at all. */
export function outsideRanges(blocks: readonly AddressSet[]): readonly Range[] {
  const whole = allAddresses(4);
  const starts = [...whole, ...blocks.flatMap((block) => block[4])].flatMap(({ first, last }) => [first, last + 1n]);
  const cuts = [...new Set(starts)].sort((a, b) => (a < b ? -1 : 1));
  return cuts.slice(0, -1).map((first, index) => ({ first, last: (cuts[index + 1] ?? 0n) - 1n }));
}

/** Which of the ranges a block has, by their number. */
export function rangesIn(ranges: readonly Range[], block: AddressSet): readonly number[] {
  return ranges.flatMap(({ first }, index) => (includesPoint(block[4], first) ? [index] : []));
}
