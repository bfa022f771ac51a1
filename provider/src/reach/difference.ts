/** What a change opens and closes: flows whose verdict is another one after it. */

import { type IntervalSet, intervalSet } from "../policy/intervals";
import { combinePieces } from "../policy/pieces";
import type { EndClass } from "./classes";
import type { Decision, Line, Verdict } from "./line";
import type { Pair, Reach } from "./reach";

/** `may …`: as far as it depends on what only hosts know. */
export type Effect = "opens" | "closes" | "may open" | "may close";

/** Flows from any of some classes to any of others that change alike. */
export interface FlowChange {
  readonly effect: Effect;
  readonly from: readonly EndClass[];
  readonly to: readonly EndClass[];
  readonly transport: IntervalSet<number>;
  /** `POLICY/RULE` of what decides after the change, or decided before it where nothing does any more. */
  readonly by: readonly string[];
}

interface PairChange extends Pair {
  readonly effect: Effect;
  readonly transport: IntervalSet<number>;
  readonly by: readonly string[];
}

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
): readonly PairChange[] {
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
    return { ...pair, effect, by, transport: intervalSet(pieces) };
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

/** Joins pairs that change alike: first all senders to one receiver, then receivers with the same senders. */
function rectangles(changes: readonly PairChange[]): readonly FlowChange[] {
  const alike = (one: PairChange): string =>
    JSON.stringify([one.effect, one.transport.map(({ first, last }) => [first, last]), one.from.family]);
  const bySender = [...Map.groupBy(changes, (one) => `${alike(one)} ${one.to.id}`).values()].map((group) => {
    const [first] = group as [PairChange, ...PairChange[]];
    const from = group.map((one) => one.from).sort(byId);
    return {
      ...first,
      key: `${alike(first)} ${from.map(({ id }) => id).join()}`,
      from,
      by: group.flatMap((one) => one.by),
    };
  });
  return [...Map.groupBy(bySender, ({ key }) => key).values()].map((group) => {
    const [{ effect, from, transport }] = group as [(typeof bySender)[number], ...typeof bySender];
    const by = [...new Set(group.flatMap((one) => one.by))].sort();
    return { effect, from, transport, to: group.map(({ to }) => to).sort(byId), by };
  });
}

const byId = (one: EndClass, other: EndClass): number => one.id - other.id;
