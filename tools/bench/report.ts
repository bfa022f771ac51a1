/** The figures of a run as the tables of docs/benchmarks.md, and the chart beside it. */
import { svgChart } from "./chart";
import type { GrowthResult, Phase } from "./growth/growth";
import { phases } from "./growth/growth";
import type { PulumiResult } from "./growth/with-pulumi";
import { markdownTable, median, seconds, times } from "./numbers";
import type { Discipline, Name, Times } from "./race/race";
import { disciplines, names } from "./race/race";

const titles: Readonly<Record<Discipline, string>> = {
  fresh: "from nothing",
  unchanged: "nothing changed",
  look: "look for drift",
  more: "one more subnet",
};

export function raceTable(result: Times): string {
  const value = (name: Name, one: Discipline): number => median(result[name][one]);
  const rows = disciplines.map((one) => [
    titles[one],
    ...names.map((name) => seconds(value(name, one))),
    times(value("ansible", one) / value("sdn", one)),
    times(value("mitogen", one) / value("sdn", one)),
    times(value("sdn", one) / value("ssh", one)),
  ]);
  const head = ["", "sdn", "Ansible", "with mitogen", "bare ssh", "Ansible ÷ sdn", "mitogen ÷ sdn", "sdn ÷ bare ssh"];
  return markdownTable(head, rows);
}

/** What was promised, and whether this run kept it. */
export function raceGoals(result: Times): string {
  const value = (name: Name, one: Discipline): number => median(result[name][one]);
  const unchanged = value("ansible", "unchanged") / value("sdn", "unchanged");
  const fresh = value("sdn", "fresh") / value("ssh", "fresh");
  const verdict = (kept: boolean): string => (kept ? "reached" : "not reached");
  return [
    `- nothing changed at least 5 × faster than Ansible: ${times(unchanged)}, ${verdict(unchanged >= 5)}`,
    `- from nothing within 3 × of bare ssh: ${times(fresh)}, ${verdict(fresh <= 3)}`,
  ].join("\n");
}

const phaseTitles: Readonly<Record<Phase, string>> = {
  fresh: "from nothing",
  unchanged: "preview, nothing changed",
  refresh: "refresh",
  more: "one more subnet",
};

export function growthTable(results: readonly GrowthResult[]): string {
  const rows = phases.flatMap((phase) =>
    results.map(({ hosts, phases: all }) => {
      const { wall, milliseconds, mebibytes, visits } = all[phase];
      return [
        phaseTitles[phase],
        String(hosts),
        seconds(wall),
        seconds(milliseconds),
        `${mebibytes.toFixed(0)} MiB`,
        visits.least === visits.most ? String(visits.most) : `${visits.least} to ${visits.most}`,
        kilobytes((visits.sent + visits.received) / hosts),
      ];
    }),
  );
  const head = ["", "hosts", "time", "processor time", "peak memory", "executions a host", "bytes a host"];
  return markdownTable(head, rows);
}

export function stateTable(results: readonly GrowthResult[]): string {
  const rows = results.map(({ hosts, state }) => [
    String(hosts),
    kilobytes(state.total),
    kilobytes(state.total / hosts),
    kilobytes(state.mean),
    kilobytes(state.largest),
    kilobytes(state.largestOther),
  ]);
  const head = ["hosts", "state", "a host", "mean resource on a host", "largest resource on a host", "largest other"];
  return markdownTable(head, rows);
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

export function pulumiTable(results: readonly PulumiResult[]): string {
  const rows = results.map(({ hosts, resources, commands }) => [
    String(hosts),
    String(resources),
    seconds(commands.up.wall),
    seconds(commands.preview.wall),
    seconds(commands.refresh.wall),
    ...[commands.up, commands.refresh].map(({ visits: { least, most } }) =>
      least === most ? String(most) : `${least} to ${most}`,
    ),
  ]);
  const head = ["hosts", "resources", "up from nothing", "preview", "refresh", "executions a host, up", "refresh"];
  return markdownTable(head, rows);
}

export function growthChart(results: readonly GrowthResult[]): string {
  const line = (
    label: string,
    value: (result: GrowthResult) => number,
  ): { label: string; points: [number, number][] } => ({
    label,
    points: results.map((result) => [result.hosts, value(result)]),
  });
  return svgChart({
    title: "One provider process and a growing fleet (dashed: in proportion)",
    x: "hosts, 4 subnets each",
    y: "logarithmic; units beside the lines",
    lines: [
      line("up, processor s", ({ phases: { fresh } }) => fresh.milliseconds / 1000),
      line("refresh, processor s", ({ phases: { refresh } }) => refresh.milliseconds / 1000),
      line("peak memory, MiB", ({ phases: { fresh } }) => fresh.mebibytes),
      line("state, MB", ({ state }) => state.total / 1e6),
    ],
  });
}
