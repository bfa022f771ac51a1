import type { AddressBook } from "../ipam/address-book";
import { allocateNumber, claimNumber } from "../ipam/number";
import { Problems } from "../model/problems";
import type { VniRange } from "../model/vni";
import type { Value } from "../rpc/value";
import type { Asker } from "./allocation";
import { hold } from "./allocation";
import type { Holdings } from "./ledger-holdings";

interface VniInputs {
  readonly fabric: string;
  readonly vniRange: VniRange;
  /** The one that is asked for; `undefined` for any. */
  readonly vni: number | undefined;
}

/** The VNI that is asked for, else the one held, else a free one of the range; noted in the book. */
export function decideVni(
  asker: Asker,
  { fabric, vniRange: range, vni: wanted }: VniInputs,
  held: Value | undefined,
  holdings: Holdings,
  book: AddressBook,
): number {
  const owner = asker.name;
  const taken = [...book.takenNumbers(fabric), ...holdings.vnis];
  const noun = "VNI";
  if (wanted !== undefined) {
    const problems = new Problems();
    const errors = claimNumber({ range, value: wanted, owner, taken, noun });
    problems.add(...errors.map((error) => error.at({ property: "vni" })));
    problems.throwIfAny();
  }
  const mine = typeof held === "number" ? [{ value: held, owner }] : [];
  const vni = wanted ?? allocateNumber({ range, key: owner, taken: [...mine, ...taken], noun });
  hold(book, fabric, owner, vni);
  return vni;
}
