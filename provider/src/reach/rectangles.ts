/** Joins pairs of classes that are alike: first all senders to one receiver, then receivers with the same senders. */

import type { IntervalSet } from "../policy/intervals";
import type { EndClass } from "./classes";
import type { Pair } from "./reach";

/** What is said of one pair. */
export interface PairFact<Kind extends string> extends Pair {
  readonly kind: Kind;
  readonly transport: IntervalSet<number>;
  readonly by: readonly string[];
}

/** The same, of any of some classes to any of others. */
export interface Rectangle<Kind extends string> {
  readonly kind: Kind;
  readonly from: readonly EndClass[];
  readonly to: readonly EndClass[];
  readonly transport: IntervalSet<number>;
  /** Of all pairs, each once. */
  readonly by: readonly string[];
}

export function rectangles<Kind extends string>(facts: readonly PairFact<Kind>[]): readonly Rectangle<Kind>[] {
  const alike = ({ kind, transport, from }: PairFact<Kind>): string =>
    JSON.stringify([kind, transport.map(({ first, last }) => [first, last]), from.family]);
  const bySender = [...Map.groupBy(facts, (one) => `${alike(one)} ${one.to.id}`).values()].map((group) => {
    const [first] = group as [PairFact<Kind>, ...PairFact<Kind>[]];
    const from = group.map((one) => one.from).sort(byId);
    const key = `${alike(first)} ${from.map(({ id }) => id).join()}`;
    return { ...first, key, from, by: group.flatMap((one) => one.by) };
  });
  return [...Map.groupBy(bySender, ({ key }) => key).values()].map((group) => {
    const [{ kind, from, transport }] = group as [(typeof bySender)[number], ...typeof bySender];
    const by = [...new Set(group.flatMap((one) => one.by))].sort();
    return { kind, from, transport, to: group.map(({ to }) => to).sort(byId), by };
  });
}

const byId = (one: EndClass, other: EndClass): number => one.id - other.id;
