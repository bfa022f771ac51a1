/** Joins pairs of classes that are alike: first all senders to one receiver, then receivers with the same senders. */

import { sweep } from "../compile/firewall/sweep";
import { type IntervalSet, intervalSet } from "../policy/intervals";
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
  const byReceiver = Map.groupBy(facts, ({ kind, to }) => `${kind} ${to.id}`);
  const rows = [...byReceiver.values()].flatMap(sendersTo);
  return [...Map.groupBy(rows, ({ key }) => key).values()].map((group) => {
    const [{ kind, from, transport }] = group as [(typeof rows)[number], ...typeof rows];
    return {
      kind,
      from,
      transport,
      to: group.map(({ to }) => to).sort(byId),
      by: unique(group.flatMap(({ by }) => by)),
    };
  });
}

interface Row<Kind extends string> extends Omit<Rectangle<Kind>, "to"> {
  readonly to: EndClass;
  /** Equal for rows that differ in the receiver alone. */
  readonly key: string;
}

/** Of one receiver: who sends the same is told at once, whatever else some of them send. */
function sendersTo<Kind extends string>(facts: readonly PairFact<Kind>[]): readonly Row<Kind>[] {
  const [{ kind, to }] = facts as readonly [PairFact<Kind>, ...PairFact<Kind>[]];
  const stretches = sweep(
    facts.map((fact, order) => ({ ...fact, order })),
    ({ transport }) => transport,
    (active) => [...active],
  );
  const sendersOf = (entries: readonly PairFact<Kind>[]): string =>
    unique(entries.map(({ from }) => String(from.id))).join();
  return [...Map.groupBy(stretches, ({ entries }) => sendersOf(entries))].map(([senders, pieces]) => {
    const entries = pieces.flatMap((piece) => piece.entries);
    const from = [...new Map(entries.map((one) => [one.from.id, one.from])).values()].sort(byId);
    const transport = intervalSet(pieces);
    const key = JSON.stringify([kind, to.family, senders, transport.map(({ first, last }) => [first, last])]);
    return { kind, from, to, transport, by: unique(entries.flatMap(({ by }) => by)), key };
  });
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();

const byId = (one: EndClass, other: EndClass): number => one.id - other.id;
