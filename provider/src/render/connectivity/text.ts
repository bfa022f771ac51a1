import type { Connection } from "../../manifests/connections";
import type { Difference } from "../../manifests/differences";

/** A line for each pair of ends; nothing where nothing is allowed. */
export function connectivityText(connections: Iterable<Connection>): string {
  const lines = Array.from(connections, ({ source, destination, allowed }) => {
    return `${source.text} => ${destination.text} : ${allowed}\n`;
  });
  return lines.join("");
}

/** A line for each pair whose connections differ; nothing where none do. */
export function differenceText(differences: readonly Difference[]): string {
  const lines = differences.filter(isChange).map((difference) => {
    const { change, source, destination, before, after } = difference;
    const info = workloadInfo(difference);
    const what = `diff-type: ${change}, source: ${source.text}, destination: ${destination.text}`;
    return `${what}, dir1: ${before}, dir2: ${after}${info === "" ? "" : `, workloads-diff-info: ${info}`}\n`;
  });
  return lines.length === 0 ? "" : ["Connectivity diff:\n", ...lines].join("");
}

export const isChange = ({ change }: Difference): boolean => change !== "unchanged";

/** `workload shop/web[Deployment] added` */
export function workloadInfo({ change, newOrLost }: Difference): string {
  return newOrLost.length === 0 ? "" : `workload ${newOrLost.map(({ text }) => text).join(" and ")} ${change}`;
}
