/** What is allowed between whom, in rows for people. */

import type { Outcome } from "./question";
import type { Naming } from "./naming";
import { partsOf } from "./line";
import type { Reach } from "./reach";
import { type PairFact, rectangles } from "./rectangles";
import { transportText } from "./transport-text";
import { universes } from "./universe";

export interface FlowRow {
  readonly from: string;
  readonly to: string;
  /** `tcp/5432`; `all`. */
  readonly services: string;
  readonly outcome: Outcome;
  /** `POLICY/RULE`. */
  readonly rules: readonly string[];
}

/** All that passes, or may pass. */
export function allowedRows(reach: Reach, naming: Naming, version: number): readonly FlowRow[] {
  const facts = reach
    .pairs()
    .flatMap((pair): readonly PairFact<Outcome>[] =>
      partsOf(reach.line(pair, version)).flatMap(({ decision: { verdict, by }, transport }) =>
        verdict === "deny" ? [] : [{ ...pair, kind: verdict, transport, by }],
      ),
    );
  return rowsOf(reach, naming, facts);
}

/** Equal rows of both families are one. */
export function rowsOf(reach: Reach, naming: Naming, facts: readonly PairFact<Outcome>[]): readonly FlowRow[] {
  const rows = rectangles(facts).map(({ kind, from, to, transport, by }): FlowRow => {
    const everybody = reach.classes.filter(({ family }) => family === from[0]?.family);
    const possible = kind === "no way" ? { from: everybody, to: everybody } : universes(reach, from, to);
    return {
      from: naming.text(from, possible.from),
      to: naming.text(to, possible.to),
      services: transportText(transport),
      outcome: kind,
      rules: by,
    };
  });
  const found = new Map<string, FlowRow>();
  for (const row of rows) {
    const key = [row.outcome, row.from, row.to, row.services].join("\n");
    const known = found.get(key);
    found.set(key, { ...row, rules: [...new Set([...(known?.rules ?? []), ...row.rules])].sort() });
  }
  return [...found.values()].sort(
    (one, other) => compare(one.to, other.to) || compare(one.from, other.from) || compare(one.services, other.services),
  );
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
