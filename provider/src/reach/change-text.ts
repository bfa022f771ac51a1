/** What a change opens and closes, in words: `+ web → db tcp/5432`. */

import type { EndClass } from "./classes";
import type { Effect, FlowChange } from "./difference";
import type { Naming } from "./naming";
import type { Reach } from "./reach";
import { transportText } from "./transport-text";
import { universes } from "./universe";

export interface ChangeLine {
  readonly effect: Effect;
  readonly from: string;
  readonly to: string;
  readonly transport: string;
  /** Of a change in one family only, where both ends have both. */
  readonly family: 4 | 6 | undefined;
  readonly by: readonly string[];
}

export const signs: Readonly<Record<Effect, string>> = {
  opens: "+",
  closes: "−",
  "may open": "+?",
  "may close": "−?",
};
const order: readonly Effect[] = ["opens", "may open", "closes", "may close"];

/** Each once, what opens first; in the order of their words. */
export function changeLines(reach: Reach, naming: Naming, changes: readonly FlowChange[]): readonly ChangeLine[] {
  const found = new Map<string, { line: ChangeLine; families: Set<4 | 6>; twins: boolean }>();
  for (const { kind: effect, from, to, transport, by } of changes) {
    const family = from[0]?.family ?? 4;
    const possible = universes(reach, from, to);
    const line = {
      effect,
      from: naming.text(from, possible.from),
      to: naming.text(to, possible.to),
      transport: transportText(transport),
      family,
      by,
    };
    const key = [effect, line.from, line.to, line.transport].join("\n");
    const known = found.get(key) ?? { line, families: new Set(), twins: false };
    known.families.add(family);
    const twins = [from, to].every((ends) => ends.some((end) => hasTwin(reach, end)));
    const joined = { ...known.line, by: [...new Set([...known.line.by, ...by])].sort() };
    found.set(key, { line: joined, families: known.families, twins: known.twins || twins });
  }
  return [...found.values()]
    .map(({ line, families, twins }) => (families.size === 1 && twins ? line : { ...line, family: undefined }))
    .sort(
      (one, other) =>
        order.indexOf(one.effect) - order.indexOf(other.effect) || compare(sentence(one), sentence(other)),
    );
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export function sentence({ effect, from, to, transport, family }: ChangeLine): string {
  return `${signs[effect]} ${from} → ${to} ${transport}${family === undefined ? "" : ` (IPv${family})`}`;
}

/** Written out up to a number of lines; then how many more there are. */
export function bounded(sentences: readonly string[], most: number): readonly string[] {
  if (sentences.length <= most) return sentences;
  const more = sentences.length - most;
  return [...sentences.slice(0, most), `… and ${more} more ${more === 1 ? "line" : "lines"}`];
}

/** Whether who is there has addresses of the other family, too. */
function hasTwin({ classes }: Reach, { place, family, members }: EndClass): boolean {
  if (place.kind !== "segment") return true;
  const own = new Set(members.map(({ segment }) => segment));
  return classes.some(
    (one) =>
      one.family !== family && one.place.kind === "segment" && one.members.some(({ segment }) => own.has(segment)),
  );
}
