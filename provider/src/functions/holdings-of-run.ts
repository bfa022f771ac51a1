/** What this run's allocations tell of addresses, and with it what the hosts tell. */
import type { Holder, Holdings, NetworkHolding, SpaceHolding, SubnetHolding } from "../compile/address-plan";
import { parseAddress, sameAddress } from "../model/address";
import { type Cidr, parseCidr } from "../model/cidr";
import { layoutFrom } from "../resources/layout-value";
import { ownerOf } from "../resources/owner";
import type { RunAllocation, RunAllocations } from "../resources/run-allocations";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap } from "../rpc/value";

/** Where both know something, the run says how a subnet is divided, and the hosts who is where. */
export function withRun(hosts: Holdings, allocations: RunAllocations): Holdings {
  const networks = allocations.of("network").flatMap(networkOf);
  const endpoints = allocations.of("endpoint");
  const subnets = allocations.of("subnet").flatMap((subnet) => subnetOf(subnet, endpoints));
  const isIn = (list: readonly { vni: number; owner: string }[], one: { vni: number; owner: string }): boolean =>
    list.some(({ vni, owner }) => vni === one.vni && owner === one.owner);
  return {
    networks: [...networks, ...hosts.networks.filter((one) => !isIn(networks, one))].sort(
      (one, other) => one.vni - other.vni,
    ),
    subnets: [
      ...subnets.map((subnet) => {
        const there = hosts.subnets.find(({ vni, owner }) => vni === subnet.vni && owner === subnet.owner);
        return there === undefined ? subnet : joined(subnet, there);
      }),
      ...hosts.subnets.filter((one) => !isIn(subnets, one)),
    ],
    others: hosts.others,
  };
}

function joined(subnet: SubnetHolding, there: SubnetHolding): SubnetHolding {
  const spaces = subnet.spaces.map((space): SpaceHolding => {
    const { family } = space.layout.subnet;
    const present = there.spaces.find(({ layout }) => layout.subnet.family === family)?.holders ?? [];
    const coming = space.holders.filter(
      (one) => !present.some(({ name, address }) => name === one.name && sameAddress(address, one.address)),
    );
    return { ...space, holders: [...present, ...coming] };
  });
  return { ...subnet, spaces };
}

function networkOf({ urn, values }: RunAllocation): readonly NetworkHolding[] {
  const { label, vni, allottedCidr, allottedIpv6Cidr } = values;
  if (typeof label !== "string" || typeof vni !== "number") return [];
  return [{ name: label, owner: ownerOf(urn), vni, spaces: [allottedCidr, allottedIpv6Cidr].flatMap(blockOf) }];
}

/** Endpoints say of which subnet they are by the URN of the component that the allocation is a child of. */
const componentOf = (urn: string): string => urn.replace("$sdn:ipam:SubnetAllocation::", "::");

function subnetOf({ urn, values }: RunAllocation, endpoints: readonly RunAllocation[]): readonly SubnetHolding[] {
  const { label, vni, networkVni, ipv4, ipv6 } = values;
  if (typeof label !== "string" || typeof vni !== "number" || typeof networkVni !== "number") return [];
  const mine = endpoints.filter((one) => one.values["subnet"] === componentOf(urn));
  const spaces = [...spaceOf(ipv4, holdersOf(mine, "allottedIpv4")), ...spaceOf(ipv6, holdersOf(mine, "allottedIpv6"))];
  return [{ name: label, owner: ownerOf(urn), vni, networkVni, rulesKnown: true, spaces }];
}

function spaceOf(value: Value | undefined, holders: readonly Holder[]): readonly SpaceHolding[] {
  const [subnet] = isValueMap(value) ? blockOf(value["cidr"]) : [];
  if (!isValueMap(value) || subnet === undefined) return [];
  const { hostRangePrefixLength: length, layout, ranges } = value;
  const hosts = Object.entries(isValueMap(ranges) ? ranges : {}).flatMap(([host, range]) =>
    blockOf(isValueMap(range) ? range["cidr"] : undefined).map((block) => [host, block] as const),
  );
  return [
    {
      layout: layoutFrom(subnet, typeof length === "number" ? length : undefined, layout),
      divided: true,
      ranges: new Map(hosts),
      holders,
    },
  ];
}

function holdersOf(endpoints: readonly RunAllocation[], name: keyof ValueMap): readonly Holder[] {
  return endpoints.flatMap(({ values }): readonly Holder[] => {
    const { label, [name]: text } = values;
    if (typeof label !== "string" || typeof text !== "string") return [];
    return [{ address: parseAddress(text, "address"), name: label, use: "endpoint", host: undefined }];
  });
}

const blockOf = (value: Value | undefined): readonly Cidr[] =>
  typeof value === "string" ? [parseCidr(value, "cidr")] : [];
