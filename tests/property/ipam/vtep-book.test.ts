import fc from "fast-check";
import { VtepBook } from "../../../provider/src/ipam/vtep-book";
import { peerSetOf, samePeerSet, withoutPeer, withPeer } from "../../../provider/src/model/peer-set";

const fleet = fc.uniqueArray(
  fc.oneof(
    fc.ipV4(),
    fc.nat(99_999).map((at) => `2001:db8::${at.toString(16)}`),
  ),
  { minLength: 2, maxLength: 60 },
);

test("a set of peers does not depend on their order", () => {
  fc.assert(
    fc.property(fleet, (members) => {
      expect(peerSetOf([...members].reverse())).toEqual(peerSetOf(members));
    }),
  );
});

test("taking one out is the set of the others, and putting it back the set of all", () => {
  fc.assert(
    fc.property(fleet, fc.nat(), (members, at) => {
      const own = members[at % members.length] ?? "";
      const others = members.filter((member) => member !== own);
      expect(withoutPeer(peerSetOf(members), own)).toEqual(peerSetOf(others));
      expect(withPeer(peerSetOf(others), own)).toEqual(peerSetOf(members));
    }),
  );
});

test("one more, one less or another one is another set", () => {
  fc.assert(
    fc.property(fleet, fc.nat(), (members, at) => {
      const own = members[at % members.length] ?? "";
      const others = members.filter((member) => member !== own);
      for (const changed of [others, [...members, "192.0.2.256"], [...others, "192.0.2.256"]]) {
        expect(samePeerSet(peerSetOf(members), peerSetOf(changed))).toBe(false);
      }
    }),
  );
});

test("the book gives each member the others, of every subnet that was written down and of no other", () => {
  fc.assert(
    fc.property(fleet, fleet, (one, other) => {
      const book = new VtepBook();
      for (const members of [one, other]) book.note(members);
      for (const members of [one, other]) {
        for (const own of members) {
          const peers = book.peers(withoutPeer(peerSetOf(members), own), own);
          expect([...(peers ?? [])].sort()).toEqual(members.filter((member) => member !== own).sort());
        }
      }
      expect(book.peers(peerSetOf(["192.0.2.256"]), "192.0.2.257")).toBeUndefined();
    }),
  );
});
