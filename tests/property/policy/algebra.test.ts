/** The laws of the set algebras, against plain membership. */
import fc from "fast-check";
import { addressPart, transportKeys } from "../../../provider/src/compile/firewall/shape";
import type { AddressSet } from "../../../provider/src/policy/address-set";
import {
  flowBox,
  type FlowSet,
  flowsBetween,
  includesFlow,
  includesFlows,
  intersectFlows,
  isNoFlow,
  noFlow,
  sameFlows,
  subtractFlows,
  uniteFlows,
} from "../../../provider/src/policy/flow-set";
import {
  includesPoint,
  includesSet,
  intersectIntervals,
  type IntervalSet,
  intervalSet,
  sameIntervals,
  subtractIntervals,
  uniteIntervals,
} from "../../../provider/src/policy/intervals";
import {
  includesPacket,
  includesPackets,
  intersectPackets,
  isNoPacket,
  noPacket,
  packetBox,
  type PacketPoint,
  type PacketSet,
  samePackets,
  subtractPackets,
  unitePackets,
} from "../../../provider/src/policy/packet-set";
import { hasPorts, lowBits } from "../../../provider/src/policy/transport";
import { seed } from "../../support/intent-arbitraries";
import { spanOf } from "../../support/policy/nft-model";

fc.configureGlobal({ seed, numRuns: 500 });

const last = 20;
const points = Array.from({ length: last + 1 }, (_, index) => index);
const interval = fc
  .tuple(fc.nat(last), fc.nat(last))
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const intervals = fc.array(interval, { maxLength: 5 });
const set = intervals.map(intervalSet);
const members = (one: IntervalSet<number>): readonly number[] => points.filter((point) => includesPoint(one, point));

const isCanonical = (one: IntervalSet<number>): boolean =>
  one.every((part, index) => part.first <= part.last && (index === 0 || one[index - 1]!.last + 1 < part.first));

test("intervals in any order become the canonical set of their points", () => {
  fc.assert(
    fc.property(intervals, (given) => {
      const made = intervalSet(given);
      expect(isCanonical(made)).toBe(true);
      expect(members(made)).toEqual(
        points.filter((point) => given.some((one) => one.first <= point && point <= one.last)),
      );
    }),
  );
});

test("union, intersection and difference are those of the points, and canonical", () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      const cases = [
        [uniteIntervals(a, b), (x: boolean, y: boolean) => x || y],
        [intersectIntervals(a, b), (x: boolean, y: boolean) => x && y],
        [subtractIntervals(a, b), (x: boolean, y: boolean) => x && !y],
      ] as const;
      for (const [result, rule] of cases) {
        expect(isCanonical(result)).toBe(true);
        expect(members(result)).toEqual(
          points.filter((point) => rule(includesPoint(a, point), includesPoint(b, point))),
        );
      }
      expect(includesSet(a, b)).toBe(members(b).every((point) => includesPoint(a, point)));
      expect(sameIntervals(a, b)).toBe(JSON.stringify(members(a)) === JSON.stringify(members(b)));
    }),
  );
});

const small = fc.array(
  fc.tuple(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: 5n })).map(([a, b]) => ({
    first: a < b ? a : b,
    last: a < b ? b : a,
  })),
  { maxLength: 2 },
);
const addresses: fc.Arbitrary<AddressSet> = fc.record({ 4: small.map(intervalSet), 6: small.map(intervalSet) });
const box = fc
  .tuple(fc.constantFrom("ingress" as const, "egress" as const), addresses, addresses, set)
  .map(([direction, source, destination, transport]) => packetBox(direction, source, destination, () => transport));
const packets: fc.Arbitrary<PacketSet> = fc
  .array(box, { maxLength: 4 })
  .map((boxes) => boxes.reduce(unitePackets, noPacket));
const point: fc.Arbitrary<PacketPoint> = fc.record({
  direction: fc.constantFrom("ingress" as const, "egress" as const),
  family: fc.constantFrom(4 as const, 6 as const),
  source: fc.bigInt({ min: 0n, max: 6n }),
  destination: fc.bigInt({ min: 0n, max: 6n }),
  transport: fc.nat(last),
});

test("operations on packet sets are those of their packets", () => {
  fc.assert(
    fc.property(packets, packets, fc.array(point, { minLength: 20, maxLength: 20 }), (a, b, probes) => {
      for (const probe of probes) {
        const [x, y] = [includesPacket(a, probe), includesPacket(b, probe)];
        expect(includesPacket(unitePackets(a, b), probe)).toBe(x || y);
        expect(includesPacket(intersectPackets(a, b), probe)).toBe(x && y);
        expect(includesPacket(subtractPackets(a, b), probe)).toBe(x && !y);
      }
    }),
  );
});

test("packet sets obey the laws of sets, as data: equal sets are equal values", () => {
  fc.assert(
    fc.property(packets, packets, packets, (a, b, c) => {
      expect(unitePackets(a, b)).toEqual(unitePackets(b, a));
      expect(intersectPackets(a, b)).toEqual(intersectPackets(b, a));
      expect(unitePackets(a, unitePackets(b, c))).toEqual(unitePackets(unitePackets(a, b), c));
      expect(intersectPackets(a, unitePackets(b, c))).toEqual(
        unitePackets(intersectPackets(a, b), intersectPackets(a, c)),
      );
      expect(subtractPackets(a, unitePackets(b, c))).toEqual(
        intersectPackets(subtractPackets(a, b), subtractPackets(a, c)),
      );
      expect(unitePackets(subtractPackets(a, b), intersectPackets(a, b))).toEqual(a);
      expect(isNoPacket(subtractPackets(a, a))).toBe(true);
      expect(includesPackets(unitePackets(a, b), a)).toBe(true);
      expect(samePackets(a, b)).toBe(includesPackets(a, b) && includesPackets(b, a));
    }),
  );
});

/** Between classes of endpoints, which are numbers. */
const flows: fc.Arbitrary<FlowSet<number>> = fc
  .array(
    fc.tuple(set, set, set).map(([sources, destinations, transport]) => flowBox(sources, destinations, transport)),
    { maxLength: 4 },
  )
  .map((boxes) => boxes.reduce<FlowSet<number>>(uniteFlows, noFlow));
const flow = fc.tuple(fc.nat(last), fc.nat(last), fc.nat(last));

test("operations on flow sets are those of their flows", () => {
  fc.assert(
    fc.property(flows, flows, fc.array(flow, { minLength: 20, maxLength: 20 }), (a, b, probes) => {
      for (const probe of probes) {
        const [x, y] = [includesFlow(a, ...probe), includesFlow(b, ...probe)];
        expect(includesFlow(uniteFlows(a, b), ...probe)).toBe(x || y);
        expect(includesFlow(intersectFlows(a, b), ...probe)).toBe(x && y);
        expect(includesFlow(subtractFlows(a, b), ...probe)).toBe(x && !y);
        expect(isCanonical(flowsBetween(uniteFlows(a, b), probe[0], probe[1]))).toBe(true);
      }
    }),
  );
});

test("flow sets obey the laws of sets, as data: equal sets are equal values", () => {
  fc.assert(
    fc.property(flows, flows, flows, (a, b, c) => {
      expect(uniteFlows(a, b)).toEqual(uniteFlows(b, a));
      expect(uniteFlows(a, uniteFlows(b, c))).toEqual(uniteFlows(uniteFlows(a, b), c));
      expect(intersectFlows(a, uniteFlows(b, c))).toEqual(uniteFlows(intersectFlows(a, b), intersectFlows(a, c)));
      expect(subtractFlows(a, uniteFlows(b, c))).toEqual(intersectFlows(subtractFlows(a, b), subtractFlows(a, c)));
      expect(uniteFlows(subtractFlows(a, b), intersectFlows(a, b))).toEqual(a);
      expect(isNoFlow(subtractFlows(a, a))).toBe(true);
      expect(includesFlows(uniteFlows(a, b), a)).toBe(true);
      expect(sameFlows(a, b)).toBe(includesFlows(a, b) && includesFlows(b, a));
    }),
  );
});

/** A stretch of the transport line as rules can make it: in protocols without ports only whole ones. */
const stretch = (family: 4 | 6) => {
  const end = fc.oneof(fc.constantFrom(0, 1, 6, 17, 47, 58, 132, 255), fc.nat(255)).chain((protocol) => {
    const hasParts = hasPorts(protocol) || protocol === (family === 4 ? 1 : 58);
    return fc.tuple(fc.constant(protocol), hasParts ? fc.nat(lowBits - 1) : fc.constant(undefined));
  });
  return fc.tuple(end, end).map(([a, b]) => {
    const [low, high] = a[0] < b[0] || (a[0] === b[0] && (a[1] ?? 0) <= (b[1] ?? 0)) ? [a, b] : [b, a];
    return { first: low[0] * lowBits + (low[1] ?? 0), last: high[0] * lowBits + (high[1] ?? lowBits - 1) };
  });
};

test.each([4, 6] as const)("the keys of a stretch of the transport line cover exactly it, once (IPv%i)", (family) => {
  fc.assert(
    fc.property(stretch(family), (given) => {
      const covered = transportKeys(given, family).flatMap(({ shape, key }): { first: number; last: number }[] => {
        const spans = key.map((part) => spanOf(part, "number"));
        const [a, b] = spans.map((span) => ({ first: Number(span.first), last: Number(span.last) }));
        switch (shape) {
          case "any":
            return [{ first: 0, last: 256 * lowBits - 1 }];
          case "protocol":
            return [{ first: a!.first * lowBits, last: a!.last * lowBits + lowBits - 1 }];
          case "port":
            expect(a!.first).toBe(a!.last);
            return [{ first: a!.first * lowBits + b!.first, last: a!.first * lowBits + b!.last }];
          case "icmp": {
            const base = (family === 4 ? 1 : 58) * lowBits;
            const types = Array.from({ length: a!.last - a!.first + 1 }, (_, index) => a!.first + index);
            return types.map((type) => ({ first: base + type * 256 + b!.first, last: base + type * 256 + b!.last }));
          }
        }
      });
      const size = covered.reduce((sum, one) => sum + one.last - one.first + 1, 0);
      expect(intervalSet(covered)).toEqual([given]);
      expect(size).toBe(given.last - given.first + 1);
    }),
  );
});

test("an address part writes exactly its interval", () => {
  const value = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });
  fc.assert(
    fc.property(value, fc.oneof(value, fc.bigInt({ min: 0n, max: 16n })), fc.boolean(), (start, width, isBlock) => {
      const size = isBlock ? 1n << (width % 33n) : width + 1n;
      const first = isBlock ? start - (start % size) : start;
      const top = first + size - 1n > (1n << 32n) - 1n ? (1n << 32n) - 1n : first + size - 1n;
      expect(spanOf(addressPart({ first, last: top }, 4), "ipv4_addr")).toEqual({ first, last: top });
    }),
  );
});
