import fc from "fast-check";
import { allocateBlock, claimBlock, type Taken } from "../../../provider/src/ipam/block";
import { familyBits } from "../../../provider/src/model/address";
import { type Cidr, contains, formatCidr, overlaps, sameCidr } from "../../../provider/src/model/cidr";
import { SdnError } from "../../../provider/src/model/error";
import { hash64 } from "../../../provider/src/model/hash";
import { freeSpace } from "../../../provider/src/model/range";
import { blockOf, disjointBlocks, everySlot, key, largePool, parameters, reordered, smallPool } from "./arbitraries";

interface World {
  readonly pool: Cidr;
  readonly prefixLength: number;
  readonly taken: readonly Taken[];
  readonly reserved: readonly Cidr[];
}

function world(pools: fc.Arbitrary<Cidr>, depth: number): fc.Arbitrary<World> {
  return pools.chain((pool) =>
    fc.record({
      pool: fc.constant(pool),
      prefixLength: fc.integer({ min: pool.prefixLength, max: pool.prefixLength + depth }),
      taken: disjointBlocks(pool, depth, 24).map((blocks) =>
        blocks.map((cidr, index) => ({ cidr, owner: `other ${index}` })),
      ),
      reserved: fc.array(
        blockOf(pool, depth).filter((cidr) => cidr.prefixLength > pool.prefixLength),
        { maxLength: 2 },
      ),
    }),
  );
}

/** What `allocateBlock` shall do, by looking at every slot in turn. */
function bruteForce({ pool, prefixLength, taken, reserved }: World, wanted: string): Cidr | undefined {
  const slots = everySlot(pool, prefixLength);
  const start = Number(hash64(wanted) % BigInt(slots.length));
  const blocked = [...taken.map(({ cidr }) => cidr), ...reserved];
  return [...slots.slice(start), ...slots.slice(0, start)].find(
    (slot) => !blocked.some((block) => overlaps(block, slot)),
  );
}

function allocateOrExhausted(world: World, wanted: string): Cidr | undefined {
  try {
    return allocateBlock({ ...world, key: wanted });
  } catch (thrown) {
    if (thrown instanceof SdnError && thrown.code === "exhausted") return undefined;
    throw thrown;
  }
}

test("on small pools the block is the one that a walk over all slots finds, and exhausted means that there is none", () => {
  fc.assert(
    fc.property(world(smallPool, 5), key, (small, wanted) => {
      expect(allocateOrExhausted(small, wanted)).toEqual(bruteForce(small, wanted));
    }),
    parameters,
  );
});

test("on large pools the block is inside, aligned and disjoint from all that is taken or reserved", () => {
  fc.assert(
    fc.property(world(largePool, 24), key, (large, wanted) => {
      const block = allocateOrExhausted(large, wanted);
      const blocked = [...large.taken.map(({ cidr }) => cidr), ...large.reserved];
      if (block === undefined) {
        expect(freeSpace(large.pool, blocked).filter((free) => free.prefixLength <= large.prefixLength)).toEqual([]);
        return;
      }
      expect(contains(large.pool, block)).toBe(true);
      expect(block.prefixLength).toBe(large.prefixLength);
      expect(block.base % (1n << BigInt(familyBits(block.family) - block.prefixLength))).toBe(0n);
      expect(blocked.filter((other) => overlaps(other, block)).map(formatCidr)).toEqual([]);
    }),
    parameters,
  );
});

test("the order of what is taken or reserved means nothing", () => {
  const reorderedWorlds = world(smallPool, 4).chain((small) =>
    fc.tuple(fc.constant(small), fc.record({ taken: reordered(small.taken), reserved: reordered(small.reserved) })),
  );
  fc.assert(
    fc.property(reorderedWorlds, key, ([small, order], wanted) => {
      expect(allocateOrExhausted({ ...small, ...order }, wanted)).toEqual(allocateOrExhausted(small, wanted));
    }),
    parameters,
  );
});

test("what was allocated and is held is returned again, whatever is reserved since", () => {
  fc.assert(
    fc.property(world(smallPool, 5), key, (small, wanted) => {
      const block = allocateOrExhausted(small, wanted);
      fc.pre(block !== undefined);
      const later = { ...small, taken: [...small.taken, { cidr: block, owner: wanted }], reserved: [small.pool] };
      expect(allocateOrExhausted(later, wanted)).toEqual(block);
    }),
    parameters,
  );
});

test("in a full pool the one block that is freed is found", () => {
  const fullPool = smallPool.chain((pool) =>
    fc.integer({ min: 1, max: 5 }).chain((bits) => {
      const slots = everySlot(pool, pool.prefixLength + bits);
      return fc.record({
        pool: fc.constant(pool),
        slots: fc.constant(slots),
        freed: fc.nat({ max: slots.length - 1 }),
      });
    }),
  );
  fc.assert(
    fc.property(fullPool, key, ({ pool, slots, freed }, wanted) => {
      const prefixLength = slots[freed]?.prefixLength ?? 0;
      const taken = slots.map((cidr, index) => ({ cidr, owner: `slot ${index}` }));
      const others = taken.filter((_, index) => index !== freed);
      expect(allocateOrExhausted({ pool, prefixLength, taken, reserved: [] }, wanted)).toBeUndefined();
      expect(allocateOrExhausted({ pool, prefixLength, taken: others, reserved: [] }, wanted)).toEqual(slots[freed]);
    }),
    parameters,
  );
});

test("a block that is named can be had exactly where it lies in free space, and each error names its reason", () => {
  const claims = world(smallPool, 4).chain((small) =>
    fc.tuple(fc.constant(small), fc.oneof({ weight: 5, arbitrary: blockOf(small.pool, 5) }, smallPool)),
  );
  fc.assert(
    fc.property(claims, ([{ pool, taken, reserved }, cidr]) => {
      const errors = claimBlock({ pool, cidr, owner: "web", taken, reserved });
      const free = freeSpace(pool, [...taken.map((other) => other.cidr), ...reserved]);
      expect(errors.length === 0).toBe(free.some((block) => contains(block, cidr)));
      const reasons = [
        ...(contains(pool, cidr) ? [] : ["not inside pool"]),
        ...taken.filter((other) => overlaps(other.cidr, cidr)).map((other) => `${other.owner}.`),
        ...reserved.filter((block) => overlaps(block, cidr)).map((block) => `reserved ${formatCidr(block)}`),
      ];
      expect(errors).toHaveLength(reasons.length);
      for (const [index, reason] of reasons.entries()) expect(errors[index]?.message).toContain(reason);
    }),
    parameters,
  );
});

test("whatever is allocated could also have been named", () => {
  fc.assert(
    fc.property(world(largePool, 16), key, (large, wanted) => {
      const block = allocateOrExhausted(large, wanted);
      fc.pre(block !== undefined);
      expect(claimBlock({ ...large, cidr: block, owner: wanted })).toEqual([]);
    }),
    parameters,
  );
});

test("free space and what is taken make up the pool, and no two free blocks could be one", () => {
  fc.assert(
    fc.property(world(smallPool, 5), ({ pool, taken }) => {
      const free = freeSpace(
        pool,
        taken.map(({ cidr }) => cidr),
      );
      const used = [...free, ...taken.map(({ cidr }) => cidr)];
      for (const one of everySlot(pool, familyBits(pool.family))) {
        expect(used.filter((block) => contains(block, one))).toHaveLength(1);
      }
      for (const [index, block] of free.entries()) {
        const parent = { ...block, base: block.base & ~(1n << BigInt(familyBits(block.family) - block.prefixLength)) };
        const buddy = { ...parent, base: parent.base | (1n << BigInt(familyBits(block.family) - block.prefixLength)) };
        const mergeable = [parent, buddy].every((half) => free.some((other) => sameCidr(other, half)));
        expect(mergeable && block.prefixLength > pool.prefixLength).toBe(false);
        const next = free[index + 1];
        expect(next === undefined || next.base > block.base).toBe(true);
      }
    }),
    parameters,
  );
});
