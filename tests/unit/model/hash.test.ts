import { avalanche, fnv1a64, hash64 } from "../../../provider/src/model/hash";

test.each([
  ["", 0xcbf29ce484222325n],
  ["a", 0xaf63dc4c8601ec8cn],
  ["foobar", 0x85944171f73967e8n],
])("FNV-1a gives the published value for %j", (text, value) => {
  expect(fnv1a64(text)).toBe(value);
});

test("the avalanche gives the values of MurmurHash3's finaliser", () => {
  expect(avalanche(0n)).toBe(0n);
  expect(avalanche(1n)).toBe(0xb456bcfc34c2cb2cn);
});

/** Addresses in use follow from these values: a change here moves every network of every user. */
test.each([
  ["", 0xefd01f60ba992926n],
  ["web", 0x8b8f9c357cbd25a9n],
  ["host-1", 0x28ad179c6f9086dcn],
  ["netz-süd", 0xf4c576d283a6cef3n],
])("the hash of %j never changes", (text, value) => {
  expect(hash64(text)).toBe(value);
});

test("names that differ in their last digit spread over all sixteen slots", () => {
  const slots = new Set(Array.from({ length: 100 }, (_, index) => hash64(`host-${index}`) % 16n));
  expect(slots.size).toBe(16);
});
