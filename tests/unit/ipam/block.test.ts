import { allocateMany } from "../../../provider/src/ipam/batch";
import { allocateBlock, claimBlock, type Taken } from "../../../provider/src/ipam/block";
import { formatCidr, nthSubnet, parseCidr } from "../../../provider/src/model/cidr";
import { refusal } from "../model/messages";

const cidr = (text: string) => parseCidr(text, "cidr");
const held = (owner: string, text: string): Taken => ({ owner, cidr: cidr(text) });
const pool = cidr("10.20.0.0/20");

/** Networks in use depend on these: another result after a change of code would move them. */
test.each([
  ["web", "10.20.0.0/16", 24, "10.20.169.0/24"],
  ["db", "10.20.0.0/16", 24, "10.20.209.0/24"],
  ["web", "fd00:20::/32", 64, "fd00:20:7cbd:25a9::/64"],
])("%s in %s gets the same /%i for ever", (key, from, prefixLength, block) => {
  expect(formatCidr(allocateBlock({ pool: cidr(from), prefixLength, key, taken: [] }))).toBe(block);
});

test.each([
  [
    "some room, but no block as large",
    22,
    [held("a", "10.20.1.0/24"), held("b", "10.20.4.0/22"), held("c", "10.20.10.0/23"), held("d", "10.20.12.128/25")],
    "pool 10.20.0.0/20 has no free /22 block for web; free: 10.20.2.0/23, 10.20.8.0/23, 10.20.14.0/23 (and 3 more)." +
      " Ask for /23 or smaller, release a block, or widen the pool.",
  ],
  [
    "three free blocks are all named",
    21,
    [held("a", "10.20.0.0/22"), held("b", "10.20.8.0/22"), held("c", "10.20.14.0/23")],
    "pool 10.20.0.0/20 has no free /21 block for web; free: 10.20.4.0/22, 10.20.12.0/23." +
      " Ask for /22 or smaller, release a block, or widen the pool.",
  ],
  [
    "no room at all",
    28,
    [held("a", "10.20.0.0/21"), held("b", "10.20.8.0/21")],
    "pool 10.20.0.0/20 has no free /28 block for web; nothing in it is free. Release a block or widen the pool.",
  ],
])("exhausted: %s", (_name, prefixLength, taken, message) => {
  expect(refusal(() => allocateBlock({ pool, prefixLength, key: "web", taken }))).toEqual({
    code: "exhausted",
    message,
  });
});

test.each([
  [19, "pool 10.20.0.0/20 cannot hold a block with prefix length 19. Write a whole number from 20 to 32."],
  [33, "pool 10.20.0.0/20 cannot hold a block with prefix length 33. Write a whole number from 20 to 32."],
  [24.5, "pool 10.20.0.0/20 cannot hold a block with prefix length 24.5. Write a whole number from 20 to 32."],
])("a prefix length of %d does not fit a /20", (prefixLength, message) => {
  expect(refusal(() => allocateBlock({ pool, prefixLength, key: "web", taken: [] }))).toEqual({
    code: "invalid-input",
    message,
  });
});

test("a thousand blocks of a pool with 2^56 slots take no walk", () => {
  const wide = cidr("fd00::/8");
  // The preferred slot and a long run after it are in use, as one large block.
  const first = allocateBlock({ pool: wide, prefixLength: 64, key: "web", taken: [] });
  const index = (first.base - wide.base) >> 64n;
  const blocking = Array.from({ length: 1000 }, (_, number) => ({
    cidr: nthSubnet(wide, 40, (index >> 24n) + BigInt(number)),
    owner: `other ${number}`,
  }));
  const after = nthSubnet(wide, 40, (index >> 24n) + 1000n);
  expect(allocateBlock({ pool: wide, prefixLength: 64, key: "web", taken: blocking }).base).toBe(after.base);
});

describe("claiming a block by name", () => {
  const taken = [held("web", "10.20.0.0/22"), held("db", "10.20.4.0/24")];
  const reserved = [cidr("10.20.8.0/22")];
  const choose = "Choose a block from the free space: 10.20.4.0/22, 10.20.12.0/22.";

  test.each([
    ["free", "10.20.12.0/24", []],
    ["one's own", "10.20.4.0/24", []],
    ["around one's own", "10.20.4.0/22", []],
    ["outside", "10.30.0.0/24", [`10.30.0.0/24 is not inside pool 10.20.0.0/20. ${choose}`]],
    ["of the other family", "fd00::/64", [`fd00::/64 is not inside pool 10.20.0.0/20. ${choose}`]],
    ["another's", "10.20.0.0/22", [`10.20.0.0/22 is taken by web. ${choose}`]],
    ["part of another's", "10.20.1.0/24", [`10.20.1.0/24 overlaps 10.20.0.0/22 of web. ${choose}`]],
    ["reserved", "10.20.9.0/24", [`10.20.9.0/24 overlaps the reserved 10.20.8.0/22. ${choose}`]],
    [
      "larger than the pool",
      "10.0.0.0/8",
      [
        `10.0.0.0/8 is not inside pool 10.20.0.0/20. ${choose}`,
        `10.0.0.0/8 overlaps 10.20.0.0/22 of web. ${choose}`,
        `10.0.0.0/8 overlaps the reserved 10.20.8.0/22. ${choose}`,
      ],
    ],
  ])("that is %s", (_name, text, messages) => {
    const errors = claimBlock({ pool, cidr: cidr(text), owner: "db", taken, reserved });
    expect(errors.map(({ message }) => message)).toEqual(messages);
  });
});

test("claiming in a full pool names no free space", () => {
  const errors = claimBlock({ pool, cidr: cidr("10.20.1.0/24"), owner: "db", taken: [held("web", "10.20.0.0/20")] });
  expect(errors.map(({ code, message }) => [code, message])).toEqual([
    ["conflict", "10.20.1.0/24 overlaps 10.20.0.0/20 of web. Release a block or widen the pool."],
  ]);
});

test("a block that the state shows for two owners is not kept by the one who asks", () => {
  const taken = [held("web", "10.20.1.0/24"), held("db", "10.20.0.0/22")];
  const block = allocateBlock({ pool, prefixLength: 24, key: "web", taken });
  expect(claimBlock({ pool, cidr: block, owner: "web", taken })).toEqual([]);
});

describe("many at once", () => {
  test("large blocks are placed before small ones, so that both halves of a pool can be used", () => {
    const requests = [
      ...Array.from({ length: 8 }, (_, index) => ({ key: `small${index}`, prefixLength: 24 })),
      { key: "large", prefixLength: 21 },
    ];
    const result = allocateMany({ pool, requests, held: new Map() });
    expect(result.get("large")?.prefixLength).toBe(21);
    expect(new Set([...result.values()].map(formatCidr)).size).toBe(9);
  });

  test("what a changed or vanished key held is free at once", () => {
    const holdings = new Map([
      ["gone", cidr("10.20.0.0/21")],
      ["resized", cidr("10.20.8.0/21")],
    ]);
    const requests = [
      { key: "new", prefixLength: 21 },
      { key: "resized", prefixLength: 22 },
    ];
    const result = allocateMany({ pool, requests, held: holdings });
    expect([result.get("new")?.prefixLength, result.get("resized")?.prefixLength]).toEqual([21, 22]);
  });

  test("a block outside the pool, as after a change of pool, is not kept", () => {
    const requests = [{ key: "web", prefixLength: 24 }];
    const result = allocateMany({ pool, requests, held: new Map([["web", cidr("10.99.0.0/24")]]) });
    expect(formatCidr(result.get("web") ?? pool)).toMatch(/^10\.20\./);
  });

  test.each([
    [
      "a key asked for twice",
      [
        { key: "web", prefixLength: 24 },
        { key: "web", prefixLength: 25 },
      ],
      new Map(),
      { code: "invalid-input", message: "web asks for two blocks. Give each its own name." },
    ],
    [
      "two kept blocks that overlap",
      [
        { key: "web", prefixLength: 24 },
        { key: "db", prefixLength: 22 },
      ],
      new Map([
        ["web", cidr("10.20.1.0/24")],
        ["db", cidr("10.20.0.0/22")],
      ]),
      {
        code: "conflict",
        message: "10.20.0.0/22 of db overlaps 10.20.1.0/24 of web. Refresh the state, then replace one of the two.",
      },
    ],
  ])("refused: %s", (_name, requests, holdings, error) => {
    expect(refusal(() => allocateMany({ pool, requests, held: holdings }))).toEqual(error);
  });
});
