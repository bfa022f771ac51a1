import { formatAddress, parseAddress } from "../../../provider/src/model/address";
import {
  addressToCidr,
  contains,
  firstAddress,
  formatCidr,
  lastAddress,
  nthSubnet,
  overlaps,
  parseCidr,
  size,
} from "../../../provider/src/model/cidr";
import { refusal } from "./messages";

const address = (text: string) => parseAddress(text, "address");
const cidr = (text: string) => parseCidr(text, "cidr");

describe("addresses", () => {
  test.each([
    ["an IPv4 address", "10.20.1.5", "10.20.1.5"],
    ["the lowest IPv4 address", "0.0.0.0", "0.0.0.0"],
    ["the highest IPv4 address", "255.255.255.255", "255.255.255.255"],
    ["an IPv6 address in capitals", "2001:DB8::A", "2001:db8::a"],
    ["IPv6 leading zeros", "2001:0db8:0000::0001", "2001:db8::1"],
    ["the longest run of zeros is shortened", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["the first of two equal runs is shortened", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["one zero group is not shortened", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["the unspecified IPv6 address", "0:0:0:0:0:0:0:0", "::"],
    ["dotted decimal within IPv6", "64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
  ])("canonical form: %s", (_name, text, canonical) => {
    expect(formatAddress(address(text))).toBe(canonical);
  });

  test.each([
    [
      "no text",
      "",
      'address: the value is not an IP address (got ""). Write an address such as 192.0.2.10 or 2001:db8::10.',
    ],
    [
      "leading zeros, which some read as octal",
      "010.0.0.1",
      'address: the value is not an IP address (got "010.0.0.1"). Write an address such as 192.0.2.10 or 2001:db8::10.',
    ],
    [
      "a CIDR",
      "10.0.0.1/24",
      'address: the value is not an IP address (got "10.0.0.1/24"). Write the address alone, without a prefix length.',
    ],
    [
      "an IPv4-mapped address",
      "::ffff:192.0.2.1",
      'address: the value is an IPv4-mapped IPv6 address (got "::ffff:192.0.2.1"). Write the IPv4 address 192.0.2.1.',
    ],
    [
      "a zone",
      "fe80::1%eth0",
      'address: the value is not an IP address (got "fe80::1%eth0"). Write an address such as 192.0.2.10 or 2001:db8::10.',
    ],
  ])("refused: %s", (_name, text, message) => {
    expect(refusal(() => address(text))).toEqual({ code: "invalid-input", message });
  });

  test.each([
    "1.2.3",
    "1.2.3.256",
    " 1.2.3.4",
    "1.2.3.4\n",
    "0x7f.0.0.1",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "[::1]",
    "::g",
    "12345::",
  ])("refused: %j", (text) => {
    expect(refusal(() => address(text)).code).toBe("invalid-input");
  });

  test("a long refused text is not repeated whole", () => {
    expect(refusal(() => address("x".repeat(10_000))).message.length).toBeLessThan(300);
  });
});

describe("CIDRs", () => {
  test.each([
    ["10.20.1.0/24", "10.20.1.0", "10.20.1.255", 256n],
    ["0.0.0.0/0", "0.0.0.0", "255.255.255.255", 2n ** 32n],
    ["192.0.2.7/32", "192.0.2.7", "192.0.2.7", 1n],
    ["192.0.2.6/31", "192.0.2.6", "192.0.2.7", 2n],
    ["fd00:20:1::/64", "fd00:20:1::", "fd00:20:1:0:ffff:ffff:ffff:ffff", 2n ** 64n],
    ["::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2n ** 128n],
    ["2001:db8::1/128", "2001:db8::1", "2001:db8::1", 1n],
  ])("%s spans %s to %s", (text, first, last, addresses) => {
    const block = cidr(text);
    expect([
      formatCidr(block),
      formatAddress(firstAddress(block)),
      formatAddress(lastAddress(block)),
      size(block),
    ]).toEqual([text, first, last, addresses]);
  });

  test.each([
    [
      "host bits set",
      "10.20.1.5/24",
      'cidr: the value has host bits set (got "10.20.1.5/24"). Write 10.20.1.0/24 for the block or 10.20.1.5/32 for the one address.',
    ],
    [
      "IPv6 host bits set",
      "FD00::1/64",
      'cidr: the value has host bits set (got "FD00::1/64"). Write fd00::/64 for the block or fd00::1/128 for the one address.',
    ],
    [
      "no prefix length",
      "10.20.1.0",
      'cidr: the value has no prefix length (got "10.20.1.0"). Write 10.20.1.0/32 for this one address.',
    ],
    [
      "a prefix length beyond the family's",
      "10.20.1.0/33",
      'cidr: the value has no valid prefix length after the slash (got "10.20.1.0/33"). Write a whole number from 0 to 32.',
    ],
    [
      "an IPv6 prefix length beyond 128",
      "fd00::/129",
      'cidr: the value has no valid prefix length after the slash (got "fd00::/129"). Write a whole number from 0 to 128.',
    ],
    [
      "no address",
      "web/24",
      'cidr: the value is not a CIDR (got "web/24"). Write one such as 10.20.1.0/24 or fd00:20:1::/64.',
    ],
    [
      "IPv4-mapped",
      "::ffff:0:0/96",
      'cidr: the value is an IPv4-mapped IPv6 block (got "::ffff:0:0/96"). Write the IPv4 CIDR.',
    ],
  ])("refused: %s", (_name, text, message) => {
    expect(refusal(() => cidr(text))).toEqual({ code: "invalid-input", message });
  });

  test.each([
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/8 ",
    "10.0.0.0/1e1",
    "/8",
    "10.0.0.0/255.0.0.0",
  ])("refused: %j", (text) => {
    expect(refusal(() => cidr(text)).code).toBe("invalid-input");
  });

  test.each([
    ["a block contains itself", "10.0.0.0/8", "10.0.0.0/8", true, true],
    ["a block contains a smaller one", "10.0.0.0/8", "10.255.0.0/16", true, true],
    ["a smaller one overlaps but does not contain", "10.255.0.0/16", "10.0.0.0/8", false, true],
    ["neighbours share nothing", "10.0.0.0/9", "10.128.0.0/9", false, false],
    ["families share nothing", "0.0.0.0/0", "::/0", false, false],
  ])("%s", (_name, outer, inner, contained, overlapping) => {
    expect([contains(cidr(outer), cidr(inner)), overlaps(cidr(outer), cidr(inner))]).toEqual([contained, overlapping]);
  });

  test("subnets of a block are numbered from 0", () => {
    expect([0n, 1n, 255n].map((index) => formatCidr(nthSubnet(cidr("10.20.0.0/16"), 24, index)))).toEqual([
      "10.20.0.0/24",
      "10.20.1.0/24",
      "10.20.255.0/24",
    ]);
    expect(refusal(() => nthSubnet(cidr("10.20.0.0/16"), 24, 256n)).code).toBe("internal");
    expect(refusal(() => nthSubnet(cidr("10.20.0.0/16"), 8, 0n)).code).toBe("internal");
  });

  test("an address is the block of one", () => {
    expect([formatCidr(addressToCidr(address("192.0.2.7"))), formatCidr(addressToCidr(address("fd00::7")))]).toEqual([
      "192.0.2.7/32",
      "fd00::7/128",
    ]);
  });
});
