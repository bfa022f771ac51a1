/** What is judged alike, and the rules for it. */

import type { Family } from "../../model/address";
import { hash64 } from "../../model/hash";
import type { Resolver } from "../../policy/resolve";
import type { Direction, Policy } from "../../policy/rule";
import { type Cells, cellsOf } from "./cells";
import { type Variants, variantsOf } from "./dynamics";
import { type Entry, entriesOf } from "./entry";
import { Outcomes } from "./outcome";

/** Endpoints of one network to which the same policies apply, or the host itself, in one direction and family. */
export interface EndpointClass {
  /** Follows from the policies' names, so that a changed rule leaves it. */
  readonly name: string;
  /** `undefined`: the host itself. */
  readonly network: string | undefined;
  readonly policies: readonly string[];
  readonly direction: Direction;
  readonly family: Family;
  readonly cells: Cells;
  /** For peers that only the host knows. */
  readonly variants: Variants;
}

/** Makes classes, each once. */
export class EndpointClasses {
  private readonly outcomes: Outcomes;
  private readonly classes = new Map<string, EndpointClass>();

  /** @param now seconds since 1970 */
  constructor(
    private readonly resolver: Resolver,
    now: number,
  ) {
    this.outcomes = new Outcomes(now);
  }

  get all(): readonly EndpointClass[] {
    return [...this.classes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @param policies in the order of asking */
  of(policies: readonly Policy[], kind: Pick<EndpointClass, "direction" | "family" | "network">): EndpointClass {
    const { direction, family, network } = kind;
    const names = policies.map((policy) => policy.name);
    const hash = hash64([network ?? "", ...names].join("/"))
      .toString(36)
      .padStart(13, "0");
    const name = `${direction}${family}_${hash}`;
    let found = this.classes.get(name);
    if (found === undefined) {
      const entries = this.entries(policies, direction, network);
      const cells = cellsOf(entries, family, this.outcomes);
      found = { name, ...kind, policies: names, cells, variants: variantsOf(entries, family, this.outcomes) };
      this.classes.set(name, found);
    }
    return found;
  }

  private readonly listed = new Map<string, readonly Entry[]>();

  /** The same for both families. */
  private entries(policies: readonly Policy[], direction: Direction, network: string | undefined): readonly Entry[] {
    const key = [direction, network ?? "", ...policies.map((policy) => policy.name)].join("/");
    let found = this.listed.get(key);
    if (found === undefined) this.listed.set(key, (found = entriesOf(policies, direction, network, this.resolver)));
    return found;
  }
}
