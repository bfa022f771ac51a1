/** What is left of a subnet's addresses, space by space. */
import { addressPlan, spacePlan } from "../../../provider/src/compile/address-plan";
import type { Holder, SpaceHolding } from "../../../provider/src/compile/address-plan";
import { subnetLayout } from "../../../provider/src/ipam/layout";
import { parseAddress } from "../../../provider/src/model/address";
import { parseCidr } from "../../../provider/src/model/cidr";
import { parseRange } from "../../../provider/src/model/range";

const cidr = (text: string) => parseCidr(text, "cidr");
const holder = (text: string, use: Holder["use"] = "endpoint"): Holder => {
  return { address: parseAddress(text, "address"), name: `x${text}`, use, host: "h1" };
};

interface Given {
  readonly subnet?: string;
  readonly ranges?: Readonly<Record<string, string>>;
  readonly held?: readonly Holder[];
  readonly reserved?: readonly string[];
  readonly endpointRanges?: readonly string[];
  readonly divided?: boolean;
}

function space({ subnet = "10.20.1.0/24", ranges = {}, held = [], reserved = [], ...more }: Given): SpaceHolding {
  const layout = subnetLayout(cidr(subnet));
  return {
    layout: {
      ...layout,
      reservations: reserved.map((text) => ({ range: parseRange(text, "range"), reason: "why" })),
      endpointRanges: more.endpointRanges?.map((text) => parseRange(text, "range")) ?? layout.endpointRanges,
    },
    divided: more.divided ?? true,
    ranges: new Map(Object.entries(ranges).map(([host, text]) => [host, cidr(text)])),
    holders: held,
  };
}

test.each<[string, Given, readonly [bigint, bigint, bigint]]>([
  ["an empty subnet: the first quarter without network and gateway", {}, [62n, 0n, 62n]],
  ["two endpoints", { held: [holder("10.20.1.5"), holder("10.20.1.6")] }, [62n, 2n, 60n]],
  ["one address twice", { held: [holder("10.20.1.5"), holder("10.20.1.5")] }, [62n, 1n, 61n]],
  ["a container in a host's range takes none", { held: [holder("10.20.1.70", "container")] }, [62n, 0n, 62n]],
  ["reservations are no room", { reserved: ["10.20.1.10-10.20.1.19", "10.20.1.200-10.20.1.220"] }, [52n, 0n, 52n]],
  [
    "an endpoint in a reservation takes no room",
    { held: [holder("10.20.1.12")], reserved: ["10.20.1.10-10.20.1.19"] },
    [52n, 0n, 52n],
  ],
  [
    "allocation ranges instead of the quarter",
    { endpointRanges: ["10.20.1.10-10.20.1.13"], held: [holder("10.20.1.10"), holder("10.20.1.5")] },
    [4n, 1n, 3n],
  ],
  ["full", { endpointRanges: ["10.20.1.10-10.20.1.10"], held: [holder("10.20.1.10")] }, [1n, 1n, 0n]],
  ["IPv6", { subnet: "fd00:20:0:1::/64", held: [holder("fd00:20:0:1::5")] }, [65_534n, 1n, 65_533n]],
])("room for endpoints: %s", (_case, given, [total, inUse, left]) => {
  expect(spacePlan(space(given)).endpoints).toMatchObject({ total, inUse, left });
});

test.each<[string, Given, readonly [bigint, bigint, bigint]]>([
  ["without its router", { ranges: { h1: "10.20.1.64/28" } }, [15n, 0n, 15n]],
  ["with a container", { ranges: { h1: "10.20.1.64/28" }, held: [holder("10.20.1.70", "container")] }, [15n, 1n, 14n]],
  ["with the broadcast address in it", { ranges: { h1: "10.20.1.240/28" } }, [14n, 0n, 14n]],
  ["with somebody of another range", { ranges: { h1: "10.20.1.64/28" }, held: [holder("10.20.1.80")] }, [15n, 0n, 15n]],
])("room of a host's range: %s", (_case, given, [total, inUse, left]) => {
  expect(spacePlan(space(given)).hostRanges).toMatchObject([{ host: "h1", total, inUse, left }]);
});

test.each<[string, Given, bigint | undefined]>([
  ["none so far", {}, 12n],
  ["two", { ranges: { h1: "10.20.1.64/28", h2: "10.20.1.80/28" } }, 10n],
  ["a reservation in the way", { ranges: { h1: "10.20.1.64/28" }, reserved: ["10.20.1.95-10.20.1.96"] }, 9n],
  ["nobody knows how the subnet is divided", { divided: false }, undefined],
])("hosts that still get a range: %s", (_case, given, expected) => {
  expect(spacePlan(space(given)).hostRangesLeft).toBe(expected);
});

test("who has which address, in order, the gateway and the routers among them", () => {
  const held = [holder("10.20.1.70", "container"), holder("10.20.1.5")];
  expect(spacePlan(space({ ranges: { h2: "10.20.1.64/28" }, held })).addresses).toEqual([
    { address: "10.20.1.1", use: "gateway", name: "", host: undefined },
    { address: "10.20.1.5", use: "endpoint", name: "x10.20.1.5", host: "h1" },
    { address: "10.20.1.64", use: "router", name: "", host: "h2" },
    { address: "10.20.1.70", use: "container", name: "x10.20.1.70", host: "h1" },
  ]);
});

test("a network's blocks: what subnets have and what is free, for its own subnets only", () => {
  const owner = "shop/dev";
  const subnet = (name: string, block: string, networkVni: number) => {
    return { name, owner, vni: networkVni + 1, networkVni, rulesKnown: true, spaces: [space({ subnet: block })] };
  };
  const { networks, vnis } = addressPlan({
    networks: [{ name: "shop", owner, vni: 5000, spaces: [cidr("10.20.0.0/22"), cidr("fd00:20::/48")] }],
    subnets: [subnet("web", "10.20.1.0/24", 5000), subnet("other", "10.20.2.0/24", 6000)],
    others: [{ vni: 5500, use: "peering orders", owner }],
  });
  expect(networks).toEqual([
    {
      name: "shop",
      owner,
      vni: 5000,
      spaces: [
        {
          cidr: "10.20.0.0/22",
          taken: [{ cidr: "10.20.1.0/24", subnet: "web" }],
          free: ["10.20.0.0/24", "10.20.2.0/23"],
        },
        { cidr: "fd00:20::/48", taken: [], free: ["fd00:20::/48"] },
      ],
    },
  ]);
  expect(vnis.map(({ vni, use }) => `${vni} ${use}`)).toEqual([
    "5000 network shop",
    "5001 subnet web",
    "5500 peering orders",
    "6001 subnet other",
  ]);
});
