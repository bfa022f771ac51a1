/** Addresses of declared endpoints. */

import { type Address, formatAddress, sameAddress } from "../model/address";
import { formatCidr, inCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { hash64 } from "../model/hash";
import { formatRange, inRange, rangeSize, spanOf } from "../model/range";
import type { SubnetLayout } from "./layout";
import { firstFreeSlot } from "./slots";

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
  const held = taken.find(({ owner, address }) => owner === key && inCidr(address, layout.subnet))?.address;
  if (held !== undefined && claimEndpointAddress({ layout, address: held, owner: key, taken }) === undefined) {
    return held;
  }
  const { family } = layout.subnet;
  const blocked = taken
    .filter(({ address, owner }) => owner !== key && address.family === family)
    .map(({ address }) => ({ first: address.value, last: address.value }));
  const value = firstFreeSlot({ space: spanOf(layout.endpointRange), slotSize: 1n, blocked }, hash64(key));
  if (value === undefined) throw exhausted(layout, key);
  return { family, value };
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
  const remedy = `choose an address from the endpoint range ${formatRange(layout.endpointRange)}, or none to get one`;
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
  if (!inRange(address, layout.hostSpace)) return undefined;
  return `lies in ${formatRange(layout.hostSpace)}, from which the hosts of ${subnet} hand out addresses`;
}

function exhausted(layout: SubnetLayout, key: string): SdnError {
  const { endpointRange, subnet } = layout;
  const cause =
    `subnet ${formatCidr(subnet)} has no free address for ${key}: ` +
    `all ${rangeSize(endpointRange)} of its endpoint range ${formatRange(endpointRange)} are taken`;
  return new SdnError({ code: "exhausted", cause, remedy: "remove an endpoint or use a larger subnet" });
}
