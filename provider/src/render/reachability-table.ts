import type { RouteTrace } from "../compile/route-trail";
import type { FlowRow } from "../reach/flow-table";
import type { Answer } from "../reach/verdict";
import { routePicture } from "./route-picture";

interface Shown {
  readonly flows: readonly FlowRow[];
  readonly answer: Answer | undefined;
  readonly because: readonly FlowRow[];
  readonly path: RouteTrace | undefined;
}

const outcomes: Readonly<Record<FlowRow["outcome"], string>> = {
  allow: "allowed",
  deny: "denied",
  depends: "depends",
  "no way": "no way",
};

/** All that is allowed, or the answer to what was asked, for a person to look at. Ends with a line break. */
export function reachabilityTable({ flows, answer, because, path }: Shown): string {
  if (answer === undefined) return flows.length === 0 ? "nothing reaches anything\n" : table(flows);
  return `${answer}\n${because.length === 0 ? "" : table(because)}${path === undefined ? "" : routePicture(path)}`;
}

function table(rows: readonly FlowRow[]): string {
  const heads = ["from", "to", "what", "", "decided by"];
  const cells = rows.map(({ from, to, services, outcome, rules }) => [
    from,
    to,
    services,
    outcomes[outcome],
    rules.length === 0 ? "no policy" : rules.join(", "),
  ]);
  const widths = heads.map((_head, column) => Math.max(...[heads, ...cells].map((row) => (row[column] ?? "").length)));
  return [heads, ...cells]
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
