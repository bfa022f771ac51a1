import { parseAddress } from "../../../provider/src/model/address";
import { formatCidr, parseCidr } from "../../../provider/src/model/cidr";
import {
  addressRange,
  formatRange,
  freeSpace,
  rangeOf,
  rangeToCidrs,
  rangesOverlap,
  subtractRanges,
} from "../../../provider/src/model/range";
import { refusal } from "./messages";

function range(text: string) {
  const [first = "", last = first] = text.split("-");
  return addressRange(parseAddress(first, "first"), parseAddress(last, "last"));
}
const cidr = (text: string) => parseCidr(text, "cidr");

test.each([
  ["nothing removed leaves all", "10.0.0.0-10.0.0.9", [], ["10.0.0.0-10.0.0.9"]],
  ["a hole in the middle", "10.0.0.0-10.0.0.9", ["10.0.0.3-10.0.0.4"], ["10.0.0.0-10.0.0.2", "10.0.0.5-10.0.0.9"]],
  ["both ends cut", "10.0.0.0-10.0.0.9", ["10.0.0.9-10.0.0.20", "9.0.0.0-10.0.0.0"], ["10.0.0.1-10.0.0.8"]],
  [
    "one hole inside another",
    "10.0.0.0-10.0.0.9",
    ["10.0.0.1-10.0.0.8", "10.0.0.3"],
    ["10.0.0.0-10.0.0.0", "10.0.0.9-10.0.0.9"],
  ],
  ["all removed", "10.0.0.0-10.0.0.9", ["10.0.0.0-10.0.0.4", "10.0.0.5-10.0.0.9"], []],
  ["the other family removes nothing", "10.0.0.0-10.0.0.1", ["::-ffff::"], ["10.0.0.0-10.0.0.1"]],
  [
    "the end of the address space",
    "255.255.255.254-255.255.255.255",
    ["255.255.255.255"],
    ["255.255.255.254-255.255.255.254"],
  ],
])("subtracting ranges: %s", (_name, from, removed, left) => {
  expect(subtractRanges(range(from), removed.map(range)).map(formatRange)).toEqual(left);
});

test.each([
  ["one address", "10.0.0.1-10.0.0.1", ["10.0.0.1/32"]],
  ["an aligned block", "10.0.0.0-10.0.0.255", ["10.0.0.0/24"]],
  [
    "a quarter without network address and gateway",
    "10.0.0.2-10.0.0.15",
    ["10.0.0.2/31", "10.0.0.4/30", "10.0.0.8/29"],
  ],
  ["all of IPv4", "0.0.0.0-255.255.255.255", ["0.0.0.0/0"]],
  ["all of IPv6", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["::/0"]],
  ["unaligned at both ends", "fd00::ff-fd00::101", ["fd00::ff/128", "fd00::100/127"]],
])("the fewest blocks of %s", (_name, text, blocks) => {
  expect(rangeToCidrs(range(text)).map(formatCidr)).toEqual(blocks);
});

test("free space is named by the largest blocks in order of address", () => {
  const taken = ["10.20.1.0/24", "10.20.8.0/21", "10.20.4.128/25", "10.20.8.0/24", "fd00::/8", "10.30.0.0/16"].map(
    cidr,
  );
  expect(freeSpace(cidr("10.20.0.0/20"), taken).map(formatCidr)).toEqual([
    "10.20.0.0/24",
    "10.20.2.0/23",
    "10.20.4.0/25",
    "10.20.5.0/24",
    "10.20.6.0/23",
  ]);
  expect(freeSpace(cidr("10.20.0.0/20"), [cidr("10.0.0.0/8")])).toEqual([]);
});

test("ranges that touch do not overlap", () => {
  expect(rangesOverlap(range("10.0.0.0-10.0.0.4"), range("10.0.0.5-10.0.0.9"))).toBe(false);
  expect(rangesOverlap(range("10.0.0.0-10.0.0.5"), range("10.0.0.5-10.0.0.9"))).toBe(true);
  expect(rangesOverlap(rangeOf(cidr("0.0.0.0/0")), rangeOf(cidr("::/0")))).toBe(false);
});

test("a range in the wrong order is a defect", () => {
  expect(refusal(() => range("10.0.0.2-10.0.0.1")).code).toBe("internal");
  expect(refusal(() => range("10.0.0.2-fd00::1")).code).toBe("internal");
});
