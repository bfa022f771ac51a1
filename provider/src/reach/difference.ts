/** What a change opens and closes: flows whose verdict is another one after it. */

import { intervalSet } from "../policy/intervals";
import { combinePieces } from "../policy/pieces";
import type { Decision, Line, Verdict } from "./line";
import type { Pair, Reach } from "./reach";
import { type PairFact, type Rectangle, rectangles } from "./rectangles";

/** `may …`: as far as it depends on what only hosts know. */
export type Effect = "opens" | "closes" | "may open" | "may close";

/**
 * Flows from any of some classes to any of others that change alike; `by` is what decides after the change, or decided
 * before it where nothing does any more.
 */
export type FlowChange = Rectangle<Effect>;

interface Step {
  readonly effect: Effect;
  readonly by: readonly string[];
  readonly key: string;
}

/**
 * @param before index of a version
 * @param concerns whether a change between two decisions is of interest
 */
export function differences(
  reach: Reach,
  before: number,
  after: number,
  concerns: (pair: Pair, before: Decision, after: Decision) => boolean = () => true,
): readonly FlowChange[] {
  const found = reach.pairs().flatMap((pair) => {
    const [one, other] = [reach.line(pair, before), reach.line(pair, after)];
    return one === other ? [] : changesOf(pair, one, other, concerns);
  });
  return rectangles(found);
}

function changesOf(
  pair: Pair,
  before: Line,
  after: Line,
  concerns: (pair: Pair, before: Decision, after: Decision) => boolean,
): readonly PairFact<Effect>[] {
  const steps = combinePieces<number, Decision | Step>(
    before,
    after,
    (one, other) => {
      const [old, next] = [one as Decision, other as Decision];
      return concerns(pair, old, next) ? stepOf(old, next) : undefined;
    },
    { equal: (one, other) => (one as Step).key === (other as Step).key },
  ) as readonly { readonly first: number; readonly last: number; readonly value: Step }[];
  return [...Map.groupBy(steps, ({ value }) => value.key).values()].map((pieces) => {
    const { effect, by } = (pieces[0] as (typeof pieces)[number]).value;
    return { ...pair, kind: effect, by, transport: intervalSet(pieces) };
  });
}

const levels: Readonly<Record<Verdict, number>> = { deny: 0, depends: 1, allow: 2 };

function stepOf(before: Decision, after: Decision): Step | undefined {
  const rise = levels[after.verdict] - levels[before.verdict];
  if (rise === 0) return undefined;
  const effect: Effect =
    rise > 0 ? (after.verdict === "allow" ? "opens" : "may open") : after.verdict === "deny" ? "closes" : "may close";
  const by = after.by.length > 0 ? after.by : before.by;
  return { effect, by, key: `${effect} ${by.join()}` };
}
