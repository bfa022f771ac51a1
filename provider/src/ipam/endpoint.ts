/** Addresses of declared endpoints. */

import { type Address, formatAddress, sameAddress } from "../model/address";
import { formatCidr, inCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { hash64 } from "../model/hash";
import { formatRange, formatRanges, inRange, spanOf } from "../model/range";
import type { SubnetLayout } from "./layout";
import { countFreeSlots, firstFreeSlotOf, type SlotSpace } from "./slots";

/** An address in use. Addresses outside the subnet are allowed and mean nothing. */
export interface TakenAddress {
  readonly address: Address;
  /** Who holds it, as messages name it. */
  readonly owner: string;
}

export interface EndpointRequest {
  readonly layout: SubnetLayout;
  /** Decides the preferred address and names the asker. One key stands for one address. */
  readonly key: string;
  readonly taken: readonly TakenAddress[];
  /** The address that the user names; it is returned where it can be had. */
  readonly wanted?: Address | undefined;
}

/**
 * The address of an endpoint: the wanted one, else the one that `taken` shows with `key` as its owner, else the
 * address of the layout's endpoint range that `hash64(key)` prefers or the next free one.
 *
 * @throws SdnError `exhausted`; for a wanted address what `claimEndpointAddress` says
 */
export function allocateEndpointAddress({ layout, key, taken, wanted }: EndpointRequest): Address {
  if (wanted !== undefined) {
    const error = claimEndpointAddress({ layout, address: wanted, owner: key, taken });
    if (error !== undefined) throw error;
    return wanted;
  }
  const held = heldAddress({ layout, key, taken });
  if (held !== undefined) return held;
  const { family } = layout.subnet;
  const value = firstFreeSlotOf(layout.endpointRanges.map(spanOf), blockedSlots(layout, key, taken), hash64(key));
  if (value === undefined) throw exhausted(layout, key);
  return { family, value };
}

/** What the key has already and may keep: also where a reservation was written around it afterwards. */
function heldAddress({ layout, key, taken }: EndpointRequest): Address | undefined {
  const address = taken.find(({ owner, address: one }) => owner === key && inCidr(one, layout.subnet))?.address;
  if (address === undefined) return undefined;
  const open = { ...layout, reservations: [] };
  return claimEndpointAddress({ layout: open, address, owner: key, taken }) === undefined ? address : undefined;
}

function blockedSlots(layout: SubnetLayout, key: string, taken: readonly TakenAddress[]): Omit<SlotSpace, "space"> {
  const { family } = layout.subnet;
  const others = taken.filter(({ address, owner }) => owner !== key && address.family === family);
  const special = [layout.network, layout.gateway, layout.broadcast].filter((one) => one !== undefined);
  const single = [...others.map(({ address }) => address), ...special];
  return {
    slotSize: 1n,
    blocked: [
      ...single.map(({ value }) => ({ first: value, last: value })),
      ...layout.reservations.map(({ range }) => spanOf(range)),
    ],
  };
}

/** How many addresses endpoints can be given, and how many of them are free. */
export function endpointRoom(
  layout: SubnetLayout,
  taken: readonly TakenAddress[],
): { readonly total: bigint; readonly free: bigint } {
  const count = (slots: Omit<SlotSpace, "space">): bigint =>
    layout.endpointRanges.reduce((sum, range) => sum + countFreeSlots({ ...slots, space: spanOf(range) }), 0n);
  return { total: count(blockedSlots(layout, "", [])), free: count(blockedSlots(layout, "", taken)) };
}

export interface EndpointClaim {
  readonly layout: SubnetLayout;
  readonly address: Address;
  /** Who wants it; addresses that `taken` shows with this owner do not stand in the way. */
  readonly owner: string;
  readonly taken: readonly TakenAddress[];
}

/**
 * Why an address that the user names cannot be had, or `undefined`. Allowed is every address of the subnet outside
 * the space of the host ranges, except the network address and the gateway. Codes: `invalid-input`; `conflict` where
 * another has it.
 */
export function claimEndpointAddress({ layout, address, owner, taken }: EndpointClaim): SdnError | undefined {
  const name = formatAddress(address);
  const remedy = `choose an address from the endpoint range ${formatRanges(layout.endpointRanges)}, or none to get one`;
  const reason = misplaced(layout, address);
  if (reason !== undefined) return new SdnError({ code: "invalid-input", cause: `${name} ${reason}`, remedy });
  const other = taken.find((each) => each.owner !== owner && sameAddress(each.address, address));
  if (other === undefined) return undefined;
  return new SdnError({ code: "conflict", cause: `${name} is taken by ${other.owner}`, remedy });
}

function misplaced(layout: SubnetLayout, address: Address): string | undefined {
  const subnet = `subnet ${formatCidr(layout.subnet)}`;
  if (!inCidr(address, layout.subnet)) return `is not inside ${subnet}`;
  if (sameAddress(address, layout.network)) return `is the network address of ${subnet}`;
  if (sameAddress(address, layout.gateway)) return `is the gateway of ${subnet}`;
  if (layout.broadcast !== undefined && sameAddress(address, layout.broadcast)) {
    return `is the broadcast address of ${subnet}`;
  }
  const reserved = layout.reservations.find(({ range }) => inRange(address, range));
  if (reserved !== undefined) return `is reserved (${formatRange(reserved.range)}): ${reserved.reason}`;
  if (layout.endpointRanges.some((range) => inRange(address, range))) return undefined;
  const space = layout.hostSpaces.find((range) => inRange(address, range));
  if (space === undefined) return undefined;
  return `lies in ${formatRange(space)}, from which the hosts of ${subnet} hand out addresses`;
}

function exhausted(layout: SubnetLayout, key: string): SdnError {
  const { endpointRanges, subnet } = layout;
  const cause =
    `subnet ${formatCidr(subnet)} has no free address for ${key}: ` +
    `all ${endpointRoom(layout, []).total} of its endpoint range ${formatRanges(endpointRanges)} are taken`;
  return new SdnError({ code: "exhausted", cause, remedy: "remove an endpoint or use a larger subnet" });
}
