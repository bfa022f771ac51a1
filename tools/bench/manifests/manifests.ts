/** How long it takes to know who may connect to whom, from texts of YAML to the matrix of all workloads. */
import { connectivityOf } from "../../../provider/src/manifests/connectivity";
import { parseManifests } from "../../../provider/src/manifests/parse";
import { markdownTable, median, seconds } from "../numbers";
import { type ClusterSize, manifestsOfSize } from "./cluster";

interface Figures extends ClusterSize {
  readonly read: number;
  readonly matrix: number;
  readonly kinds: number;
  /** Of all pairs of different workloads, those between which something may pass. */
  readonly connected: number;
}

const goal = { workloads: 10_000, milliseconds: 1000 };

export function manifests(sizes: readonly ClusterSize[], rounds: number): string {
  const figures = sizes.map((size) => {
    const measured = Array.from({ length: rounds }, () => measure(size));
    const middle = (of: (one: Figures) => number): number => median(measured.map(of));
    return {
      ...(measured[0] ?? measure(size)),
      read: middle(({ read }) => read),
      matrix: middle(({ matrix }) => matrix),
    };
  });
  const head = ["workloads", "policies", "YAML read", "matrix", "kinds of workloads", "pairs", "of them connected"];
  const rows = figures.map(({ workloads, policies, read, matrix, kinds, connected }) => [
    number(workloads),
    number(policies),
    seconds(read),
    seconds(matrix),
    number(kinds),
    number(workloads * (workloads - 1)),
    number(connected),
  ]);
  const largest = figures.find(({ workloads }) => workloads === goal.workloads);
  const reached = (largest?.matrix ?? Number.POSITIVE_INFINITY) <= goal.milliseconds ? "reached" : "not reached";
  const line = `- the matrix of ${number(goal.workloads)} workloads within ${seconds(goal.milliseconds)}: ${reached}`;
  return `Median of ${rounds} rounds.\n\n${markdownTable(head, rows)}\n\n${line}`;
}

/** In milliseconds: nothing of this waits for anything, and what else the machine does is not of interest. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const number = (value: number): string => value.toLocaleString("en");

function measure(size: ClusterSize): Figures {
  const files = manifestsOfSize(size);
  const begun = processorTime();
  const { objects, findings } = parseManifests(files);
  const read = processorTime();
  const connectivity = connectivityOf(objects);
  const { alike } = connectivity;
  const connected = alike.reduce((sum, sources, kind) => {
    const row = connectivity.fromAlike(kind);
    const partners = row.map((allowed, other) => {
      const count = other === kind ? sources.length - 1 : (alike[other]?.length ?? 0);
      return allowed.length === 0 ? 0 : count;
    });
    return sum + sources.length * partners.reduce((a, b) => a + b, 0);
  }, 0);
  const done = processorTime();
  if (findings.length > 0) throw new Error("the cluster of the bench is not what it was meant to be");
  return { ...size, read: read - begun, matrix: done - read, kinds: alike.length, connected };
}
