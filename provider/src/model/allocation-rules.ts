/** What a user lays down about a subnet's addresses: where endpoints are, and what nobody gets. */

import type { AddressRange } from "./range";

export interface Reservation {
  readonly range: AddressRange;
  /** Why, as messages say it. */
  readonly reason: string;
}

/** A rule and the property that it stands in. */
export interface Ruled<T> {
  readonly property: string;
  readonly rule: T;
}

export interface AllocationRules {
  /** Where endpoints' addresses are taken from; empty for the layout's own place. */
  readonly allocationRanges: readonly Ruled<AddressRange>[];
  readonly reservations: readonly Ruled<Reservation>[];
}
