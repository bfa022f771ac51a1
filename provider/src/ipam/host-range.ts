/** Which block of a subnet each host has. */

import { type Cidr, formatCidr } from "../model/cidr";
import { familyBits } from "../model/address";
import { SdnError } from "../model/error";
import { hash64 } from "../model/hash";
import { formatRanges, inRange, rangeOf, spanOf } from "../model/range";
import { checkDisjoint } from "./batch";
import { type HostRange, hostRange, longestHostRange, type SubnetLayout } from "./layout";
import { countFreeSlots, firstFreeSlotOf, type SlotSpace } from "./slots";

export interface HostRangeRequest {
  readonly layout: SubnetLayout;
  /** Names of the hosts; a repeated one counts once. */
  readonly hosts: readonly string[];
  /** What each host holds from an earlier run; hosts that are not in `hosts` give theirs back. */
  readonly held: ReadonlyMap<string, Cidr>;
}

/**
 * A block for each host, in the order of `hosts`, which decides nothing else. A host keeps the block it holds exactly, whatever its length, since its engine has handed out
 * addresses from it. Newcomers, in the order of their names, get the block that `hash64` of the name prefers or the
 * next free one.
 *
 * @throws SdnError `exhausted`, naming the `hostRangePrefixLength` that would fit; `conflict` where a held block is not
 *   in the subnet's host space or overlaps another's
 */
export function allocateHostRanges({ layout, hosts, held }: HostRangeRequest): ReadonlyMap<string, HostRange> {
  const names = [...new Set(hosts)];
  const kept = names.flatMap((owner) => {
    const cidr = held.get(owner);
    return cidr !== undefined ? [{ owner, cidr: checkHeld(layout, owner, cidr) }] : [];
  });
  checkDisjoint(kept);
  const blocks = new Map(kept.map(({ owner, cidr }) => [owner, cidr]));
  const newcomers = names.filter((host) => !blocks.has(host)).sort();
  if (BigInt(newcomers.length) > countFree(layout, slotsOf(layout, [...blocks.values()]))) {
    throw exhausted(layout, names.length, newcomers.length, [...blocks.values()]);
  }
  for (const host of newcomers) {
    const base = firstFreeSlotOf(layout.hostSpaces.map(spanOf), slotsOf(layout, [...blocks.values()]), hash64(host));
    if (base === undefined) throw new SdnError({ code: "internal", cause: `no block for ${host} after counting` });
    blocks.set(host, { family: layout.subnet.family, base, prefixLength: layout.hostRangePrefixLength });
  }
  return new Map(
    names.flatMap((host) => {
      const cidr = blocks.get(host);
      return cidr !== undefined ? [[host, hostRange(layout, cidr)] as const] : [];
    }),
  );
}

/** What newcomers are kept away from: others' blocks, reservations, addresses that endpoints are chosen from. */
function slotsOf(
  layout: SubnetLayout,
  taken: readonly Cidr[],
  prefixLength: number = layout.hostRangePrefixLength,
): Omit<SlotSpace, "space"> {
  const slotSize = 1n << BigInt(familyBits(layout.subnet.family) - prefixLength);
  const kept = [...layout.reservations.map(({ range }) => range), ...layout.endpointRanges];
  return { slotSize, blocked: [...taken.map(rangeOf), ...kept].map(spanOf) };
}

/** How many more hosts get a range, where these are in use. */
export function countFreeHostRanges(layout: SubnetLayout, taken: readonly Cidr[]): bigint {
  return countFree(layout, slotsOf(layout, taken));
}

function countFree(layout: SubnetLayout, slots: Omit<SlotSpace, "space">): bigint {
  return layout.hostSpaces.reduce((sum, space) => sum + countFreeSlots({ ...slots, space: spanOf(space) }), 0n);
}

function checkHeld(layout: SubnetLayout, host: string, cidr: Cidr): Cidr {
  const { first, last } = rangeOf(cidr);
  const inside = layout.hostSpaces.some((space) => inRange(first, space) && inRange(last, space));
  if (inside && cidr.prefixLength <= longestHostRange(cidr.family)) return cidr;
  throw new SdnError({
    code: "conflict",
    cause: `${host} holds ${formatCidr(cidr)}, which is no host range of subnet ${formatCidr(layout.subnet)}: those lie in ${formatRanges(layout.hostSpaces)}`,
    remedy: "replace the subnet, so that every host gets a new range",
  });
}

function exhausted(layout: SubnetLayout, hosts: number, newcomers: number, kept: readonly Cidr[]): SdnError {
  const current = layout.hostRangePrefixLength;
  const longest = longestHostRange(layout.subnet.family);
  const free = countFree(layout, slotsOf(layout, kept));
  const room = free === 0n ? "no free range" : free === 1n ? "1 free range" : `${free} free ranges`;
  let fitting = current + 1;
  while (fitting <= longest && countFree(layout, slotsOf(layout, kept, fitting)) < BigInt(newcomers)) fitting += 1;
  return new SdnError({
    code: "exhausted",
    cause:
      `subnet ${formatCidr(layout.subnet)} has ${room} of /${current}, ` +
      `and ${newcomers} of its ${hosts} hosts ${newcomers === 1 ? "has" : "have"} none yet`,
    remedy:
      fitting <= longest
        ? `set hostRangePrefixLength to ${fitting}`
        : `use a larger subnet, with hostRangePrefixLength ${longest} at most /${largeEnough(longest, hosts)}`,
    property: "hostRangePrefixLength",
  });
}

/** The longest prefix length of a subnet three quarters of which have a block of length `block` for each host. */
function largeEnough(block: number, hosts: number): number {
  let extraBits = 2;
  while (3 * 2 ** (extraBits - 2) < hosts) extraBits += 1;
  return block - extraBits;
}
