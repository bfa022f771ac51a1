/** One answer out of what becomes of the pairs. */

import type { Outcome } from "./question";
import type { PairFact } from "./rectangles";

/** `partly`: some of it is, some is not; `depends`: on what only hosts find out; `unreachable`: no way at all. */
export type Answer = "allowed" | "denied" | "partly" | "depends" | "unreachable";

export interface Verdict {
  readonly answer: Answer;
  readonly facts: readonly PairFact<Outcome>[];
}

/** @param strict whether each of the pairs must have a way: of blocks of addresses, which may be anywhere, one will do */
export function verdictOf(facts: readonly PairFact<Outcome>[], strict: boolean): Verdict {
  const ways = facts.filter(({ kind }) => kind !== "no way");
  const asked = strict || ways.length === 0 ? facts : ways;
  const kinds = new Set(asked.map(({ kind }) => kind));
  const is = (...only: readonly Outcome[]): boolean => [...kinds].every((kind) => only.includes(kind));
  const answer =
    ways.length === 0
      ? "unreachable"
      : is("allow")
        ? "allowed"
        : is("deny", "no way")
          ? "denied"
          : kinds.has("allow")
            ? "partly"
            : "depends";
  return { answer, facts: asked };
}
