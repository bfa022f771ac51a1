/** Assertions about traffic, and what breaks them. */

import type { Topology } from "../compile/topology";
import { SdnError } from "../model/error";
import type { Selector } from "../policy/selector";
import type { ServiceText } from "../policy/service";
import type { Version } from "./classes";
import { isStrict, labelledMark, marksNamed } from "./end-names";
import { type FlowRow, rowsOf } from "./flow-table";
import type { NamedMark } from "./naming";
import { pathBetween } from "./path";
import type { Picture } from "./picture";
import { ask, type Outcome, transportsOf } from "./question";
import type { PairFact } from "./rectangles";
import { verdictOf } from "./verdict";

/** `onlyFrom`: nobody but the senders gets there; whether they do is not said. */
export type Expectation = "allowed" | "denied" | "onlyFrom";
export const expectations: readonly Expectation[] = ["allowed", "denied", "onlyFrom"];

export type AssertedEnd =
  { readonly kind: "name"; readonly text: string } | { readonly kind: "labels"; readonly selector: Selector };

export interface Assertion {
  readonly expect: Expectation;
  /** Where it is written: `denied[0]`. */
  readonly at: string;
  readonly from: readonly AssertedEnd[];
  readonly to: readonly AssertedEnd[];
  /** `undefined`: all. */
  readonly service: ServiceText | undefined;
}

export interface Judged {
  /** What holds, in words that change only where the traffic or its rules do. */
  readonly holds: readonly string[];
  readonly broken: readonly SdnError[];
}

/** @throws SdnError `invalid-input` where an end is nobody */
export function assertedMarks(assertion: Assertion, topology: Topology, version: Version): readonly NamedMark[] {
  return (["from", "to"] as const).flatMap((side) =>
    assertion[side].flatMap((end, index) => {
      const key = keyOf(assertion, side, index);
      if (end.kind === "name") return marksNamed(end.text, key, topology, version);
      return version.map((realm, place) => ({
        text: endText(end),
        mark: labelledMark(`${key} ${place}`, end.selector, realm),
      }));
    }),
  );
}

const keyOf = ({ at }: Assertion, side: "from" | "to", index: number): string => `${at}.${side}[${index}]`;

export function judge(assertions: readonly Assertion[], picture: Picture, topology: Topology): Judged {
  const found = assertions.map((assertion) => judgeOne(assertion, picture, topology));
  return { holds: found.flatMap(({ holds }) => holds), broken: found.flatMap(({ broken }) => broken) };
}

function judgeOne(assertion: Assertion, { reach, naming, versions }: Picture, topology: Topology): Judged {
  const last = versions.length - 1;
  const keys = (side: "from" | "to"): readonly string[] => {
    const prefixes = assertion[side].map((_end, index) => `${keyOf(assertion, side, index)} `);
    return naming.markKeys.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
  };
  const asked = ask(reach, last, {
    from: keys("from"),
    to: keys("to"),
    others: assertion.expect === "onlyFrom",
    transport: transportsOf(assertion.service),
  });
  const strict = [...assertion.from, ...assertion.to].every((end) => end.kind === "labels" || isStrict(end.text));
  const { facts } = verdictOf(asked, strict);
  const wrong = facts.filter(({ kind }) => !fits(assertion.expect, kind));
  if (assertion.expect === "allowed" && facts.length === 0) {
    return {
      holds: [],
      broken: [brokenBy(assertion, "the two have no family of addresses in common, or nobody is there")],
    };
  }
  if (wrong.length === 0) {
    const rules = [...new Set(facts.flatMap(({ by }) => by))].sort();
    return { holds: [`${textOf(assertion)}: ${rules.length === 0 ? "no policy" : rules.join(", ")}`], broken: [] };
  }
  const rows = rowsOf(reach, naming, wrong);
  return { holds: [], broken: [brokenBy(assertion, causeOf(rows, pathText(topology, wrong)))] };
}

/** What is not certain is neither allowed nor denied. */
function fits(expect: Expectation, kind: Outcome): boolean {
  return expect === "allowed" ? kind === "allow" : kind === "deny" || kind === "no way";
}

function brokenBy(assertion: Assertion, cause: string): SdnError {
  return new SdnError({
    code: "invalid-input",
    property: assertion.at,
    cause: `"${textOf(assertion)}" does not hold: ${cause}`,
  });
}

/** Rows that are written out before the rest is counted. */
const mostRows = 5;

const verbs: Readonly<Record<Outcome, string>> = {
  allow: "is allowed",
  deny: "is denied",
  depends: "depends on what hosts find out",
  "no way": "has no way there",
};

function causeOf(rows: readonly FlowRow[], path: string): string {
  const texts = rows.slice(0, mostRows).map(({ from, to, services, outcome, rules }) => {
    const by = rules.length > 0 ? `, by ${rules.join(", ")}` : outcome === "no way" ? "" : ", as no policy has a say";
    return `${from} → ${to} ${services} ${verbs[outcome]}${by}`;
  });
  const more = rows.length > mostRows ? `; and ${rows.length - mostRows} more` : "";
  return `${texts.join("; ")}${more}${path}`;
}

function pathText(topology: Topology, [first]: readonly PairFact<Outcome>[]): string {
  const trace = pathBetween(topology, first?.from, first?.to);
  if (trace === undefined) return "";
  const hops = trace.hops.map(({ host, device }) => `${host} ${device}`);
  return ` (${hops.join(" → ")}: ${trace.reason})`;
}

export function textOf({ expect, from, to, service }: Assertion): string {
  const ends = (all: readonly AssertedEnd[]): string => all.map(endText).join(", ");
  const what =
    service === undefined
      ? "all"
      : [service.protocol, service.ports ?? service.icmpTypes?.join(",")].filter((one) => one !== undefined).join("/");
  return `${expect} ${ends(from)} → ${ends(to)} ${what}`;
}

function endText(end: AssertedEnd): string {
  if (end.kind === "name") return end.text;
  const labels = Object.entries(end.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  const more = end.selector.matchExpressions.map(({ key, operator }) => `${key} ${operator}`);
  return `[${[...labels, ...more].join(", ")}]`;
}
