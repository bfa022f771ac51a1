/** What becomes of packets from one class to another, for every transport at once. */

import type { Entry } from "../compile/firewall/entry";
import type { Family } from "../model/address";
import {
  type Interval,
  intersectIntervals,
  type IntervalSet,
  intervalSet,
  subtractIntervals,
  uniteIntervals,
} from "../policy/intervals";
import { combinePieces, type Pieces } from "../policy/pieces";
import { anyTransport } from "../policy/transport";

/** `depends`: on what only a host knows, such as what a name resolves to. */
export type Verdict = "allow" | "deny" | "depends";

export interface Decision {
  readonly verdict: Verdict;
  /** `POLICY/RULE` that decides, the sender's before the receiver's; nobody's where no policy has a say. */
  readonly by: readonly string[];
}

/** Covers the whole transport line. */
export type Line = Pieces<number, Decision>;

const open: Decision = { verdict: "allow", by: [] };
export const openLine: Line = anyTransport.map((span) => ({ ...span, value: open }));

const decisions = {
  equal: (a: Decision, b: Decision): boolean =>
    a === b || (a.verdict === b.verdict && a.by.length === b.by.length && a.by.every((ref, i) => ref === b.by[i])),
};

/**
 * First match over a list of entries that all match the peer.
 *
 * @param now seconds since 1970
 */
export function lineOf(entries: readonly Entry[], family: Family, now: number): Line {
  const decided: (Interval<number> & { readonly value: Decision })[] = [];
  let undecided: IntervalSet<number> = anyTransport;
  let passed: IntervalSet<number> = [];
  let tier: string | undefined;
  const put = (spans: IntervalSet<number>, value: Decision): void => {
    for (const span of spans) decided.push({ ...span, value });
  };
  for (const entry of entries) {
    if (entry.tier !== tier) {
      undecided = uniteIntervals(undecided, passed);
      [passed, tier] = [[], entry.tier];
    }
    if (!decides(entry, now)) continue;
    const hit = intersectIntervals(undecided, entry.transport[family]);
    if (hit.length === 0) continue;
    undecided = subtractIntervals(undecided, hit);
    if (entry.action === "pass") passed = uniteIntervals(passed, hit);
    else put(hit, { verdict: entry.action === "allow" ? "allow" : "deny", by: [entry.ref] });
  }
  put(uniteIntervals(undecided, passed), open);
  return joined(decided.sort((a, b) => a.first - b.first));
}

function decides({ expires, watches }: Entry, now: number): boolean {
  if (expires !== undefined && now >= expires) return false;
  return watches === undefined || (watches.until !== undefined && now >= watches.until);
}

const joined = (pieces: Line): Line => combinePieces(pieces, [], (one) => one, decisions);

/** The sender's line, then the receiver's: both must allow. */
export function inSeries(egress: Line, ingress: Line): Line {
  if (egress === openLine) return ingress;
  if (ingress === openLine) return egress;
  return combinePieces(egress, ingress, (one = open, other = open) => series(one, other), decisions);
}

function series(egress: Decision, ingress: Decision): Decision {
  if (egress.verdict === "deny") return egress;
  if (ingress.verdict === "deny") return ingress;
  const verdict = egress.verdict === "depends" || ingress.verdict === "depends" ? "depends" : "allow";
  return { verdict, by: [...egress.by, ...ingress.by] };
}

/** What is known where any of several lines may hold: `depends` where they disagree. */
export function eitherOf(lines: readonly Line[]): Line {
  const [first = openLine, ...others] = lines;
  return others.reduce(
    (line, other) => combinePieces(line, other, (one = open, another = open) => either(one, another), decisions),
    first,
  );
}

function either(one: Decision, other: Decision): Decision {
  if (one.verdict === other.verdict) return one;
  const by = [...new Set([...one.by, ...other.by])];
  return { verdict: "depends", by };
}

/** The transports of a line by what is decided about them. */
export interface Part {
  readonly decision: Decision;
  readonly transport: IntervalSet<number>;
}

export function partsOf(line: Line): readonly Part[] {
  const groups = Map.groupBy(line, ({ value: { verdict, by } }) => `${verdict} ${by.join()}`);
  return [...groups.values()].map((pieces) => ({
    decision: (pieces[0] as Line[number]).value,
    transport: intervalSet(pieces),
  }));
}
