import type { AllocationRules, Reservation, Ruled } from "../model/allocation-rules";
import { formatAddress, parseAddress } from "../model/address";
import { type AddressRange, rangeBetween } from "../model/range";
import type { Value, ValueMap } from "../rpc/value";
import type { InputReader } from "./input-reader";
import { parseReason } from "./reserved-cidrs";

/** `allocationRanges` and `reservations` of a subnet, both families in one list each. */
export function readAllocationRules(reader: InputReader): AllocationRules {
  const each = <T>(name: string, read: (inner: InputReader, property: string) => T | undefined): readonly Ruled<T>[] =>
    (reader.objects(name) ?? []).flatMap((inner, index) => {
      const property = `${reader.at(name)}[${index}]`;
      const rule = read(inner, property);
      inner.finish();
      return rule === undefined ? [] : [{ property, rule }];
    });
  return {
    allocationRanges: each("allocationRanges", (inner, property) => readRange(inner, property)),
    reservations: each("reservations", (inner, property): Reservation | undefined => {
      const range = readRange(inner, property);
      const reason = inner.require("reason", inner.parsed("reason", parseReason), "why, in a few words");
      return range === undefined || reason === undefined ? undefined : { range, reason };
    }),
  };
}

/** From `start` to `end`, both included; without `end` the one address. */
function readRange(inner: InputReader, property: string): AddressRange | undefined {
  const start = inner.require("start", inner.parsed("start", parseAddress), "the first address");
  const end = inner.parsed("end", parseAddress) ?? (inner.value("end") === undefined ? start : undefined);
  if (start === undefined || end === undefined) return undefined;
  return inner.problems.collect(() => rangeBetween(start, end, property));
}

/** The rules as inputs of an allocation. */
export function rulesValue(rules: AllocationRules): { allocationRanges?: Value; reservations?: Value } {
  const ends = ({ first, last }: AddressRange): ValueMap => ({ start: formatAddress(first), end: formatAddress(last) });
  const ranges = rules.allocationRanges.map(({ rule }) => ends(rule));
  const reservations = rules.reservations.map(({ rule }) => ({ ...ends(rule.range), reason: rule.reason }));
  return {
    ...(ranges.length === 0 ? {} : { allocationRanges: ranges }),
    ...(reservations.length === 0 ? {} : { reservations }),
  };
}
