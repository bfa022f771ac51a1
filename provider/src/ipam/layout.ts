/**
 * How the addresses of a subnet are divided. The first quarter is for declared endpoints, whose addresses are stable
 * and chosen here; the other three are cut into equal blocks, one for each host, from which the engine of that host
 * hands out addresses by itself.
 */

import type { Reservation } from "../model/allocation-rules";
import { type Address, type Family, familyBits } from "../model/address";
import { type Cidr, firstAddress, formatCidr, lastAddress, size } from "../model/cidr";
import { SdnError } from "../model/error";
import { type AddressRange, addressRange, subtractRanges } from "../model/range";

export interface SubnetLayout {
  readonly subnet: Cidr;
  /** The first address; in IPv6 it is the subnet-router anycast address (RFC 4291, 2.6.1). Never handed out. */
  readonly network: Address;
  /** The second address (`.1`, `::1`), the same on every host. */
  readonly gateway: Address;
  /** IPv4: the last address. IPv6 has none. */
  readonly broadcast: Address | undefined;
  /** Addresses that are chosen for declared endpoints; IPv6: at most those within a part's first 65,536. */
  readonly endpointRanges: readonly AddressRange[];
  /** Prefix length of a host's block. */
  readonly hostRangePrefixLength: number;
  /** The last three quarters of the subnet, from which the blocks are taken; of one that grew, of each part. */
  readonly hostSpaces: readonly AddressRange[];
  /** Handed to nobody, whatever lies there. */
  readonly reservations: readonly Reservation[];
}

export interface LayoutOptions {
  /** Default: the subnet's prefix length + 4, that is, blocks for 12 hosts. */
  readonly hostRangePrefixLength?: number | undefined;
}

/** Blocks of the default layout: 2^4, of which 4 are the first quarter. */
const defaultExtraBits = 4;
/** A quarter of the subnet is its smallest part, so a block may be as large as that and no larger. */
const minimumExtraBits = 2;
const maximumIpv6EndpointAddresses = 65_536n;

/** Longest prefix length of a host's block: it has the host's router address, and in IPv4 maybe the broadcast one. */
export function longestHostRange(family: Family): number {
  return familyBits(family) - 2;
}

/**
 * Limits: a host's block has at least 4 addresses (/30, /126) and at most a quarter of the subnet's. So the default
 * layout needs a subnet of /26 or larger, any layout /28; IPv6 needs /112 or larger.
 *
 * @throws SdnError `invalid-input`, naming `hostRangePrefixLength` where that is given and wrong
 */
export function subnetLayout(subnet: Cidr, options: LayoutOptions = {}): SubnetLayout {
  checkSubnet(subnet, options.hostRangePrefixLength);
  const hostRangePrefixLength = options.hostRangePrefixLength ?? subnet.prefixLength + defaultExtraBits;
  const { family } = subnet;
  const at = (offset: bigint): Address => ({ family, value: subnet.base + offset });
  const { endpoints, hosts } = quarters(subnet);
  return {
    subnet,
    network: firstAddress(subnet),
    gateway: at(1n),
    broadcast: family === 4 ? lastAddress(subnet) : undefined,
    endpointRanges: [addressRange(at(2n), endpoints.last)],
    hostRangePrefixLength,
    hostSpaces: [hosts],
    reservations: [],
  };
}

/** The two parts of a block. */
function quarters(block: Cidr): { readonly endpoints: AddressRange; readonly hosts: AddressRange } {
  const { family, base } = block;
  const at = (offset: bigint): Address => ({ family, value: base + offset });
  const quarter = size(block) / 4n;
  const endpoints = family === 6 && quarter > maximumIpv6EndpointAddresses ? maximumIpv6EndpointAddresses : quarter;
  return { endpoints: addressRange(at(0n), at(endpoints - 1n)), hosts: addressRange(at(quarter), lastAddress(block)) };
}

/**
 * The layout of a subnet that grew. Nothing that was handed out moves: gateway, endpoint addresses and host ranges stay
 * where they are, and each block that came is divided as a subnet is.
 *
 * @param subnet contains the layout's own
 */
export function grownLayout(before: SubnetLayout, subnet: Cidr): SubnetLayout {
  const added: Cidr[] = [];
  for (let { base, prefixLength } = before.subnet; prefixLength > subnet.prefixLength; prefixLength -= 1) {
    const block = 1n << BigInt(familyBits(subnet.family) - prefixLength);
    added.push({ family: subnet.family, base: base ^ block, prefixLength });
    base &= ~block;
  }
  const network = firstAddress(subnet);
  const parts = added.map(quarters);
  return {
    ...before,
    subnet,
    network,
    broadcast: subnet.family === 4 ? lastAddress(subnet) : undefined,
    endpointRanges: [
      ...before.endpointRanges,
      ...parts.flatMap(({ endpoints }) => subtractRanges(endpoints, [addressRange(network, network)])),
    ],
    hostSpaces: [...before.hostSpaces, ...parts.map(({ hosts }) => hosts)],
  };
}

/** What one host gets. */
export interface HostRange {
  readonly cidr: Cidr;
  /** The first address of the block: the host's own router. Never handed out. */
  readonly router: Address;
  /** What the host's engine may hand out: the rest, in IPv4 without the subnet's broadcast address. */
  readonly usable: AddressRange;
}

/** What a block of the layout's host space means. */
export function hostRange(layout: SubnetLayout, cidr: Cidr): HostRange {
  const router = firstAddress(cidr);
  const last = lastAddress(cidr);
  const end = layout.broadcast !== undefined && layout.broadcast.value === last.value ? last.value - 1n : last.value;
  const { family } = cidr;
  return { cidr, router, usable: addressRange({ family, value: router.value + 1n }, { family, value: end }) };
}

function checkSubnet(subnet: Cidr, hostRangePrefixLength: number | undefined): void {
  const { family, prefixLength } = subnet;
  const longest = longestHostRange(family);
  const limit = longestSubnet(family, hostRangePrefixLength !== undefined);
  if (prefixLength > limit) {
    // A subnet that only the default layout cuts too small.
    const divisible = prefixLength <= longestSubnet(family, true);
    throw new SdnError({
      code: "invalid-input",
      cause: `subnet ${formatCidr(subnet)} is too small for endpoint addresses and a range of 4 addresses for each host`,
      remedy:
        `use a subnet with a prefix length of at most ${limit}` +
        (divisible ? `, or set hostRangePrefixLength to ${longest}` : ""),
    });
  }
  if (hostRangePrefixLength !== undefined) checkHostRange(subnet, hostRangePrefixLength);
}

function longestSubnet(family: Family, hostRangeGiven: boolean): number {
  if (family === 6) return 112;
  return longestHostRange(family) - (hostRangeGiven ? minimumExtraBits : defaultExtraBits);
}

function checkHostRange(subnet: Cidr, hostRangePrefixLength: number): void {
  const shortest = subnet.prefixLength + minimumExtraBits;
  const longest = longestHostRange(subnet.family);
  if (
    Number.isInteger(hostRangePrefixLength) &&
    hostRangePrefixLength >= shortest &&
    hostRangePrefixLength <= longest
  ) {
    return;
  }
  throw new SdnError({
    code: "invalid-input",
    cause: `a host's range of subnet ${formatCidr(subnet)} must have 4 addresses or more and a quarter of them at most`,
    remedy: `write a whole number from ${shortest} to ${longest}`,
    property: "hostRangePrefixLength",
    value: Number.isFinite(hostRangePrefixLength) ? hostRangePrefixLength : String(hostRangePrefixLength),
  });
}
