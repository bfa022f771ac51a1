/** Blocks of addresses taken from a pool: one that the pool chooses, or one that the user names. */

import { type Cidr, contains, formatCidr, overlaps, sameCidr } from "../model/cidr";
import { familyBits } from "../model/address";
import { SdnError } from "../model/error";
import { hash64 } from "../model/hash";
import { freeSpace, rangeOf, spanOf } from "../model/range";
import { describeBlocks } from "./describe";
import { firstFreeSlot } from "./slots";

/** A block in use. Blocks of the other family or outside the pool are allowed and mean nothing. */
export interface Taken {
  readonly cidr: Cidr;
  /** Who holds it, as messages name it. */
  readonly owner: string;
}

export interface BlockRequest {
  readonly pool: Cidr;
  readonly prefixLength: number;
  /** Decides the preferred place and names the asker. One key stands for one block. */
  readonly key: string;
  readonly taken: readonly Taken[];
  /** Space that is never handed out. */
  readonly reserved?: readonly Cidr[] | undefined;
}

/**
 * A free block of the pool. The preferred one is `hash64(key)` modulo the number of blocks; where it is not free, the
 * next free one, going on from the pool's start at its end. So the result depends on the key and on what is taken, not
 * on the order in which things are declared. A block of the wanted length that `taken` shows with `key` as its owner
 * is kept; the key's blocks of other lengths do not stand in the way.
 *
 * @throws SdnError `exhausted` where no aligned block of the length is free; `invalid-input` where the length does not
 *   fit the pool
 */
export function allocateBlock(request: BlockRequest): Cidr {
  const { pool, prefixLength, key } = request;
  checkLength(pool, prefixLength);
  const others = request.taken.filter((taken) => taken.owner !== key).map((taken) => taken.cidr);
  const held = request.taken.find(
    ({ cidr, owner }) => owner === key && cidr.prefixLength === prefixLength && contains(pool, cidr),
  )?.cidr;
  if (held !== undefined && !others.some((other) => overlaps(other, held))) return held;

  const blocked = [...others, ...(request.reserved ?? [])].filter((cidr) => cidr.family === pool.family);
  const slotSize = 1n << BigInt(familyBits(pool.family) - prefixLength);
  const slots = { space: spanOf(rangeOf(pool)), slotSize, blocked: blocked.map((cidr) => spanOf(rangeOf(cidr))) };
  const base = firstFreeSlot(slots, hash64(key));
  if (base === undefined) throw exhausted(request, freeSpace(pool, blocked));
  return { family: pool.family, base, prefixLength };
}

export interface BlockClaim {
  readonly pool: Cidr;
  readonly cidr: Cidr;
  /** Who wants it; blocks that `taken` shows with this owner do not stand in the way. */
  readonly owner: string;
  readonly taken: readonly Taken[];
  readonly reserved?: readonly Cidr[] | undefined;
}

/**
 * Whether a block that the user names can be had: every reason against it, empty where there is none. Codes:
 * `invalid-input` where it is not inside the pool, `conflict` for each other owner's block and each reserved block
 * that it overlaps.
 */
export function claimBlock({ pool, cidr, owner, taken, reserved = [] }: BlockClaim): readonly SdnError[] {
  const others = taken.filter((other) => other.owner !== owner);
  const free = freeSpace(pool, [...others.map((other) => other.cidr), ...reserved]);
  const remedy =
    free.length > 0
      ? `choose a block from the free space: ${describeBlocks(free)}`
      : "release a block or widen the pool";
  const name = formatCidr(cidr);
  const errors: SdnError[] = [];
  if (!contains(pool, cidr)) {
    const cause = `${name} is not inside pool ${formatCidr(pool)}`;
    errors.push(new SdnError({ code: "invalid-input", cause, remedy }));
  }
  for (const other of others.filter((each) => overlaps(each.cidr, cidr))) {
    const relation = sameCidr(other.cidr, cidr) ? "is taken by" : `overlaps ${formatCidr(other.cidr)} of`;
    errors.push(new SdnError({ code: "conflict", cause: `${name} ${relation} ${other.owner}`, remedy }));
  }
  for (const block of reserved.filter((each) => overlaps(each, cidr))) {
    errors.push(
      new SdnError({ code: "conflict", cause: `${name} overlaps the reserved ${formatCidr(block)}`, remedy }),
    );
  }
  return errors;
}

function checkLength(pool: Cidr, prefixLength: number): void {
  const bits = familyBits(pool.family);
  if (Number.isInteger(prefixLength) && prefixLength >= pool.prefixLength && prefixLength <= bits) return;
  throw new SdnError({
    code: "invalid-input",
    cause: `pool ${formatCidr(pool)} cannot hold a block with prefix length ${prefixLength}`,
    remedy: `write a whole number from ${pool.prefixLength} to ${bits}`,
  });
}

function exhausted({ pool, prefixLength, key }: BlockRequest, free: readonly Cidr[]): SdnError {
  const largest = free.length > 0 ? Math.min(...free.map((cidr) => cidr.prefixLength)) : undefined;
  const rest = largest !== undefined ? `free: ${describeBlocks(free)}` : "nothing in it is free";
  return new SdnError({
    code: "exhausted",
    cause: `pool ${formatCidr(pool)} has no free /${prefixLength} block for ${key}; ${rest}`,
    remedy:
      largest !== undefined
        ? `ask for /${largest} or smaller, release a block, or widen the pool`
        : "release a block or widen the pool",
  });
}
