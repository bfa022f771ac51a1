/**
 * `make bench`: everything that we claim about speed, measured in one run and written into docs/benchmarks.md. Parts can
 * be named: `npm run bench -- startup race growth pulumi firewall manifests`. Figures are of this machine; ratios are
 * what can be compared.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { firewall } from "./bench/firewall/firewall";
import { firewallChart, firewallReport } from "./bench/firewall/tables";
import { growth, withFleetPlugin } from "./bench/growth/growth";
import { withPulumi } from "./bench/growth/with-pulumi";
import { writeSection } from "./bench/document";
import { manifests } from "./bench/manifests/manifests";
import { race } from "./bench/race/race";
import { growthChart, growthTable, pulumiTable, raceGoals, raceTable, stateTable } from "./bench/report";
import { measureStartup } from "./bench/startup";

const document = "docs/benchmarks.md";
const subnets = 4;
const say = (line: string): void => {
  console.log(line);
};

const parts = {
  startup: async () => {
    const { table, kept } = await measureStartup();
    if (!kept) process.exitCode = 1;
    return table;
  },
  race: async () => {
    const rounds = 3;
    const result = await race({ hosts: 8, subnets, rounds, say });
    return `Median of ${rounds} rounds.\n\n${raceTable(result)}\n\n${raceGoals(result)}`;
  },
  growth: async () => {
    const results = await withFleetPlugin((plugin) => growth({ sizes: [10, 100, 1000], subnets, say }, plugin));
    writeFileSync("docs/growth.svg", growthChart(results));
    return `![growth](growth.svg)\n\n${growthTable(results)}\n\n${stateTable(results)}`;
  },
  pulumi: async () => {
    const results = await withFleetPlugin((plugin) => withPulumi([10, 100], subnets, plugin, say));
    return pulumiTable(results);
  },
  firewall: async () => {
    const figures = await firewall({ sizes: [10, 100, 1000, 10_000], rounds: 5, count: 2000, streamSeconds: 0.3, say });
    writeFileSync("docs/firewall.svg", firewallChart(figures));
    return `![connections a second](firewall.svg)\n\n${firewallReport(figures)}`;
  },
  manifests: async () =>
    manifests(
      [100, 1000, 10_000].map((workloads) => ({ workloads, policies: workloads / 10 })),
      3,
    ),
} as const;
type Part = keyof typeof parts;

const isPart = (word: string): word is Part => Object.hasOwn(parts, word);

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const stranger = words.find((word) => !isPart(word));
  if (stranger !== undefined) throw new Error(`no part ${stranger}; there are ${Object.keys(parts).join(", ")}`);
  const chosen = words.length === 0 ? (Object.keys(parts) as Part[]) : words.filter(isPart);
  for (const part of chosen) {
    const table = await parts[part]();
    say(`\n${table}\n`);
    const when = new Date().toISOString().slice(0, 10);
    writeSection(document, part, `${table}\n\nMeasured on ${when} with ${cpus().length} cores.`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
