/** Rules that can never match, because what is asked before them leaves them nothing. */

import { type Entry, entriesOf } from "../compile/firewall/entry";
import type { Family } from "../model/address";
import { allAddresses, families, isNoAddress } from "../policy/address-set";
import { flowBox, type FlowSet, intersectFlows, isNoFlow, noFlow, subtractFlows, uniteFlows } from "../policy/flow-set";
import { anyTransport } from "../policy/transport";
import { directions } from "../policy/rule";
import type { EndClass, Version } from "./classes";

export interface Unmatched {
  /** `POLICY/RULE` */
  readonly rule: string;
  /** What takes all of it, in the order of asking. */
  readonly by: readonly string[];
  /** Whether one of these says just the same of the same. */
  readonly same: boolean;
}

/** Longer lists are not looked at: the time grows with the square of their length. */
const longestList = 500;

/** @param policy whose rules are asked about, wherever it applies */
export function unmatchedRules(
  classes: readonly EndClass[],
  version: Version,
  index: number,
  policy: string,
): readonly Unmatched[] {
  const lists = listsWith(classes, version, index, policy);
  const found = new Map<string, Unmatched | undefined>();
  for (const entries of lists) {
    if (entries.length > longestList) return [];
    const own = entries.filter((entry) => entry.policy === policy && isRule(entry));
    const taken = takenFrom(entries, policy);
    for (const { ref } of own) {
      const now = taken.get(ref);
      const before = found.get(ref);
      // Where it matches somewhere, it is no rule that never matches.
      if (now === undefined || (found.has(ref) && before === undefined)) found.set(ref, undefined);
      else found.set(ref, before === undefined ? now : { ...now, by: [...new Set([...before.by, ...now.by])] });
    }
  }
  return [...found.values()].filter((one) => one !== undefined);
}

const isRule = ({ ref }: Entry): boolean => !ref.endsWith("/default");

/** Each list of entries by which anybody under the policy is judged, once. */
function listsWith(
  classes: readonly EndClass[],
  version: Version,
  index: number,
  policy: string,
): readonly (readonly Entry[])[] {
  const found = new Map<string, readonly Entry[]>();
  for (const { subjects, network } of classes) {
    const subject = subjects[index];
    const resolver = version[subject?.realm ?? -1]?.resolver;
    if (subject === undefined || resolver === undefined) continue;
    for (const policies of subject.policies.filter((list) => list.some(({ name }) => name === policy))) {
      for (const direction of directions) {
        const key = `${direction} ${subject.realm} ${network ?? ""} ${policies.map(({ name }) => name).join(" ")}`;
        if (!found.has(key)) found.set(key, entriesOf(policies, direction, network, resolver));
      }
    }
  }
  return [...found.values()];
}

/** The policy's rules to which nothing is left, and who took it. */
function takenFrom(entries: readonly Entry[], policy: string): ReadonlyMap<string, Unmatched> {
  const found = new Map<string, Unmatched>();
  const alive = new Set<string>();
  for (const { entry, box, hit, before } of families.flatMap((family) => firstMatches(entries, family))) {
    if (entry.policy !== policy || !isRule(entry)) continue;
    // A rule for nobody is another matter, and so is one that only hosts can fill.
    if (!isNoFlow(hit) || isOpen(entry)) alive.add(entry.ref);
    if (!isNoFlow(hit) || isNoFlow(box)) continue;
    const takers = before.filter((one) => !isNoFlow(intersectFlows(one.hit, box))).map((one) => one.entry);
    const by = takers.map(({ ref }) => ref);
    found.set(entry.ref, { rule: entry.ref, by, same: takers.some((one) => isSame(one, entry)) });
  }
  for (const ref of alive) found.delete(ref);
  return found;
}

interface Matched {
  readonly entry: Entry;
  /** What it speaks of, and what of that is left for it. */
  readonly box: FlowSet<bigint>;
  readonly hit: FlowSet<bigint>;
  /** Those that were asked before it and took something. */
  readonly before: readonly Matched[];
}

function firstMatches(entries: readonly Entry[], family: Family): readonly Matched[] {
  let undecided: FlowSet<bigint> = flowBox(allAddresses(family), here, anyTransport);
  let passed: FlowSet<bigint> = noFlow;
  let tier: string | undefined;
  const takers: Matched[] = [];
  return entries.map((entry) => {
    if (entry.tier !== tier) {
      undecided = uniteFlows(undecided, passed);
      [passed, tier] = [noFlow, entry.tier];
    }
    const box = flowBox(entry.peers[family], here, entry.transport[family]);
    const hit = intersectFlows(undecided, box);
    const matched = { entry, box, hit, before: [...takers] };
    if (!isConditional(entry) && !isNoFlow(hit)) {
      undecided = subtractFlows(undecided, hit);
      if (entry.action === "pass") passed = uniteFlows(passed, hit);
      takers.push(matched);
    }
    return matched;
  });
}

/** The other side of the flows is the same for all entries of a list. */
const here = [{ first: 0n, last: 0n }];

/** What time can change takes nothing for good. */
const isConditional = ({ expires, watches }: Entry): boolean => expires !== undefined || watches !== undefined;

const isOpen = ({ dynamic, peers }: Entry): boolean => dynamic.length > 0 || isNoAddress(peers);

const isSame = (one: Entry, other: Entry): boolean =>
  one.action === other.action &&
  families.every((family) => JSON.stringify(ends(one, family)) === JSON.stringify(ends(other, family)));

const ends = ({ peers, transport }: Entry, family: Family): unknown => [
  peers[family].map(({ first, last }) => `${first}-${last}`),
  transport[family],
];
