/** A subnet divided as its user lays it down. */

import { type Address, formatAddress } from "../model/address";
import type { AllocationRules, Ruled } from "../model/allocation-rules";
import { type Cidr, formatCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { type AddressRange, formatRange, inRange, rangeOf, rangesOverlap, subtractRanges } from "../model/range";
import type { SubnetLayout } from "./layout";

/** The layout with the rules of its family, and every rule that cannot be kept with what is free instead. */
export function withRules(
  layout: SubnetLayout,
  rules: AllocationRules,
  /** What the hosts hold: their engines have handed out addresses from it. */
  hostRanges: ReadonlyMap<string, Cidr>,
): { readonly layout: SubnetLayout; readonly errors: readonly SdnError[] } {
  const { family } = layout.subnet;
  const ranges = rules.allocationRanges.filter(({ rule }) => rule.first.family === family);
  const reservations = rules.reservations.filter(({ rule }) => rule.range.first.family === family);
  const context = { layout, hostRanges };
  const errors = [
    ...ranges.flatMap(({ property, rule }) => refusals(context, property, rule, special(layout))),
    ...repeated(context, ranges),
    ...reservations.flatMap(({ property, rule }) => refusals(context, property, rule.range, [])),
  ];
  const endpointRanges = ranges.length === 0 ? layout.endpointRanges : ranges.map(({ rule }) => rule);
  return { layout: { ...layout, endpointRanges, reservations: reservations.map(({ rule }) => rule) }, errors };
}

interface Context {
  readonly layout: SubnetLayout;
  readonly hostRanges: ReadonlyMap<string, Cidr>;
}

const special = ({ network, gateway, broadcast }: SubnetLayout): readonly (readonly [string, Address])[] => [
  ["network address", network],
  ["gateway", gateway],
  ...(broadcast === undefined ? [] : [["broadcast address", broadcast] as const]),
];

function refusals(
  context: Context,
  property: string,
  range: AddressRange,
  untouchable: readonly (readonly [string, Address])[],
): readonly SdnError[] {
  const { layout, hostRanges } = context;
  const subnet = rangeOf(layout.subnet);
  const refuse = (code: "invalid-input" | "conflict", cause: string): SdnError =>
    new SdnError({ code, property, value: formatRange(range), cause, remedy: remedy(context) });
  if (!inRange(range.first, subnet) || !inRange(range.last, subnet)) {
    return [refuse("invalid-input", `is not inside subnet ${formatCidr(layout.subnet)}`)];
  }
  return [
    ...untouchable
      .filter(([, address]) => inRange(address, range))
      .map(([what, address]) => refuse("invalid-input", `has the ${what} ${formatAddress(address)} in it`)),
    ...[...hostRanges]
      .filter(([, cidr]) => rangesOverlap(rangeOf(cidr), range))
      .map(([host, cidr]) =>
        refuse("conflict", `overlaps ${formatCidr(cidr)}, from which host ${host} hands out addresses`),
      ),
  ];
}

function repeated(context: Context, ranges: readonly Ruled<AddressRange>[]): readonly SdnError[] {
  return ranges.flatMap(({ property, rule }, index) => {
    const other = ranges.slice(0, index).find((before) => rangesOverlap(before.rule, rule));
    if (other === undefined) return [];
    const cause = `overlaps ${other.property}, ${formatRange(other.rule)}`;
    return [
      new SdnError({ code: "invalid-input", property, value: formatRange(rule), cause, remedy: remedy(context) }),
    ];
  });
}

/** How many free runs a message names. */
const named = 3;

function remedy({ layout, hostRanges }: Context): string {
  const fixed = special(layout).map(([, address]) => ({ first: address, last: address }));
  const free = subtractRanges(rangeOf(layout.subnet), [...fixed, ...[...hostRanges.values()].map(rangeOf)]);
  if (free.length === 0) return "use a larger subnet";
  const more = free.length > named ? ` (and ${free.length - named} more)` : "";
  return `choose from what no host has: ${free.slice(0, named).map(formatRange).join(", ")}${more}`;
}
