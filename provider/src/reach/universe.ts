/** Who could stand at an end, whatever policies say: against them a name such as `any` is measured. */

import type { EndClass } from "./classes";
import type { Reach } from "./reach";

export interface Universes {
  readonly from: readonly EndClass[];
  readonly to: readonly EndClass[];
}

export function universes(reach: Reach, from: readonly EndClass[], to: readonly EndClass[]): Universes {
  return {
    from: reach.classes.filter((one) => to.some((end) => reach.leads(one, end))),
    to: reach.classes.filter((one) => from.some((end) => reach.leads(end, one))),
  };
}
