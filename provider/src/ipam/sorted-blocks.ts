import { type Cidr, overlaps } from "../model/cidr";
import type { Taken } from "./block";

/** Disjoint blocks of one family in order of address: an overlap is found without looking at all of them. */
export class SortedBlocks {
  private readonly sorted: Taken[] = [];

  /** A block that has an address in common with this one, or `undefined`. */
  overlapping(cidr: Cidr): Taken | undefined {
    const index = this.indexOf(cidr.base);
    // Blocks are disjoint, so only the one that begins before `cidr` and the one at or after its start can reach it.
    return [this.sorted[index - 1], this.sorted[index]].find((taken) => taken && overlaps(taken.cidr, cidr));
  }

  /** The block must not overlap one that is there. */
  insert(taken: Taken): void {
    this.sorted.splice(this.indexOf(taken.cidr.base), 0, taken);
  }

  /** The block must be there. */
  remove(cidr: Cidr): void {
    this.sorted.splice(this.indexOf(cidr.base), 1);
  }

  list(): readonly Taken[] {
    return [...this.sorted];
  }

  /** Where the first block is that begins at or after `base`. */
  private indexOf(base: bigint): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = this.sorted[middle];
      if (block !== undefined && block.cidr.base < base) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
