import { allocateEndpointAddress } from "../../../provider/src/ipam/endpoint";
import { allocateHostRanges } from "../../../provider/src/ipam/host-range";
import { hostRange, subnetLayout } from "../../../provider/src/ipam/layout";
import { formatAddress, parseAddress } from "../../../provider/src/model/address";
import { parseCidr } from "../../../provider/src/model/cidr";
import { formatRange, formatRanges } from "../../../provider/src/model/range";
import { hostRangeCount } from "../../property/ipam/arbitraries";
import { refusal } from "../model/messages";

const cidr = (text: string) => parseCidr(text, "cidr");
const address = (text: string) => parseAddress(text, "address");

test.each([
  ["10.20.1.0/24", undefined, "10.20.1.1", "10.20.1.255", "10.20.1.2-10.20.1.63", "10.20.1.64-10.20.1.255", 28, 12n],
  ["10.20.1.0/26", undefined, "10.20.1.1", "10.20.1.63", "10.20.1.2-10.20.1.15", "10.20.1.16-10.20.1.63", 30, 12n],
  ["10.20.1.0/28", 30, "10.20.1.1", "10.20.1.15", "10.20.1.2-10.20.1.3", "10.20.1.4-10.20.1.15", 30, 3n],
  ["10.20.0.0/16", 24, "10.20.0.1", "10.20.255.255", "10.20.0.2-10.20.63.255", "10.20.64.0-10.20.255.255", 24, 192n],
  [
    "fd00:20:1::/64",
    undefined,
    "fd00:20:1::1",
    undefined,
    "fd00:20:1::2-fd00:20:1::ffff",
    "fd00:20:1:0:4000::-fd00:20:1:0:ffff:ffff:ffff:ffff",
    68,
    12n,
  ],
  ["fd00::/112", 126, "fd00::1", undefined, "fd00::2-fd00::3fff", "fd00::4000-fd00::ffff", 126, 12_288n],
])("%s with host ranges of %p", (text, given, gateway, broadcast, endpoints, hostSpace, length, count) => {
  const layout = subnetLayout(cidr(text), { hostRangePrefixLength: given });
  expect({
    gateway: formatAddress(layout.gateway),
    broadcast: layout.broadcast && formatAddress(layout.broadcast),
    endpoints: formatRanges(layout.endpointRanges),
    hostSpace: formatRanges(layout.hostSpaces),
    length: layout.hostRangePrefixLength,
    count: hostRangeCount(layout),
  }).toEqual({ gateway, broadcast, endpoints, hostSpace, length, count });
});

test.each([
  [
    "10.20.1.0/27",
    undefined,
    "subnet 10.20.1.0/27 is too small for endpoint addresses and a range of 4 addresses for each host. Use a subnet with a prefix length of at most 26, or set hostRangePrefixLength to 30.",
  ],
  [
    "10.20.1.0/29",
    undefined,
    "subnet 10.20.1.0/29 is too small for endpoint addresses and a range of 4 addresses for each host. Use a subnet with a prefix length of at most 26.",
  ],
  [
    "10.20.1.0/29",
    30,
    "subnet 10.20.1.0/29 is too small for endpoint addresses and a range of 4 addresses for each host. Use a subnet with a prefix length of at most 28.",
  ],
  [
    "fd00::/120",
    undefined,
    "subnet fd00::/120 is too small for endpoint addresses and a range of 4 addresses for each host. Use a subnet with a prefix length of at most 112.",
  ],
  [
    "10.20.1.0/24",
    31,
    "hostRangePrefixLength: a host's range of subnet 10.20.1.0/24 must have 4 addresses or more and a quarter of them at most (got 31). Write a whole number from 26 to 30.",
  ],
  [
    "10.20.1.0/24",
    25,
    "hostRangePrefixLength: a host's range of subnet 10.20.1.0/24 must have 4 addresses or more and a quarter of them at most (got 25). Write a whole number from 26 to 30.",
  ],
  [
    "fd00::/64",
    127,
    "hostRangePrefixLength: a host's range of subnet fd00::/64 must have 4 addresses or more and a quarter of them at most (got 127). Write a whole number from 66 to 126.",
  ],
])("%s with host ranges of %p is refused", (text, hostRangePrefixLength, message) => {
  expect(refusal(() => subnetLayout(cidr(text), { hostRangePrefixLength }))).toEqual({
    code: "invalid-input",
    message,
  });
});

test.each([
  ["a block in the middle", "10.20.1.64/28", "10.20.1.64", "10.20.1.65-10.20.1.79"],
  ["the last block gives no broadcast address", "10.20.1.240/28", "10.20.1.240", "10.20.1.241-10.20.1.254"],
])("what a host may hand out: %s", (_name, text, router, usable) => {
  const range = hostRange(subnetLayout(cidr("10.20.1.0/24")), cidr(text));
  expect([formatAddress(range.router), formatRange(range.usable)]).toEqual([router, usable]);
});

test("an IPv6 host hands out its last address too", () => {
  const range = hostRange(subnetLayout(cidr("fd00::/112")), cidr("fd00::f000/116"));
  expect(formatRange(range.usable)).toBe("fd00::f001-fd00::ffff");
});

describe("host ranges", () => {
  const hosts = (count: number) => Array.from({ length: count }, (_, index) => `h${index}`);
  const none = new Map<string, never>();

  test.each([
    [
      "one host too many",
      "10.20.1.0/24",
      undefined,
      13,
      "hostRangePrefixLength: subnet 10.20.1.0/24 has 12 free ranges of /28, and 13 of its 13 hosts have none yet. Set hostRangePrefixLength to 29.",
    ],
    [
      "many hosts too many",
      "10.20.1.0/24",
      undefined,
      25,
      "hostRangePrefixLength: subnet 10.20.1.0/24 has 12 free ranges of /28, and 25 of its 25 hosts have none yet. Set hostRangePrefixLength to 30.",
    ],
    [
      "more hosts than the subnet can have",
      "10.20.1.0/24",
      undefined,
      49,
      "hostRangePrefixLength: subnet 10.20.1.0/24 has 12 free ranges of /28, and 49 of its 49 hosts have none yet. Use a larger subnet, with hostRangePrefixLength 30 at most /23.",
    ],
  ])("exhausted: %s", (_name, text, hostRangePrefixLength, count, message) => {
    const layout = subnetLayout(cidr(text), { hostRangePrefixLength });
    expect(refusal(() => allocateHostRanges({ layout, hosts: hosts(count), held: none }))).toEqual({
      code: "exhausted",
      message,
    });
  });

  test("exhausted: the proposed length leaves those that hold a range where they are", () => {
    const layout = subnetLayout(cidr("10.20.1.0/24"));
    const held = new Map(
      [...allocateHostRanges({ layout, hosts: hosts(12), held: none })].map(([host, { cidr: block }]) => [host, block]),
    );
    // All twelve blocks are in use, so no length makes room for a thirteenth host.
    expect(refusal(() => allocateHostRanges({ layout, hosts: hosts(13), held })).message).toBe(
      "hostRangePrefixLength: subnet 10.20.1.0/24 has no free range of /28, and 1 of its 13 hosts has none yet. Use a larger subnet, with hostRangePrefixLength 30 at most /25.",
    );
    held.delete("h3");
    expect(refusal(() => allocateHostRanges({ layout, hosts: hosts(13), held })).message).toBe(
      "hostRangePrefixLength: subnet 10.20.1.0/24 has 1 free range of /28, and 2 of its 13 hosts have none yet. Set hostRangePrefixLength to 29.",
    );
  });

  test.each([
    [
      "a range among the endpoint addresses",
      new Map([["h0", cidr("10.20.1.16/28")]]),
      "h0 holds 10.20.1.16/28, which is no host range of subnet 10.20.1.0/24: those lie in 10.20.1.64-10.20.1.255. Replace the subnet, so that every host gets a new range.",
    ],
    [
      "a range of another subnet",
      new Map([["h0", cidr("10.20.2.64/28")]]),
      "h0 holds 10.20.2.64/28, which is no host range of subnet 10.20.1.0/24: those lie in 10.20.1.64-10.20.1.255. Replace the subnet, so that every host gets a new range.",
    ],
    [
      "the same range for two hosts",
      new Map([
        ["h0", cidr("10.20.1.64/28")],
        ["h1", cidr("10.20.1.64/28")],
      ]),
      "10.20.1.64/28 of h0 overlaps 10.20.1.64/28 of h1. Refresh the state, then replace one of the two.",
    ],
  ])("a state that holds %s is refused", (_name, held, message) => {
    const layout = subnetLayout(cidr("10.20.1.0/24"));
    expect(refusal(() => allocateHostRanges({ layout, hosts: ["h0", "h1"], held }))).toEqual({
      code: "conflict",
      message,
    });
  });

  test("a host that is named twice has one range, and one that is gone has none", () => {
    const layout = subnetLayout(cidr("10.20.1.0/24"));
    const held = new Map([["old", cidr("10.20.1.64/28")]]);
    expect([...allocateHostRanges({ layout, hosts: ["h1", "h1"], held }).keys()]).toEqual(["h1"]);
  });
});

describe("endpoint addresses", () => {
  const layout = subnetLayout(cidr("10.20.1.0/24"));
  const remedy = "Choose an address from the endpoint range 10.20.1.2-10.20.1.63, or none to get one.";

  test.each([
    ["outside", "10.20.2.5", "invalid-input", `10.20.2.5 is not inside subnet 10.20.1.0/24. ${remedy}`],
    ["of the other family", "fd00::5", "invalid-input", `fd00::5 is not inside subnet 10.20.1.0/24. ${remedy}`],
    [
      "the network address",
      "10.20.1.0",
      "invalid-input",
      `10.20.1.0 is the network address of subnet 10.20.1.0/24. ${remedy}`,
    ],
    ["the gateway", "10.20.1.1", "invalid-input", `10.20.1.1 is the gateway of subnet 10.20.1.0/24. ${remedy}`],
    [
      "the broadcast address",
      "10.20.1.255",
      "invalid-input",
      `10.20.1.255 is the broadcast address of subnet 10.20.1.0/24. ${remedy}`,
    ],
    [
      "in the host space",
      "10.20.1.70",
      "invalid-input",
      `10.20.1.70 lies in 10.20.1.64-10.20.1.255, from which the hosts of subnet 10.20.1.0/24 hand out addresses. ${remedy}`,
    ],
    ["another's", "10.20.1.5", "conflict", `10.20.1.5 is taken by db. ${remedy}`],
  ])("an address that is %s is refused", (_name, wanted, code, message) => {
    const taken = [{ address: address("10.20.1.5"), owner: "db" }];
    expect(refusal(() => allocateEndpointAddress({ layout, key: "web", taken, wanted: address(wanted) }))).toEqual({
      code,
      message,
    });
  });

  test("an endpoint may name the address that it has", () => {
    const taken = [{ address: address("10.20.1.5"), owner: "web" }];
    expect(formatAddress(allocateEndpointAddress({ layout, key: "web", taken, wanted: address("10.20.1.5") }))).toBe(
      "10.20.1.5",
    );
  });

  test("IPv6 leaves room between endpoint range and host ranges for addresses that are named", () => {
    const wide = subnetLayout(cidr("fd00:20:1::/64"));
    const wanted = address("fd00:20:1::cafe:1");
    expect(formatAddress(allocateEndpointAddress({ layout: wide, key: "web", taken: [], wanted }))).toBe(
      "fd00:20:1::cafe:1",
    );
  });

  test("an address held in the host space, as after a change of layout, is not kept", () => {
    const taken = [{ address: address("10.20.1.70"), owner: "web" }];
    expect(formatAddress(allocateEndpointAddress({ layout, key: "web", taken }))).toMatch(/^10\.20\.1\.\d{1,2}$/);
    expect(formatAddress(allocateEndpointAddress({ layout, key: "web", taken }))).not.toBe("10.20.1.70");
  });

  test("an IPv4 address with the same number as an IPv6 address does not stand in its way", () => {
    const low = subnetLayout(cidr("::/112"));
    const preferred = allocateEndpointAddress({ layout: low, key: "web", taken: [] });
    const taken = [{ address: { family: 4 as const, value: preferred.value }, owner: "db" }];
    expect(allocateEndpointAddress({ layout: low, key: "web", taken })).toEqual(preferred);
  });

  test("a full endpoint range is exhausted", () => {
    const small = subnetLayout(cidr("10.20.1.0/28"), { hostRangePrefixLength: 30 });
    const taken = ["10.20.1.2", "10.20.1.3"].map((text) => ({ address: address(text), owner: text }));
    expect(refusal(() => allocateEndpointAddress({ layout: small, key: "web", taken }))).toEqual({
      code: "exhausted",
      message:
        "subnet 10.20.1.0/28 has no free address for web: all 2 of its endpoint range 10.20.1.2-10.20.1.3 are taken. Remove an endpoint or use a larger subnet.",
    });
  });

  /** Addresses in use depend on these: another result after a change of code would move them. */
  test.each([
    ["10.20.1.0/24", "10.20.1.31"],
    ["fd00:20:1::/64", "fd00:20:1::ec7f"],
  ])("web in %s gets the same address for ever", (text, expected) => {
    expect(formatAddress(allocateEndpointAddress({ layout: subnetLayout(cidr(text)), key: "web", taken: [] }))).toBe(
      expected,
    );
  });
});
