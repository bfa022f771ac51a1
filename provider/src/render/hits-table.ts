import type { DropHits, FirewallHits, RuleHits } from "../compile/firewall/hits";

/** What rules have counted, for a person to look at. Ends with a line break. */
export function hitsTable({ rules, drops }: FirewallHits): string {
  if (rules.length + drops.length === 0) return "no rules\n";
  const watched = rules.some(({ wouldDrop }) => wouldDrop !== undefined);
  const heads = ["rule", "host", "packets", "bytes", ...(watched ? ["would drop"] : []), "last hit"];
  const row = (name: string, one: RuleHits | DropHits, wouldDrop: number | undefined): readonly string[] => [
    name,
    one.host,
    String(one.packets),
    String(one.bytes),
    ...(watched ? [wouldDrop === undefined ? "" : String(wouldDrop)] : []),
    lastText(one),
  ];
  const rows = [
    ...rules.map((one) => row(`${one.policy}/${one.rule}`, one, one.wouldDrop)),
    ...drops.map((one) => row(one.reason, one, undefined)),
  ];
  return [heads, ...rows].map((cells) => aligned(cells, widthsOf([heads, ...rows]))).join("");
}

/** RFC 3339. */
export const timeText = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

function lastText({ since, last }: RuleHits | DropHits): string {
  if (last !== undefined) return timeText(last);
  // What the host's table does not have cannot match.
  return since === undefined ? "cannot match here" : `never since ${timeText(since)}`;
}

const widthsOf = (rows: readonly (readonly string[])[]): readonly number[] =>
  (rows[0] ?? []).map((_head, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));

/** Names from the left, numbers from the right, and nothing after the last. */
function aligned(cells: readonly string[], widths: readonly number[]): string {
  const last = cells.length - 1;
  const texts = cells.map((cell, column) => {
    if (column === last) return cell;
    return column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  });
  return `${texts.join("  ")}\n`;
}
