/** How many elements a change takes away and adds, where it does nothing else: the host's listing tells then whether that was all. */

import type { NftCommand } from "./program";

export interface ElementCounts {
  readonly gone: number;
  readonly come: number;
}

interface Kinds {
  readonly element?: { readonly elem: readonly unknown[] };
  readonly set?: unknown;
}

/** `undefined` where it changes more than elements. Sets that are emptied are those that the host fills. */
export function elementCounts(commands: readonly NftCommand[]): ElementCounts | undefined {
  let [gone, come] = [0, 0];
  for (const command of commands as readonly {
    readonly add?: Kinds;
    readonly delete?: Kinds;
    readonly flush?: Kinds;
  }[]) {
    if (command.add?.element !== undefined) come += command.add.element.elem.length;
    else if (command.delete?.element !== undefined) gone += command.delete.element.elem.length;
    else if (command.flush?.set === undefined) return undefined;
  }
  return { gone, come };
}
