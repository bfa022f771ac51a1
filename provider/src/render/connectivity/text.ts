import type { Connection } from "../../manifests/connections";

/** A line for each pair of ends; nothing where nothing is allowed. */
export function connectivityText(connections: Iterable<Connection>): string {
  const lines = Array.from(connections, ({ source, destination, allowed }) => {
    return `${source.text} => ${destination.text} : ${allowed}\n`;
  });
  return lines.join("");
}
