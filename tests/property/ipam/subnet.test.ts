import fc from "fast-check";
import { allocateEndpointAddress, claimEndpointAddress } from "../../../provider/src/ipam/endpoint";
import { allocateHostRanges } from "../../../provider/src/ipam/host-range";
import { longestHostRange, subnetLayout, type SubnetLayout } from "../../../provider/src/ipam/layout";
import { type Address, compareAddresses, familyBits, formatAddress } from "../../../provider/src/model/address";
import { contains, formatCidr, inCidr, overlaps, parseCidr } from "../../../provider/src/model/cidr";
import { SdnError } from "../../../provider/src/model/error";
import { inRange, rangeOf, rangeSize, rangesOverlap } from "../../../provider/src/model/range";
import { everySlot, hostRangeCount, key, parameters, partsOf, reordered } from "./arbitraries";

const largest = { 4: 8, 6: 32 } as const;
const smallest = { 4: 28, 6: 112 } as const;

/** Layouts of both families, of every size, many of them small enough to be filled. */
const layout: fc.Arbitrary<SubnetLayout> = fc
  .constantFrom("10.64.0.0/10", "255.0.0.0/8", "fd00:20::/32", "ffff::/16")
  .chain((text) => {
    const pool = parseCidr(text, "pool");
    const { family } = pool;
    const lengths = fc.oneof(
      fc.integer({ min: Math.max(largest[family], pool.prefixLength), max: smallest[family] }),
      fc.integer({ min: smallest[family] - 3, max: smallest[family] }),
    );
    return lengths.chain((prefixLength) =>
      fc
        .record({
          index: fc.constantFrom(0n, 1n, -1n),
          extra: fc.integer({ min: 2, max: Math.min(8, longestHostRange(family) - prefixLength) }),
        })
        .map(({ index, extra }) => {
          const last = (1n << BigInt(prefixLength - pool.prefixLength)) - 1n;
          const place = index < 0n ? last : index > last ? last : index;
          const base = pool.base + (place << BigInt(familyBits(family) - prefixLength));
          return subnetLayout({ family, base, prefixLength }, { hostRangePrefixLength: prefixLength + extra });
        }),
    );
  });

const hosts = fc.uniqueArray(key, { maxLength: 30 });

function special({ network, gateway, broadcast }: SubnetLayout): readonly Address[] {
  return broadcast !== undefined ? [network, gateway, broadcast] : [network, gateway];
}

function exhaustion<T>(action: () => T): T | SdnError {
  try {
    return action();
  } catch (thrown) {
    if (thrown instanceof SdnError && thrown.code === "exhausted") return thrown;
    throw thrown;
  }
}

test("the parts of a subnet are inside it and do not touch each other or the special addresses", () => {
  fc.assert(
    fc.property(layout, (divided) => {
      const { subnet } = divided;
      const [endpointRange, hostSpace] = partsOf(divided);
      for (const part of [endpointRange, hostSpace]) {
        expect(inCidr(part.first, subnet) && inCidr(part.last, subnet)).toBe(true);
      }
      expect(rangesOverlap(endpointRange, hostSpace)).toBe(false);
      expect(rangeSize(hostSpace) * 4n).toBe(rangeSize(rangeOf(subnet)) * 3n);
      expect(special(divided).filter((address) => inRange(address, endpointRange))).toEqual([]);
      const block = 1n << BigInt(familyBits(subnet.family) - divided.hostRangePrefixLength);
      expect(hostRangeCount(divided) * block).toBe(rangeSize(hostSpace));
    }),
    parameters,
  );
});

test("host ranges are disjoint, in the host space, and hand out no address that is anything else", () => {
  fc.assert(
    fc.property(layout, hosts, (divided, names) => {
      const result = exhaustion(() => allocateHostRanges({ layout: divided, hosts: names, held: new Map() }));
      fc.pre(!(result instanceof SdnError));
      expect([...result.keys()]).toEqual(names);
      const ranges = [...result.values()];
      for (const [index, range] of ranges.entries()) {
        const { first, last } = rangeOf(range.cidr);
        expect(inRange(first, partsOf(divided)[1]) && inRange(last, partsOf(divided)[1])).toBe(true);
        expect(ranges.slice(index + 1).filter((other) => overlaps(other.cidr, range.cidr))).toEqual([]);
        expect(rangesOverlap(rangeOf(range.cidr), partsOf(divided)[0])).toBe(false);
        const withheld = [...special(divided), range.router];
        expect(withheld.filter((address) => inRange(address, range.usable)).map(formatAddress)).toEqual([]);
        expect(range.router).toEqual(first);
        expect(inCidr(range.usable.first, range.cidr) && inCidr(range.usable.last, range.cidr)).toBe(true);
        expect(compareAddresses(range.usable.first, range.usable.last)).toBeLessThanOrEqual(0);
      }
    }),
    parameters,
  );
});

test("hosts fit exactly where there are as many blocks, and the order of their names means nothing", () => {
  const pairs = hosts.chain((names) => fc.tuple(fc.constant(names), reordered(names)));
  fc.assert(
    fc.property(layout, pairs, (divided, [names, other]) => {
      const result = exhaustion(() => allocateHostRanges({ layout: divided, hosts: names, held: new Map() }));
      expect(result instanceof SdnError).toBe(BigInt(names.length) > hostRangeCount(divided));
      if (result instanceof SdnError) return;
      const again = allocateHostRanges({ layout: divided, hosts: other, held: new Map() });
      for (const name of names) expect(again.get(name)).toEqual(result.get(name));
    }),
    parameters,
  );
});

test("hosts that come and go move none of those that stay, and a length that an error proposes fits", () => {
  fc.assert(
    fc.property(layout, hosts, hosts, (divided, before, after) => {
      const first = exhaustion(() => allocateHostRanges({ layout: divided, hosts: before, held: new Map() }));
      fc.pre(!(first instanceof SdnError));
      const held = new Map([...first].map(([host, { cidr }]) => [host, cidr]));
      let current = divided;
      let second = exhaustion(() => allocateHostRanges({ layout: current, hosts: after, held }));
      if (second instanceof SdnError) {
        const proposed = /Set hostRangePrefixLength to (\d+)\.$/.exec(second.message)?.[1];
        if (proposed === undefined) {
          expect(second.message).toMatch(/use a larger subnet/i);
          return;
        }
        current = subnetLayout(divided.subnet, { hostRangePrefixLength: Number(proposed) });
        second = allocateHostRanges({ layout: current, hosts: after, held });
      }
      for (const host of after) {
        if (held.has(host)) expect(second.get(host)?.cidr).toEqual(held.get(host));
        else expect(second.get(host)?.cidr.prefixLength).toBe(current.hostRangePrefixLength);
      }
    }),
    parameters,
  );
});

test("endpoint addresses are in the endpoint range, distinct, kept when held, and given until none is left", () => {
  fc.assert(
    fc.property(layout, fc.uniqueArray(key, { maxLength: 20 }), (divided, names) => {
      const taken: { address: Address; owner: string }[] = [];
      for (const name of names) {
        const address = exhaustion(() => allocateEndpointAddress({ layout: divided, key: name, taken }));
        expect(address instanceof SdnError).toBe(BigInt(taken.length) >= rangeSize(partsOf(divided)[0]));
        if (address instanceof SdnError) break;
        expect(inRange(address, partsOf(divided)[0])).toBe(true);
        expect(taken.filter((other) => other.address.value === address.value)).toEqual([]);
        taken.push({ address, owner: name });
      }
      for (const { address, owner } of taken) {
        expect(allocateEndpointAddress({ layout: divided, key: owner, taken })).toEqual(address);
      }
    }),
    parameters,
  );
});

test("an address that is named can be had exactly where nothing else may have it", () => {
  const small = layout.filter(({ subnet }) => familyBits(subnet.family) - subnet.prefixLength <= 7);
  fc.assert(
    fc.property(small, (divided) => {
      // Every layout has blocks for three hosts.
      const ranges = allocateHostRanges({ layout: divided, hosts: ["h1", "h2", "h3"], held: new Map() });
      for (const { base } of everySlot(divided.subnet, familyBits(divided.subnet.family))) {
        const address = { family: divided.subnet.family, value: base };
        const error = claimEndpointAddress({ layout: divided, address, owner: "web", taken: [] });
        const inHosts = [...ranges.values()].some(({ cidr }) => inCidr(address, cidr));
        const isSpecial = special(divided).some(({ value }) => value === base);
        if (inHosts || isSpecial) expect(error?.code).toBe("invalid-input");
        expect(error === undefined).toBe(!isSpecial && !inRange(address, partsOf(divided)[1]));
        if (inRange(address, partsOf(divided)[0])) expect(error).toBeUndefined();
      }
    }),
    { ...parameters, numRuns: 300 },
  );
});

test("the default layout has blocks for twelve hosts", () => {
  fc.assert(
    fc.property(layout, ({ subnet }) => {
      fc.pre(subnet.prefixLength <= (subnet.family === 4 ? 26 : 112));
      const divided = subnetLayout(subnet);
      expect(hostRangeCount(divided)).toBe(12n);
      const names = Array.from({ length: 12 }, (_, index) => `h${index}`);
      const ranges = allocateHostRanges({ layout: divided, hosts: names, held: new Map() });
      expect(
        [...ranges.values()].filter(({ cidr }) => !contains(subnet, cidr)).map(({ cidr }) => formatCidr(cidr)),
      ).toEqual([]);
      expect(ranges.size).toBe(12);
    }),
    parameters,
  );
});
