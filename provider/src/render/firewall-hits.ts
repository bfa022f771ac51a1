import type { HitCount } from "../model/snapshot";

/**
 * What a host has counted, a line for each name. The first two numbers are those of the last look at the table alone:
 *
 *     12 720 112 6720 1767225600 1767229200 database/postgres
 *     0 0 0 0 1767225600 - database/default watch
 */
export function parseHits(lines: readonly string[]): readonly HitCount[] {
  return lines.flatMap((line) => {
    const [, , packets, bytes, since, last, name, watch] = line.split(" ");
    if (name === undefined || last === undefined) return [];
    return [
      {
        name,
        watched: watch === "watch",
        packets: Number(packets),
        bytes: Number(bytes),
        since: Number(since),
        last: last === "-" ? undefined : Number(last),
      },
    ];
  });
}
