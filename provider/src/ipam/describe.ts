/** How free space is put into messages. */

import { type Cidr, compareCidrs, formatCidr } from "../model/cidr";

/** How many blocks a message names. */
const named = 3;

/** The largest blocks, largest first, and how many more there are: `10.20.12.0/22, 10.20.8.0/24 (and 3 more)`. */
export function describeBlocks(blocks: readonly Cidr[]): string {
  const largestFirst = [...blocks].sort((a, b) => a.prefixLength - b.prefixLength || compareCidrs(a, b));
  const more = largestFirst.length - named;
  const names = largestFirst.slice(0, named).map(formatCidr).join(", ");
  return more > 0 ? `${names} (and ${more} more)` : names;
}
