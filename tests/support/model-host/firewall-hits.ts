/** What the firewall's rules have counted on the model. */
import { listingOf } from "./firewall-table";
import type { ModelFirewall, ModelHits } from "./state";

interface Counter {
  readonly comment: string;
  /** The only port that it counts. */
  readonly port: number | undefined;
}

interface Rule {
  readonly expr: readonly { readonly counter?: null; readonly match?: { readonly right: unknown } }[];
  readonly comment?: string;
}
type MapElement = readonly [{ readonly elem?: { readonly val: unknown; readonly comment: string } }, unknown];

/** All that counts under a name. */
function countersOf({ tables }: ModelFirewall): readonly Counter[] {
  const { chains = new Map<string, string[]>(), sets = new Map<string, Set<string>>() } =
    listingOf(tables.get("sdn_fw") ?? []) ?? {};
  const rules = [...chains.values()].flat().flatMap((text): readonly Counter[] => {
    const { expr, comment } = JSON.parse(text) as Rule;
    if (comment === undefined || !expr.some((statement) => "counter" in statement)) return [];
    const port = expr.find(({ match }) => match !== undefined)?.match?.right;
    return [{ comment, port: typeof port === "number" ? port : undefined }];
  });
  const elements = [...sets.values()].flatMap((all) =>
    [...all].flatMap((text): readonly Counter[] => {
      const element = JSON.parse(text) as MapElement | string;
      const key = Array.isArray(element) ? (element as MapElement)[0].elem : undefined;
      return key === undefined ? [] : [{ comment: key.comment, port: Number(key.val) }];
    }),
  );
  return [...rules, ...elements];
}

/** Packets of 29 bytes to a port of the host itself. */
export function countPackets(firewall: ModelFirewall, port: number, packets: number): void {
  for (const counter of countersOf(firewall)) {
    const hits = firewall.hits.get(counter.comment);
    if (counter.port !== port || hits === undefined) continue;
    hits.packets += packets;
    hits.bytes += packets * 29;
    hits.more = true;
  }
}

export function lookAtHits({ hits, clock }: ModelFirewall): void {
  for (const one of hits.values()) {
    if (one.more) one.last = clock;
    one.more = false;
  }
}

/** What goes with the table is forgotten; what stays goes on. */
export function settleHits(firewall: ModelFirewall): void {
  lookAtHits(firewall);
  const { hits, clock } = firewall;
  const names = new Set(countersOf(firewall).map(({ comment }) => comment));
  for (const name of [...hits.keys()]) if (!names.has(name)) hits.delete(name);
  for (const name of names) {
    if (!hits.has(name)) hits.set(name, { packets: 0, bytes: 0, more: false, since: clock, last: undefined });
  }
}

export function hitLines(firewall: ModelFirewall): readonly string[] {
  lookAtHits(firewall);
  const line = ([name, { packets, bytes, since, last }]: [string, ModelHits]): string =>
    `${packets} ${bytes} ${packets} ${bytes} ${since} ${last ?? "-"} ${name}`;
  return [...firewall.hits].sort(([one], [other]) => (one < other ? -1 : 1)).map(line);
}
