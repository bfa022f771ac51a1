/** What the rules of hosts' firewalls have counted: of those too that never matched, which the documents tell. */

import type { HitCount } from "../../model/snapshot";
import { defaultName } from "../../policy/rule";
import type { Entry, FirewallDocument } from "./document";
import type { PolicySpec } from "./intent";

interface Hits {
  readonly host: string;
  readonly packets: number;
  readonly bytes: number;
  /** Seconds since 1970, by the host's clock: since when it is counted; `undefined` where its table has nothing of it. */
  readonly since: number | undefined;
  readonly last: number | undefined;
}

/** A rule on one host; a policy's default is a rule named so. */
export interface RuleHits extends Hits {
  readonly policy: string;
  /** `PROJECT/STACK` */
  readonly owner: string;
  readonly rule: string;
  /** Packets that it would have dropped; `undefined` where the policy decides. */
  readonly wouldDrop: number | undefined;
}

/** What was dropped on one host without a policy's say: `held`, `invalid`, … */
export interface DropHits extends Hits {
  readonly reason: string;
}

export interface FirewallHits {
  readonly rules: readonly RuleHits[];
  readonly drops: readonly DropHits[];
}

export interface CountedHost {
  readonly name: string;
  /** `undefined` where the host has no firewall. */
  readonly document: FirewallDocument | undefined;
  readonly hits: readonly HitCount[];
}

/** @param policy only that one; what is dropped without a policy is left out then */
export function firewallHits(hosts: readonly CountedHost[], policy?: string): FirewallHits {
  return {
    rules: hosts.flatMap((host) => ruleHits(host, policy)),
    drops: policy === undefined ? hosts.flatMap(dropHits) : [],
  };
}

function ruleHits({ name: host, document, hits }: CountedHost, only: string | undefined): readonly RuleHits[] {
  const counts = new Map(hits.map((one) => [`${one.name}${one.watched ? " watch" : ""}`, one]));
  return Object.entries(document?.policies ?? {})
    .filter(([policy]) => only === undefined || policy === only)
    .flatMap(([policy, { owner, spec }]: [string, Entry<PolicySpec>]) =>
      countedRules(spec).map((rule): RuleHits => {
        const ref = `${policy}/${rule}`;
        const [decided, watched] = [counts.get(ref), counts.get(`${ref} watch`)];
        const { packets = 0, bytes = 0 } = decided ?? {};
        const [since] = moments(decided?.since, watched?.since);
        const last = moments(decided?.last, watched?.last).at(-1);
        const wouldDrop = spec.enforcement === "watch" ? (watched?.packets ?? 0) : undefined;
        return { host, policy, owner, rule, packets, bytes, since, last, wouldDrop };
      }),
    );
}

const moments = (...all: readonly (number | undefined)[]): readonly number[] =>
  all.filter((one) => one !== undefined).sort((one, other) => one - other);

/** Those that have a counter, in the order of asking: what passes on decides nothing, nor does what watches allow anything. */
export function countedRules({ rules, defaults, enforcement, watchUntil }: PolicySpec): readonly string[] {
  const decides = enforcement === "enforced" || watchUntil !== undefined;
  const isCounted = (action: string): boolean =>
    ["deny", "reject", "isolate"].includes(action) || (decides && action === "allow");
  const names = rules.filter(({ enabled, action }) => enabled !== false && isCounted(action)).map(({ name }) => name);
  return Object.values(defaults).some(isCounted) ? [...names, defaultName] : names;
}

function dropHits({ name: host, hits }: CountedHost): readonly DropHits[] {
  return hits
    .filter(({ name }) => !name.includes("/"))
    .map(({ name: reason, packets, bytes, since, last }) => ({ host, reason, packets, bytes, since, last }));
}

/** A rule over all hosts. */
export type RuleTotal = Omit<RuleHits, "host" | "policy" | "owner" | "bytes">;

/** One policy's rules over all hosts, in their order. */
export function ruleTotals(rules: readonly RuleHits[]): readonly RuleTotal[] {
  return [...Map.groupBy(rules, ({ rule }) => rule)].map(([rule, all]) => total(rule, all));
}

export function total(rule: string, all: readonly Omit<RuleTotal, "rule">[]): RuleTotal {
  const watching = all.flatMap(({ wouldDrop }) => wouldDrop ?? []);
  return {
    rule,
    packets: sum(all.map(({ packets }) => packets)),
    since: moments(...all.map(({ since }) => since))[0],
    last: moments(...all.map(({ last }) => last)).at(-1),
    wouldDrop: watching.length === 0 ? undefined : sum(watching),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** `POLICY/RULE` of those that matched on no host. */
export function neverMatched(rules: readonly RuleHits[]): readonly string[] {
  const matched = new Set(rules.filter(isMatched).map(refOf));
  return [...new Set(rules.map(refOf))].filter((ref) => !matched.has(ref));
}

const refOf = ({ policy, rule }: RuleHits): string => `${policy}/${rule}`;
const isMatched = ({ packets, wouldDrop = 0 }: RuleHits): boolean => packets + wouldDrop > 0;
