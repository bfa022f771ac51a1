import fc from "fast-check";
import { AddressBook, type Holding } from "../../../provider/src/ipam/address-book";
import { type Cidr, overlaps, parseCidr, sameCidr } from "../../../provider/src/model/cidr";
import { blockOf, parameters } from "./arbitraries";

const pools = ["10.0.0.0/24", "fd00::/120"].map((text) => parseCidr(text, "pool"));
const holding: fc.Arbitrary<Holding> = fc.oneof(
  ...pools.map((pool) => blockOf(pool, 8).filter((cidr) => cidr.prefixLength > pool.prefixLength + 1)),
  fc.integer({ min: 1, max: 6 }),
);
const domain = fc.constantFrom("fabric a", "fabric b");
const owner = fc.constantFrom("web", "db", "cache", "mail", "dns");
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("hold" as const), domain, owner, holding }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("release" as const), domain: fc.option(domain, { nil: undefined }), owner }),
  },
);

interface Entry {
  readonly domain: string;
  readonly owner: string;
  readonly holding: Holding;
}

function kind(holding: Holding): string {
  return typeof holding === "number" ? "number" : `IPv${holding.family}`;
}

function collide(a: Holding, b: Holding): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return overlaps(a, b);
}

/** What the book shall hold after one more step, as a plain list. */
function hold(
  entries: readonly Entry[],
  next: Entry,
): { readonly entries: readonly Entry[]; readonly blocker?: Entry } {
  const blocker = entries.find(
    (each) => each.domain === next.domain && each.owner !== next.owner && collide(each.holding, next.holding),
  );
  if (blocker !== undefined) return { entries, blocker };
  const others = entries.filter(
    (each) => each.domain !== next.domain || each.owner !== next.owner || kind(each.holding) !== kind(next.holding),
  );
  return { entries: [...others, next] };
}

test("the book holds what a plain list of entries would, after any steps", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const book = new AddressBook();
      let entries: readonly Entry[] = [];
      for (const each of steps) {
        if (each.do === "release") {
          book.release(each.owner, each.domain);
          entries = entries.filter(
            (entry) => entry.owner !== each.owner || (each.domain !== undefined && entry.domain !== each.domain),
          );
        } else {
          const error = book.hold(each.domain, each.owner, each.holding);
          const model = hold(entries, each);
          expect(error?.code).toBe(model.blocker !== undefined ? "conflict" : undefined);
          if (error !== undefined) expect(error.message).toContain(each.owner);
          entries = model.entries;
        }
        expectSame(book, entries);
      }
    }),
    parameters,
  );
});

function expectSame(book: AddressBook, entries: readonly Entry[]): void {
  for (const name of ["fabric a", "fabric b"]) {
    const inDomain = entries.filter((entry) => entry.domain === name);
    const blocks = inDomain.filter((entry): entry is Entry & { holding: Cidr } => typeof entry.holding !== "number");
    const taken = book.taken(name);
    expect(taken).toHaveLength(blocks.length);
    for (const block of blocks) {
      expect(taken.find((each) => sameCidr(each.cidr, block.holding))?.owner).toBe(block.owner);
    }
    const numbers = inDomain.filter((entry) => typeof entry.holding === "number");
    expect(new Map(book.takenNumbers(name).map(({ value, owner: holder }) => [value, holder]))).toEqual(
      new Map(numbers.map((entry) => [entry.holding, entry.owner])),
    );
  }
}
