/** Rows of texts as CSV (RFC 4180) and as a table of Markdown. */

export type Cells = readonly string[];

export function csvTable(head: Cells, rows: Iterable<Cells>): string {
  return lines(head, rows, (cells) => cells.map(quoted).join(","));
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

export function markdownTable(head: Cells, rows: Iterable<Cells>): string {
  const line = (cells: Cells): string => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = `|${head.map((cell) => "-".repeat(cell.length + 2)).join("|")}|`;
  return [`${line(head)}\n${rule}\n`, ...Array.from(rows, (cells) => `${line(cells)}\n`)].join("");
}

const escaped = (cell: string): string => cell.replaceAll("|", "\\|");

function lines(head: Cells, rows: Iterable<Cells>, line: (cells: Cells) => string): string {
  return [`${line(head)}\n`, ...Array.from(rows, (cells) => `${line(cells)}\n`)].join("");
}
