/** A review as Markdown for a pull request. */
import { type ChangeLine, sentence } from "../../reach/change-text";
import type { Finding, Review } from "../../reach/review";
import type { States } from "./states";

type About = Pick<States, "unknown" | "errors" | "counts">;

/** Lines of a table, and arrows of the picture; then the rest is counted. */
const mostRows = 50;
const mostArrows = 25;

export function markdownOf({ changes, findings }: Review, { unknown, errors, counts }: About): string {
  const opened = changes.filter(({ effect }) => effect === "opens" || effect === "may open");
  const closed = changes.filter(({ effect }) => effect === "closes" || effect === "may close");
  const parts = [
    `## Network review\n\n${summary(opened, closed, findings, errors)}${countsText(counts)}`,
    list(
      "### Broken assertions and other errors",
      errors.map((one) => `:x: ${one}`),
    ),
    list(
      "### Risks",
      findings.map(({ sentence: text }) => `:warning: ${text}`),
    ),
    table("### Opened", opened),
    table("### Closed", closed),
    diagram(changes),
    unknown.length === 0
      ? ""
      : `### Not known before the change\n\nSomething of ${unknown.map((one) => code(one)).join(", ")} is known only after other changes, so what it opens and closes is not in this review.`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function summary(
  opened: readonly ChangeLine[],
  closed: readonly ChangeLine[],
  findings: readonly Finding[],
  errors: readonly string[],
): string {
  if (opened.length + closed.length + findings.length + errors.length === 0) return "No flow is opened or closed.";
  const counted = [
    count(opened.length, "line", "lines", "of traffic opened"),
    count(closed.length, "line", "lines", "of traffic closed"),
    count(findings.length, "risk", "risks", ""),
    ...(errors.length === 0 ? [] : [count(errors.length, "error", "errors", "")]),
  ];
  return `**${counted.join(", ")}.**`;
}

const count = (number: number, one: string, many: string, more: string): string =>
  `${number} ${number === 1 ? one : many}${more === "" ? "" : ` ${more}`}`;

function countsText(counts: About["counts"]): string {
  const texts = Object.entries(counts)
    .filter(([op, number]) => op !== "same" && number > 0)
    .map(([op, number]) => `${number} to ${op}`);
  return texts.length === 0 ? "" : ` Resources: ${texts.join(", ")}.`;
}

const list = (head: string, lines: readonly string[]): string =>
  lines.length === 0 ? "" : `${head}\n\n${lines.map((line) => `- ${line.replaceAll("\n", " ")}`).join("\n")}`;

/** Names of endpoints and groups have no characters of Markdown's tables; texts of others might. */
const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;

function table(head: string, lines: readonly ChangeLine[]): string {
  if (lines.length === 0) return "";
  const rows = lines.slice(0, mostRows).map((line) => {
    const doubt = line.effect.startsWith("may") ? " (depends on what hosts find out)" : "";
    const family = line.family === undefined ? "" : ` (IPv${line.family})`;
    const rules = line.by.length === 0 ? "no policy" : line.by.map(code).join(", ");
    return `| ${code(line.from)} | ${code(line.to)} | ${code(line.transport)}${family}${doubt} | ${rules} |`;
  });
  const more = lines.length > mostRows ? `\n\n… and ${lines.length - mostRows} more` : "";
  return `${head}\n\n| from | to | what | decided by |\n| --- | --- | --- | --- |\n${rows.join("\n")}${more}`;
}

/** GitHub and GitLab draw it. */
function diagram(changes: readonly ChangeLine[]): string {
  if (changes.length === 0) return "";
  const ids = new Map<string, string>();
  const node = (name: string): string => {
    if (!ids.has(name)) ids.set(name, `n${ids.size}`);
    return `${ids.get(name) ?? ""}["${name.replaceAll('"', "'")}"]`;
  };
  const arrows = changes.slice(0, mostArrows).map((line) => {
    const label = sentence(line).startsWith("+") ? `+ ${line.transport}` : `− ${line.transport}`;
    const arrow = label.startsWith("+") ? "-->" : "-.->";
    return `  ${node(line.from)} ${arrow}|"${label}"| ${node(line.to)}`;
  });
  return `\`\`\`mermaid\nflowchart LR\n${arrows.join("\n")}\n\`\`\``;
}
