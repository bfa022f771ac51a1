/** What a reviewer has to know of a change, from two states of a stack. */

import type { Intent } from "../compile/intent";
import { changed, emptyDocument, type Entry, type EntryChange } from "../compile/firewall/document";
import { memberKey } from "../compile/firewall/document";
import type { MemberSpec, PolicySpec } from "../compile/firewall/intent";
import { type ChangeLine, changeLines } from "./change-text";
import { differences } from "./difference";
import { type Holding, pictureOf } from "./picture";
import { risksOf } from "./risks";
import { unmatchedRules } from "./unmatched";

/** What a state has of one host. */
export interface StateHost {
  readonly uri: string;
  readonly name: string;
  readonly policies: readonly Entry<PolicySpec>[];
  readonly members: readonly Entry<MemberSpec>[];
  readonly intents: readonly Intent[];
}

export interface Finding {
  readonly kind: "everybody" | "management" | "empty-group" | "unmatched" | "duplicate";
  /** `POLICY/RULE` */
  readonly rule: string;
  readonly sentence: string;
}

export interface Review {
  readonly changes: readonly ChangeLine[];
  readonly findings: readonly Finding[];
}

/** @param now seconds since 1970 */
export function reviewOf(before: readonly StateHost[], after: readonly StateHost[], now: number): Review {
  const hosts = after.length > 0 ? after : before;
  // Flows of who comes or goes are not changes of a policy: both states are asked about those who are there afterwards.
  const version = (state: readonly StateHost[]): readonly Holding[] =>
    hosts.map(({ uri, name, intents }) => ({
      uri,
      name,
      intents,
      document: changed(emptyDocument, entriesOf(state.find((one) => one.uri === uri))),
    }));
  const { reach, naming, versions } = pictureOf([version(before), version(after)], now);
  const changes = changeLines(reach, naming, differences(reach, 0, 1));
  const [realm] = versions[1] ?? [];
  const known = policiesOf(before);
  const findings = [...policiesOf(after).values()].flatMap((spec): readonly Finding[] => {
    const old = known.get(spec.name);
    if (realm === undefined || JSON.stringify(old) === JSON.stringify(spec)) return [];
    return [
      ...risksOf(spec, old, realm),
      ...unmatchedRules(reach.classes, versions[1] ?? [], 1, spec.name).map(({ rule, by, same }): Finding => ({
        kind: same ? "duplicate" : "unmatched",
        rule,
        sentence: same
          ? `rule ${rule} is the same as ${by.join(", ")}`
          : `rule ${rule} can never match: ${by.join(", ")} before it takes all of it`,
      })),
    ];
  });
  return { changes, findings };
}

function entriesOf(host: StateHost | undefined): readonly EntryChange[] {
  if (host === undefined) return [];
  return [
    ...host.policies.map((entry): EntryChange => ({ kind: "policy", key: entry.spec.name, entry })),
    ...host.members.map((entry): EntryChange => ({ kind: "member", key: memberKey(entry.spec), entry })),
  ];
}

const policiesOf = (hosts: readonly StateHost[]): ReadonlyMap<string, PolicySpec> =>
  new Map(hosts.flatMap(({ policies }) => policies.map(({ spec }) => [spec.name, spec] as const)));
