import { AddressBook } from "../../../provider/src/ipam/address-book";
import { allocateNumber, claimNumber } from "../../../provider/src/ipam/number";
import { parseCidr } from "../../../provider/src/model/cidr";
import { refusal } from "../model/messages";

const range = { start: 4096, end: 4099 };
const all = [4096, 4097, 4098, 4099].map((value) => ({ value, owner: `net${value}` }));
const cidr = (text: string) => parseCidr(text, "cidr");

test("a full range is exhausted", () => {
  expect(refusal(() => allocateNumber({ range, key: "web", taken: all, noun: "VNI" }))).toEqual({
    code: "exhausted",
    message: "the VNI range 4096-4099 has no free VNI for web. Widen the range or release a VNI.",
  });
});

test("a number that the state shows for two owners is not kept by the one who asks", () => {
  const taken = [4096, 4097, 4098].map((value) => ({ value, owner: "db" }));
  for (const { value } of taken) {
    expect(allocateNumber({ range, key: "web", taken: [{ value, owner: "web" }, ...taken] })).toBe(4099);
  }
});

test.each([
  ["free", 4097, all.slice(0, 1), []],
  ["its own", 4096, [{ value: 4096, owner: "web" }], []],
  ["taken", 4096, all.slice(0, 2), ["VNI 4096 is taken by net4096. Choose a free one, for example 4098."]],
  ["taken in a full range", 4096, all, ["VNI 4096 is taken by net4096. Widen the range or release a VNI."]],
  [
    "out of range",
    5000,
    all.slice(0, 1),
    ["VNI 5000 is not in the range 4096-4099. Choose a free one, for example 4097."],
  ],
  [
    "out of range and taken",
    5000,
    [{ value: 5000, owner: "old" }],
    [
      "VNI 5000 is not in the range 4096-4099. Choose a free one, for example 4096.",
      "VNI 5000 is taken by old. Choose a free one, for example 4096.",
    ],
  ],
])("claiming a number that is %s", (_name, value, taken, messages) => {
  const errors = claimNumber({ range, value, owner: "web", taken, noun: "VNI" });
  expect(errors.map(({ message }) => message)).toEqual(messages);
});

describe("the address book names both owners", () => {
  test.each([
    [
      "the same block",
      "10.20.0.0/24",
      "10.20.0.0/24",
      "db asks for 10.20.0.0/24, which web holds. Change one of the two.",
    ],
    [
      "part of a block",
      "10.20.0.0/20",
      "10.20.1.0/24",
      "db asks for 10.20.1.0/24, which overlaps 10.20.0.0/20 that web holds. Change one of the two.",
    ],
    [
      "the same address",
      "10.20.0.5/32",
      "10.20.0.5/32",
      "db asks for 10.20.0.5, which web holds. Change one of the two.",
    ],
    [
      "the same IPv6 address",
      "fd00::5/128",
      "fd00::5/128",
      "db asks for fd00::5, which web holds. Change one of the two.",
    ],
  ])("%s", (_name, first, second, message) => {
    const book = new AddressBook();
    expect(book.hold("fabric", "web", cidr(first))).toBeUndefined();
    expect(book.hold("fabric", "db", cidr(second))?.message).toBe(message);
    expect(book.hold("other fabric", "db", cidr(second))).toBeUndefined();
  });

  test("the same number", () => {
    const book = new AddressBook();
    expect(book.hold("fabric", "web", 4096)).toBeUndefined();
    expect(book.hold("fabric", "db", 4096)?.message).toBe("db asks for 4096, which web holds. Change one of the two.");
  });

  test("one owner holds a block of each family and a number at once, and gives all back", () => {
    const book = new AddressBook();
    for (const holding of [cidr("10.20.0.0/24"), cidr("fd00::/64"), 4096]) {
      expect(book.hold("fabric", "web", holding)).toBeUndefined();
    }
    expect([book.taken("fabric").length, book.takenNumbers("fabric").length]).toEqual([2, 1]);
    book.release("web");
    expect([book.taken("fabric"), book.takenNumbers("fabric")]).toEqual([[], []]);
  });
});
