/** Which addresses of networks and subnets are in use, which are kept, and which are left. */
import { endpointRoom } from "../ipam/endpoint";
import { countFreeHostRanges } from "../ipam/host-range";
import { hostRange, type SubnetLayout } from "../ipam/layout";
import { type Address, compareAddresses, formatAddress, sameAddress } from "../model/address";
import { type Cidr, compareCidrs, formatCidr, size } from "../model/cidr";
import { formatRange, freeSpace, inRange, rangeSize } from "../model/range";

/** What is known of networks and subnets, from wherever. */
export interface Holdings {
  readonly networks: readonly NetworkHolding[];
  readonly subnets: readonly SubnetHolding[];
  /** VNIs of what is neither. */
  readonly others: readonly VniUse[];
}

export interface NetworkHolding {
  readonly name: string;
  readonly owner: string;
  readonly vni: number;
  readonly spaces: readonly Cidr[];
}

export interface SubnetHolding {
  readonly name: string;
  readonly owner: string;
  readonly vni: number;
  readonly networkVni: number;
  /** Whether `allocationRanges` and `reservations` are in the layouts: hosts do not know them. */
  readonly rulesKnown: boolean;
  /** Of either family at most one. */
  readonly spaces: readonly SpaceHolding[];
}

export interface SpaceHolding {
  readonly layout: SubnetLayout;
  /** Whether the layout is how the subnet is divided; of one that grew, hosts do not tell. */
  readonly divided: boolean;
  readonly ranges: ReadonlyMap<string, Cidr>;
  readonly holders: readonly Holder[];
}

export interface Holder {
  readonly address: Address;
  readonly name: string;
  readonly use: "endpoint" | "container";
  /** `undefined` where nothing is there yet, or an endpoint only reserves. */
  readonly host: string | undefined;
}

export interface AddressPlan {
  readonly networks: readonly NetworkPlan[];
  readonly subnets: readonly SubnetPlan[];
  readonly vnis: readonly VniUse[];
}

export interface VniUse {
  readonly vni: number;
  /** `subnet web`. */
  readonly use: string;
  readonly owner: string;
}

export interface NetworkPlan {
  readonly name: string;
  readonly owner: string;
  readonly vni: number;
  /** A family each. */
  readonly spaces: readonly NetworkSpacePlan[];
}

export interface NetworkSpacePlan {
  readonly cidr: string;
  readonly taken: readonly { readonly cidr: string; readonly subnet: string }[];
  /** The largest blocks that no subnet has, in order of address. */
  readonly free: readonly string[];
}

export interface SubnetPlan {
  readonly name: string;
  readonly owner: string;
  readonly network: string;
  readonly vni: number;
  readonly rulesKnown: boolean;
  readonly ipv4: SpacePlan | undefined;
  readonly ipv6: SpacePlan | undefined;
}

export interface Room {
  readonly total: bigint;
  readonly inUse: bigint;
  readonly left: bigint;
}

export interface SpacePlan {
  readonly cidr: string;
  readonly size: bigint;
  /** What endpoints are given addresses from; `undefined` where nobody here knows. */
  readonly endpoints: (Room & { readonly ranges: readonly string[] }) | undefined;
  readonly hostRanges: readonly (Room & { readonly host: string; readonly cidr: string; readonly router: string })[];
  /** How many more hosts get a range; `undefined` where nobody here knows. */
  readonly hostRangesLeft: bigint | undefined;
  readonly reservations: readonly { readonly range: string; readonly reason: string }[];
  /** In order. */
  readonly addresses: readonly AddressUse[];
}

export interface AddressUse {
  readonly address: string;
  readonly use: "gateway" | "router" | Holder["use"];
  /** Of a gateway and a router: empty. */
  readonly name: string;
  readonly host: string | undefined;
}

export function addressPlan({ networks, subnets, others }: Holdings): AddressPlan {
  const nameOf = ({ networkVni, owner }: SubnetHolding): string =>
    networks.find((one) => one.vni === networkVni && one.owner === owner)?.name ?? "";
  const vnis = [
    ...networks.map(({ vni, name, owner }) => ({ vni, use: `network ${name}`, owner })),
    ...subnets.map(({ vni, name, owner }) => ({ vni, use: `subnet ${name}`, owner })),
    ...others,
  ];
  const inOrder = [...subnets].sort(
    (one, other) => one.networkVni - other.networkVni || (one.name < other.name ? -1 : 1),
  );
  return {
    networks: networks.map((network) => networkPlan(network, subnets)),
    subnets: inOrder.map((subnet) => ({
      name: subnet.name,
      owner: subnet.owner,
      network: nameOf(subnet),
      vni: subnet.vni,
      rulesKnown: subnet.rulesKnown,
      ipv4: spaceOf(subnet, 4),
      ipv6: spaceOf(subnet, 6),
    })),
    vnis: vnis.sort((one, other) => one.vni - other.vni),
  };
}

function networkPlan({ name, owner, vni, spaces }: NetworkHolding, subnets: readonly SubnetHolding[]): NetworkPlan {
  const blocks = subnets
    .filter((one) => one.networkVni === vni && one.owner === owner)
    .flatMap((one) => one.spaces.map(({ layout }) => ({ cidr: layout.subnet, subnet: one.name })))
    .sort((one, other) => compareCidrs(one.cidr, other.cidr));
  const planOf = (space: Cidr): NetworkSpacePlan => {
    const taken = blocks.filter(({ cidr }) => cidr.family === space.family);
    return {
      cidr: formatCidr(space),
      taken: taken.map(({ cidr, subnet }) => ({ cidr: formatCidr(cidr), subnet })),
      free: freeSpace(
        space,
        taken.map(({ cidr }) => cidr),
      ).map(formatCidr),
    };
  };
  return { name, owner, vni, spaces: spaces.map(planOf) };
}

function spaceOf({ spaces }: SubnetHolding, family: 4 | 6): SpacePlan | undefined {
  const space = spaces.find(({ layout }) => layout.subnet.family === family);
  return space === undefined ? undefined : spacePlan(space);
}

export function spacePlan({ layout, divided, ranges, holders }: SpaceHolding): SpacePlan {
  const blocks = [...ranges].sort(([, one], [, other]) => compareCidrs(one, other));
  const taken = holders.map(({ address, name }) => ({ address, owner: name }));
  const room = endpointRoom(layout, taken);
  return {
    cidr: formatCidr(layout.subnet),
    size: size(layout.subnet),
    endpoints: divided
      ? { ranges: layout.endpointRanges.map(formatRange), ...roomOf(room.total, room.total - room.free) }
      : undefined,
    hostRanges: blocks.map(([host, block]) => hostRangePlan(layout, host, block, holders)),
    hostRangesLeft: divided ? countFreeHostRanges(layout, [...ranges.values()]) : undefined,
    reservations: layout.reservations.map(({ range, reason }) => ({ range: formatRange(range), reason })),
    addresses: usesOf(layout, blocks, holders),
  };
}

const roomOf = (total: bigint, inUse: bigint): Room => ({ total, inUse, left: total - inUse });

function hostRangePlan(
  layout: SubnetLayout,
  host: string,
  block: Cidr,
  holders: readonly Holder[],
): SpacePlan["hostRanges"][number] {
  const { cidr, router, usable } = hostRange(layout, block);
  const inside = holders.map(({ address }) => address).filter((address) => inRange(address, usable));
  const inUse = inside.filter((address, index) => inside.findIndex((one) => sameAddress(one, address)) === index);
  const room = roomOf(rangeSize(usable), BigInt(inUse.length));
  return { host, cidr: formatCidr(cidr), router: formatAddress(router), ...room };
}

function usesOf(
  layout: SubnetLayout,
  ranges: readonly (readonly [string, Cidr])[],
  holders: readonly Holder[],
): readonly AddressUse[] {
  const routers = ranges.map(([host, block]) => ({ address: hostRange(layout, block).router, host }));
  const all = [
    { address: layout.gateway, use: "gateway" as const, name: "", host: undefined },
    ...routers.map(({ address, host }) => ({ address, use: "router" as const, name: "", host })),
    ...holders,
  ];
  return all
    .sort((one, other) => compareAddresses(one.address, other.address))
    .map(({ address, use, name, host }) => ({ address: formatAddress(address), use, name, host }));
}
