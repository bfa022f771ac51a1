import fc from "fast-check";
import { type Address, familyBits, formatAddress, isMapped, parseAddress } from "../../../provider/src/model/address";
import { enclosingCidr, formatCidr, lastAddress, parseCidr } from "../../../provider/src/model/cidr";
import { addressRange, rangeToCidrs } from "../../../provider/src/model/range";
import { parameters } from "./arbitraries";

/** Also with long runs of zeros and ones, where formatting has its special cases. */
const address: fc.Arbitrary<Address> = fc
  .constantFrom(4 as const, 6 as const)
  .chain((family) =>
    fc
      .array(fc.oneof(fc.constantFrom(0n, 0xffffn), fc.bigInt({ min: 0n, max: 0xffffn })), {
        minLength: familyBits(family) / 16,
        maxLength: familyBits(family) / 16,
      })
      .map((groups) => ({ family, value: groups.reduce((value, group) => (value << 16n) | group, 0n) })),
  )
  .filter((each) => !isMapped(each));

test("an address reads back as itself, and the canonical form is its own canonical form", () => {
  fc.assert(
    fc.property(address, (each) => {
      expect(parseAddress(formatAddress(each), "address")).toEqual(each);
      expect(parseAddress(formatAddress(each).toUpperCase(), "address")).toEqual(each);
    }),
    parameters,
  );
});

test("a CIDR reads back as itself", () => {
  fc.assert(
    fc.property(address, fc.nat({ max: 128 }), (each, length) => {
      const cidr = enclosingCidr(each, length % (familyBits(each.family) + 1));
      fc.pre(!isMapped({ family: cidr.family, value: cidr.base }));
      expect(parseCidr(formatCidr(cidr), "cidr")).toEqual(cidr);
    }),
    parameters,
  );
});

test("the blocks of a range follow each other from its first address to its last", () => {
  fc.assert(
    fc.property(address, fc.bigInt({ min: 0n, max: 1n << 20n }), (first, length) => {
      const end = (1n << BigInt(familyBits(first.family))) - 1n;
      const last = { family: first.family, value: first.value + length > end ? end : first.value + length };
      let next = first.value;
      for (const block of rangeToCidrs(addressRange(first, last))) {
        expect(block.base).toBe(next);
        expect(enclosingCidr({ family: block.family, value: block.base }, block.prefixLength)).toEqual(block);
        next = lastAddress(block).value + 1n;
      }
      expect(next).toBe(last.value + 1n);
    }),
    parameters,
  );
});
