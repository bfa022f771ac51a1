import fc from "fast-check";
import { allocateMany, type ManyRequest } from "../../../provider/src/ipam/batch";
import { countFreeSlots } from "../../../provider/src/ipam/slots";
import { familyBits } from "../../../provider/src/model/address";
import { type Cidr, contains, overlaps, size } from "../../../provider/src/model/cidr";
import { SdnError } from "../../../provider/src/model/error";
import { rangeOf, spanOf } from "../../../provider/src/model/range";
import { blockOf, disjointBlocks, key, largePool, parameters, reordered, smallPool } from "./arbitraries";

interface Batch extends ManyRequest {
  readonly reserved: readonly Cidr[];
}

/** Requests of which about half hold a block, some of those with another length than is wanted now. */
function batch(pools: fc.Arbitrary<Cidr>, depth: number): fc.Arbitrary<Batch> {
  return pools.chain((pool) => {
    const prefixLength = fc.integer({ min: pool.prefixLength + 1, max: pool.prefixLength + depth });
    return fc
      .record({
        newcomers: fc.uniqueArray(fc.record({ key, prefixLength }), {
          maxLength: 6,
          selector: (request) => request.key,
        }),
        blocks: disjointBlocks(pool, depth, 8),
        fates: fc.array(fc.constantFrom("kept", "kept", "gone", "resized"), { minLength: 8, maxLength: 8 }),
        resized: prefixLength,
        reserved: fc.array(
          blockOf(pool, depth).filter((cidr) => cidr.prefixLength > pool.prefixLength + 1),
          { maxLength: 1 },
        ),
      })
      .map(({ newcomers, blocks, fates, resized, reserved }) => {
        const holders = blocks.flatMap((cidr, index) => {
          const length = fates[index] === "resized" ? resized : cidr.prefixLength;
          return fates[index] === "gone" ? [] : [{ key: `Held${index}`, prefixLength: length }];
        });
        const held = new Map(blocks.map((cidr, index) => [`Held${index}`, cidr]));
        return { pool, requests: [...newcomers, ...holders], held, reserved };
      });
  });
}

function manyOrExhausted(request: ManyRequest): ReadonlyMap<string, Cidr> | undefined {
  try {
    return allocateMany(request);
  } catch (thrown) {
    if (thrown instanceof SdnError && thrown.code === "exhausted") return undefined;
    throw thrown;
  }
}

function keeps({ held }: ManyRequest, request: { readonly key: string; readonly prefixLength: number }): boolean {
  return held.get(request.key)?.prefixLength === request.prefixLength;
}

test.each([
  ["small", batch(smallPool, 5)],
  ["large", batch(largePool, 12)],
])(
  "%s pools: each request has a block of its length, inside the pool and disjoint; who held one has it still",
  (_name, batches) => {
    fc.assert(
      fc.property(batches, (many) => {
        const result = manyOrExhausted(many);
        fc.pre(result !== undefined);
        expect([...result.keys()]).toEqual(many.requests.map((request) => request.key));
        const entries = [...result];
        for (const [index, [owner, cidr]] of entries.entries()) {
          expect(contains(many.pool, cidr)).toBe(true);
          expect(entries.slice(index + 1).filter(([, other]) => overlaps(other, cidr))).toEqual([]);
          const request = many.requests.find((each) => each.key === owner);
          expect(cidr.prefixLength).toBe(request?.prefixLength);
          if (request !== undefined && keeps(many, request)) expect(cidr).toEqual(many.held.get(owner));
          else expect(many.reserved.some((block) => overlaps(block, cidr))).toBe(false);
        }
      }),
      parameters,
    );
  },
);

test("the order of requests decides nothing", () => {
  const pairs = batch(smallPool, 5).chain((many) => fc.tuple(fc.constant(many), reordered(many.requests)));
  fc.assert(
    fc.property(pairs, ([many, requests]) => {
      const sorted = (result: ReadonlyMap<string, Cidr> | undefined) => result && new Map([...result].sort());
      expect(sorted(manyOrExhausted({ ...many, requests }))).toEqual(sorted(manyOrExhausted(many)));
    }),
    parameters,
  );
});

test("one more request never moves those that hold what the run before gave them", () => {
  fc.assert(
    fc.property(batch(smallPool, 5), key, fc.integer({ min: 1, max: 5 }), (many, extra, bits) => {
      const before = manyOrExhausted(many);
      fc.pre(before !== undefined && !before.has(extra));
      const requests = [{ key: extra, prefixLength: many.pool.prefixLength + bits }, ...many.requests];
      const after = manyOrExhausted({ ...many, requests, held: before });
      for (const [owner, cidr] of after === undefined ? [] : before) expect(after?.get(owner)).toEqual(cidr);
    }),
    parameters,
  );
});

/**
 * Aligned blocks, larger ones first: wherever the larger ones go, the same number of slots of each smaller length is
 * left. So whether all fit can be counted without placing any.
 */
function fitsByCounting(many: Batch): boolean {
  const kept = many.requests.flatMap((request) => (keeps(many, request) ? [many.held.get(request.key)] : []));
  const blocked = [...kept, ...many.reserved].flatMap((cidr) => (cidr !== undefined ? [spanOf(rangeOf(cidr))] : []));
  const newcomers = many.requests.filter((request) => !keeps(many, request));
  const space = spanOf(rangeOf(many.pool));
  return newcomers.every(({ prefixLength }) => {
    const slotSize = 1n << BigInt(familyBits(many.pool.family) - prefixLength);
    const needed = newcomers
      .filter((other) => other.prefixLength <= prefixLength)
      .reduce((sum, other) => sum + size({ ...many.pool, prefixLength: other.prefixLength }) / slotSize, 0n);
    return needed <= countFreeSlots({ space, slotSize, blocked });
  });
}

test("all is allocated exactly where there is room for all", () => {
  const seen = { room: 0, full: 0 };
  fc.assert(
    fc.property(batch(smallPool, 4), (many) => {
      const fits = fitsByCounting(many);
      seen[fits ? "room" : "full"] += 1;
      expect(manyOrExhausted(many) !== undefined).toBe(fits);
    }),
    parameters,
  );
  // Both outcomes must be common, or the test shows little.
  expect(Math.min(seen.room, seen.full)).toBeGreaterThan(parameters.numRuns / 20);
});
