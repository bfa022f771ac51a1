import fc from "fast-check";
import { allocateNumber, claimNumber } from "../../../provider/src/ipam/number";
import { SdnError } from "../../../provider/src/model/error";
import { hash64 } from "../../../provider/src/model/hash";
import { key, parameters } from "./arbitraries";

const range = fc
  .tuple(fc.constantFrom(1, 4096, 16_777_200), fc.integer({ min: 0, max: 15 }))
  .map(([start, length]) => ({ start, end: start + length }));

const world = range.chain((numbers) =>
  fc.record({
    range: fc.constant(numbers),
    taken: fc
      .uniqueArray(fc.integer({ min: numbers.start - 2, max: numbers.end + 2 }), { maxLength: 20 })
      .map((values) => values.map((value) => ({ value, owner: `owner of ${value}` }))),
  }),
);

test("the number is the first free one from the preferred one on, and exhausted means that there is none", () => {
  fc.assert(
    fc.property(world, key, ({ range: { start, end }, taken }, wanted) => {
      const all = Array.from({ length: end - start + 1 }, (_, index) => start + index);
      const from = Number(hash64(wanted) % BigInt(all.length));
      const model = [...all.slice(from), ...all.slice(0, from)].find(
        (value) => !taken.some((each) => each.value === value),
      );
      let result: number | undefined;
      try {
        result = allocateNumber({ range: { start, end }, key: wanted, taken });
      } catch (thrown) {
        expect(thrown instanceof SdnError && thrown.code).toBe("exhausted");
      }
      expect(result).toBe(model);
      if (result === undefined) return;
      expect(claimNumber({ range: { start, end }, value: result, owner: wanted, taken })).toEqual([]);
      const later = [...taken, { value: result, owner: wanted }].reverse();
      expect(allocateNumber({ range: { start, end }, key: wanted, taken: later })).toBe(result);
    }),
    parameters,
  );
});

test("a number that is named can be had exactly where it is in the range and free, and a proposed one can be", () => {
  fc.assert(
    fc.property(world, fc.integer({ min: -2, max: 17 }), ({ range: numbers, taken }, offset) => {
      const value = numbers.start + offset;
      const errors = claimNumber({ range: numbers, value, owner: "web", taken });
      const inside = value >= numbers.start && value <= numbers.end;
      const owner = taken.find((each) => each.value === value)?.owner;
      expect(errors.map(({ code }) => code)).toEqual([
        ...(inside ? [] : ["invalid-input"]),
        ...(owner !== undefined ? ["conflict"] : []),
      ]);
      const proposed = /for example (\d+)\.$/.exec(errors[0]?.message ?? "")?.[1];
      if (proposed === undefined) return;
      expect(claimNumber({ range: numbers, value: Number(proposed), owner: "web", taken })).toEqual([]);
    }),
    parameters,
  );
});
