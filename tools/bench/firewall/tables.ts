/** The figures as the tables, the goals and the chart of docs/benchmarks.md. */
import { svgChart } from "../chart";
import { markdownTable, median, times } from "../numbers";
import type { Contender } from "./contenders";
import { beyondRoundTrip, contendersOf, courseOf, type Figures, known, middle, ratio } from "./figures";
import type { Turn } from "./packets";

const titles: Readonly<Record<Contender, string>> = {
  none: "no rules",
  sdn: "sdn",
  nft: "nft, linear",
  "iptables-nft": "iptables (nft)",
  "iptables-legacy": "iptables (legacy)",
};

const milliseconds = (value: number): string => `${value.toFixed(0)} ms`;
const mebibytes = (value: number): string => (value < 1 ? "< 1 MiB" : `${value.toFixed(0)} MiB`);
const thousands = (value: number): string => `${(value / 1000).toFixed(1)} k/s`;
const kilobytes = (value: number): string => `${(value / 1000).toFixed(1)} kB`;
const gigabits = (bytes: number): string => `${((bytes * 8) / 1e9).toFixed(1)} Gbit/s`;

/** What happens before anything reaches a host. */
export function compileTable(figures: Figures): string {
  const rows = figures.sizes.map((size) => {
    const { first, again, change, difference, bytes, changeBytes, peak, base } = known(figures.compiling, size);
    return [
      String(size),
      milliseconds(first),
      milliseconds(again),
      kilobytes(bytes),
      milliseconds(change),
      milliseconds(difference),
      kilobytes(changeBytes),
      `${mebibytes(peak)} (${mebibytes(base)})`,
    ];
  });
  const head = [
    "rules",
    "compile, first",
    "again",
    "sent",
    "one rule changed",
    "of it compared",
    "sent",
    "peak (before)",
  ];
  return markdownTable(head, rows);
}

export function changeTable(figures: Figures): string {
  const rows = figures.sizes.map((size) => {
    const found = known(figures.overSsh, size);
    const { empty, look, plan, change, proof } = found;
    const whole = look.map((value, at) => value + (plan[at] ?? 0) + (change[at] ?? 0) + (proof[at] ?? 0));
    return [
      String(size),
      milliseconds(median(empty)),
      milliseconds(median(look)),
      milliseconds(median(plan)),
      milliseconds(median(change)),
      milliseconds(beyondRoundTrip(found)),
      milliseconds(median(proof)),
      milliseconds(median(whole)),
    ];
  });
  const head = ["rules", "empty", "look", "plan", "change", "change − empty", "proof", "all four"];
  return markdownTable(head, rows);
}

/** A row a size, a column a contender. */
function besideEachOther(figures: Figures, who: readonly Contender[], cell: Cell): string {
  const rows = figures.sizes.map((size) => [String(size), ...who.map((contender) => cell(contender, size))]);
  return markdownTable(["rules", ...who.map((contender) => titles[contender])], rows);
}
type Cell = (contender: Contender, size: number) => string;

export function loadTables(figures: Figures): readonly string[] {
  const who = contendersOf(figures).filter((contender) => contender !== "none");
  const time = (of: (turn: Turn) => number): Cell => {
    return (contender, size) => milliseconds(middle(figures, contender, size, of));
  };
  const memory: Cell = (contender, size) => {
    const kernel = mebibytes(middle(figures, contender, size, (turn) => turn.kernel));
    return `${mebibytes(courseOf(figures, contender, size).loaderPeak)} + ${kernel}`;
  };
  return [
    `Loaded whole:\n\n${besideEachOther(
      figures,
      who,
      time((turn) => turn.load),
    )}`,
    `One rule changed:\n\n${besideEachOther(
      figures,
      who,
      time((turn) => turn.change),
    )}`,
    `Memory, peak of the loading program + what the kernel keeps:\n\n${besideEachOther(figures, who, memory)}`,
  ];
}

export function packetTables(figures: Figures): readonly string[] {
  const who = contendersOf(figures);
  const [fewest = 0] = figures.sizes;
  const rate = (of: (turn: Turn) => number): Cell => {
    return (contender, size) => {
      const value = thousands(middle(figures, contender, size, of));
      if (contender === "none") return value;
      const ofNone = ratio(figures, [contender, size], ["none", size], of);
      const ofFewest = ratio(figures, [contender, size], [contender, fewest], of);
      return `${value} (${percent(ofNone)}, ${percent(ofFewest)})`;
    };
  };
  const stream: Cell = (contender, size) => gigabits(middle(figures, contender, size, (turn) => turn.stream));
  return [
    `TCP connections a second (share of those without rules, of its own with ${fewest} rules):\n\n` +
      besideEachOther(
        figures,
        who,
        rate(({ connects }) => connects),
      ),
    `New UDP flows a second, the same way:\n\n${besideEachOther(
      figures,
      who,
      rate(({ datagrams }) => datagrams),
    )}`,
    `One open TCP flow:\n\n${besideEachOther(figures, who, stream)}`,
  ];
}

const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;

/** What was promised, and whether this run kept it. */
export function firewallGoals(figures: Figures): string {
  const [fewest = 0, most = 0] = [figures.sizes[0], figures.sizes.at(-1)];
  const { first, change } = known(figures.compiling, most);
  const load = middle(figures, "sdn", most, (turn) => turn.load);
  const beyond = beyondRoundTrip(known(figures.overSsh, most));
  const rate = ratio(figures, ["sdn", most], ["sdn", fewest], ({ connects }) => connects);
  const line = (what: string, found: string, kept: boolean): string =>
    `- ${what}: ${found}, ${kept ? "reached" : "not reached"}`;
  return [
    line(`${most} rules compile in less than 1 s`, `${milliseconds(first)} the first time`, first < 1000),
    line(`${most} rules are applied in less than 0.5 s`, milliseconds(load), load < 500),
    line(
      `one of ${most} rules changes in less than 50 ms beyond the SSH round trip`,
      `${milliseconds(beyond)} on the host, and ${milliseconds(change)} to compile old and new here`,
      beyond + change < 50,
    ),
    line(`connections a second with ${most} rules at least 90 % of those with ${fewest}`, percent(rate), rate >= 0.9),
  ].join("\n");
}

/** How many times as many connections as who is the quickest of the linear ones. */
export function advantage(figures: Figures): string {
  const most = figures.sizes.at(-1) ?? 0;
  const others = contendersOf(figures).filter((contender) => contender !== "none" && contender !== "sdn");
  const factors = others.map((other) => {
    return `${times(ratio(figures, ["sdn", most], [other, most], ({ connects }) => connects))} ${titles[other]}`;
  });
  return `With ${most} rules, connections a second: ${factors.join(", ")}.`;
}

export function firewallChart(figures: Figures): string {
  return svgChart({
    title: "TCP connections a second through a policy whose last rule matches",
    x: "rules",
    y: "connections a second",
    inProportion: false,
    lines: contendersOf(figures).map((contender) => ({
      label: titles[contender],
      points: figures.sizes.map(
        (size) => [size, middle(figures, contender, size, ({ connects }) => connects)] as const,
      ),
    })),
  });
}

export const firewallReport = (figures: Figures): string =>
  [
    `Medians of ${figures.courses[0]?.turns.length ?? 0} rounds.`,
    `Compiled here:\n\n${compileTable(figures)}`,
    `One rule changed over SSH:\n\n${changeTable(figures)}`,
    ...loadTables(figures),
    ...packetTables(figures),
    advantage(figures),
    firewallGoals(figures),
  ].join("\n\n");
