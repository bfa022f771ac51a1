/** Connections and differences of connections in every format. */

import type { Connection } from "../../manifests/connections";
import type { Difference } from "../../manifests/differences";
import type { WorkloadPeer } from "../../manifests/peer";
import { dotOf } from "./dot";
import { connectionGraph, differenceGraph } from "./graph";
import { svgOf } from "./svg";
import { type Cells, csvTable, markdownTable } from "./table";
import { connectivityText, differenceText, isChange, workloadInfo } from "./text";

export const connectivityFormats = ["txt", "json", "csv", "md", "dot", "svg"] as const;
export type ConnectivityFormat = (typeof connectivityFormats)[number];

const connectionHead: Cells = ["src", "dst", "conn"];
const connectionCells = ({ source, destination, allowed }: Connection): Cells => [
  source.text,
  destination.text,
  allowed,
];

/** The workloads are those that a picture shows, also without any connection. */
export function connectivityAs(
  format: ConnectivityFormat,
  connections: Iterable<Connection>,
  workloads: readonly WorkloadPeer[],
): string {
  const rows = () => Array.from(connections, connectionCells);
  switch (format) {
    case "txt":
      return connectivityText(connections);
    case "json":
      return jsonText(rows().map(([src, dst, conn]) => ({ src, dst, conn })));
    case "csv":
      return csvTable(connectionHead, rows());
    case "md":
      return markdownTable(connectionHead, rows());
    case "dot":
      return dotOf(connectionGraph(connections, workloads));
    case "svg":
      return svgOf(connectionGraph(connections, workloads));
  }
}

const differenceHead: Cells = ["diff-type", "source", "destination", "dir1", "dir2", "workloads-diff-info"];

/** Without any change there is nothing to read, and no head either. */
export function differencesAs(
  format: ConnectivityFormat,
  differences: readonly Difference[],
  workloads: readonly WorkloadPeer[],
): string {
  const rows = differences.filter(isChange).map((difference): Cells => {
    const { change, source, destination, before, after } = difference;
    return [change, source.text, destination.text, before, after, workloadInfo(difference)];
  });
  switch (format) {
    case "txt":
      return differenceText(differences);
    case "json":
      return jsonText(
        rows.map((cells) => Object.fromEntries(cells.map((cell, index) => [differenceHead[index] ?? "", cell]))),
      );
    case "csv":
      return rows.length === 0 ? "" : csvTable(differenceHead, rows);
    case "md":
      return rows.length === 0 ? "" : markdownTable(differenceHead, rows);
    case "dot":
      return dotOf(differenceGraph(differences, workloads));
    case "svg":
      return svgOf(differenceGraph(differences, workloads));
  }
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
