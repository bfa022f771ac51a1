import fc from "fast-check";
import { withRules } from "../../../provider/src/ipam/allocation-rules";
import { allocateEndpointAddress, type TakenAddress } from "../../../provider/src/ipam/endpoint";
import { allocateHostRanges } from "../../../provider/src/ipam/host-range";
import { grownLayout, subnetLayout, type SubnetLayout } from "../../../provider/src/ipam/layout";
import type { AllocationRules } from "../../../provider/src/model/allocation-rules";
import { type Cidr, enclosingCidr, firstAddress, inCidr, nthSubnet, parseCidr } from "../../../provider/src/model/cidr";
import { SdnError } from "../../../provider/src/model/error";
import { type AddressRange, inRange, rangeOf, rangeSize, rangesOverlap } from "../../../provider/src/model/range";
import { key, parameters } from "./arbitraries";

/** A subnet of /24 to /26 (or the like in IPv6) somewhere in a block that it can grow into. */
const small: fc.Arbitrary<Cidr> = fc
  .constantFrom("10.20.0.0/16", "0.0.0.0/16", "255.255.0.0/16", "fd00:20::/104", "ffff::/104")
  .chain((text) => {
    const pool = parseCidr(text, "pool");
    return fc
      .record({ bits: fc.integer({ min: 8, max: pool.family === 4 ? 10 : 8 }), part: fc.nat(1023) })
      .map(({ bits, part }) => nthSubnet(pool, pool.prefixLength + bits, BigInt(part) % (1n << BigInt(bits))));
  });
/** By how many bits it grows, step by step. */
const steps = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 });
const names = fc.uniqueArray(key, { maxLength: 8 });

const grown = (layout: SubnetLayout, bits: number): SubnetLayout =>
  grownLayout(layout, enclosingCidr(firstAddress(layout.subnet), layout.subnet.prefixLength - bits));

function given(layout: SubnetLayout, keys: readonly string[], before: readonly TakenAddress[]): TakenAddress[] {
  const taken = [...before];
  for (const owner of keys) {
    const address = allocateEndpointAddress({ layout, key: owner, taken });
    if (!taken.some((one) => one.owner === owner)) taken.push({ address, owner });
  }
  return taken;
}

const rangesFor = (layout: SubnetLayout, hosts: readonly string[], held: ReadonlyMap<string, Cidr>) =>
  new Map([...allocateHostRanges({ layout, hosts, held })].map(([host, { cidr }]) => [host, cidr]));

test("a subnet that grows, in however many steps, moves nothing, and its parts stay apart", () => {
  fc.assert(
    fc.property(small, steps, names, names, (subnet, bits, before, after) => {
      let layout = subnetLayout(subnet);
      const first = layout;
      let taken = given(layout, before, []);
      let held = rangesFor(layout, before, new Map());
      for (const more of bits) {
        layout = grown(layout, more);
        const [takenBefore, heldBefore] = [taken, held];
        const all = [...new Set([...before, ...after])];
        taken = given(layout, all, taken);
        held = rangesFor(layout, all, held);
        expect(taken.slice(0, takenBefore.length)).toEqual(takenBefore);
        for (const [host, cidr] of heldBefore) expect(held.get(host)).toEqual(cidr);
      }
      expect(layout.gateway).toEqual(first.gateway);
      const parts = [...layout.endpointRanges, ...layout.hostSpaces];
      for (const [index, part] of parts.entries()) {
        expect(inCidr(part.first, layout.subnet) && inCidr(part.last, layout.subnet)).toBe(true);
        expect(parts.slice(index + 1).filter((other) => rangesOverlap(part, other))).toEqual([]);
      }
      for (const { address } of taken) {
        expect([layout.network, layout.gateway, layout.broadcast]).not.toContainEqual(address);
        expect([...held.values()].filter((cidr) => inCidr(address, cidr))).toEqual([]);
      }
    }),
    parameters,
  );
});

test("growing in one step gives the same parts as growing in several", () => {
  fc.assert(
    fc.property(small, steps, (subnet, bits) => {
      const sorted = ({ endpointRanges, hostSpaces }: SubnetLayout): readonly bigint[] =>
        [...endpointRanges, ...hostSpaces].flatMap(({ first, last }) => [first.value, last.value]).sort();
      const total = bits.reduce((sum, one) => sum + one, 0);
      const once = grown(subnetLayout(subnet), total);
      const often = bits.reduce(grown, subnetLayout(subnet));
      expect(often.subnet).toEqual(once.subnet);
      // Between the steps the network address is another one, and is left out where it was.
      expect(sorted({ ...often, endpointRanges: [] })).toEqual(sorted({ ...once, endpointRanges: [] }));
    }),
    parameters,
  );
});

/** A run of addresses of the subnet. */
const runOf = (subnet: Cidr): fc.Arbitrary<AddressRange> => {
  const { first } = rangeOf(subnet);
  const room = rangeSize(rangeOf(subnet));
  return fc.tuple(fc.bigInt({ min: 0n, max: room - 1n }), fc.bigInt({ min: 0n, max: 15n })).map(([at, length]) => {
    const last = at + length < room ? at + length : room - 1n;
    const { family } = first;
    return { first: { family, value: first.value + at }, last: { family, value: first.value + last } };
  });
};

const rulesFor = (ranges: readonly AddressRange[], reserved: readonly AddressRange[]): AllocationRules => ({
  allocationRanges: ranges.map((rule, index) => ({ property: `allocationRanges[${index}]`, rule })),
  reservations: reserved.map((range, index) => ({
    property: `reservations[${index}]`,
    rule: { range, reason: "kept" },
  })),
});

test("rules that are added move nobody, and what comes afterwards keeps to them", () => {
  const cases = small.chain((subnet) =>
    fc.tuple(
      fc.constant(subnet),
      fc.array(runOf(subnet), { maxLength: 2 }),
      fc.array(runOf(subnet), { maxLength: 3 }),
      names,
      names,
    ),
  );
  fc.assert(
    fc.property(cases, ([subnet, ranges, reserved, before, after]) => {
      const base = subnetLayout(subnet);
      const taken = given(base, before, []);
      const held = rangesFor(base, before, new Map());
      const { layout, errors } = withRules(base, rulesFor(ranges, reserved), held);
      fc.pre(errors.length === 0);
      // Those that had an address in what an allocation range no longer has are the host space's now or stay.
      for (const { owner, address } of taken) {
        expect(allocateEndpointAddress({ layout, key: owner, taken })).toEqual(address);
      }
      for (const owner of after.filter((one) => !before.includes(one))) {
        let address;
        try {
          address = allocateEndpointAddress({ layout, key: owner, taken });
        } catch (thrown) {
          expect((thrown as SdnError).code).toBe("exhausted");
          continue;
        }
        const its = address;
        expect(layout.endpointRanges.some((range) => inRange(its, range))).toBe(true);
        expect(reserved.filter((range) => inRange(its, range))).toEqual([]);
        expect([...held.values()].filter((cidr) => inCidr(its, cidr))).toEqual([]);
        taken.push({ address, owner });
      }
      try {
        const now = rangesFor(layout, [...new Set([...before, ...after])], held);
        for (const [host, cidr] of now) {
          if (held.has(host)) expect(cidr).toEqual(held.get(host));
          const block = rangeOf(cidr);
          expect([...ranges, ...reserved].filter((range) => rangesOverlap(range, block))).toEqual([]);
        }
      } catch (thrown) {
        if (!(thrown instanceof SdnError)) throw thrown;
        expect(thrown.code).toBe("exhausted");
      }
    }),
    parameters,
  );
});

test("IPv6 endpoints are within the first 65,536 addresses of each part", () => {
  const layout = grownLayout(subnetLayout(parseCidr("fd00:20:0:1::/64", "cidr")), parseCidr("fd00:20::/63", "cidr"));
  expect(layout.endpointRanges.map(rangeSize)).toEqual([65_534n, 65_535n]);
});
