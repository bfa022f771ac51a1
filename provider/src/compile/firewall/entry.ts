/** Policies as one flat list: rules and defaults in the order in which they are asked, with names made addresses. */

import { type AddressSet, everyAddress } from "../../policy/address-set";
import type { DynamicList } from "../../policy/dynamic";
import type { IntervalSet } from "../../policy/intervals";
import type { Resolver } from "../../policy/resolve";
import {
  type DefaultAction,
  type Direction,
  type LogLimit,
  type Policy,
  refOf,
  type RuleAction,
} from "../../policy/rule";
import { anyTransport, transportOf } from "../../policy/transport";

export interface Entry {
  /** Place in the list; lower is asked first. */
  readonly order: number;
  readonly tier: string;
  readonly policy: string;
  /** `POLICY/RULE`. */
  readonly ref: string;
  readonly action: RuleAction;
  readonly peers: AddressSet;
  /** Peers that only the host knows. */
  readonly dynamic: DynamicList;
  readonly transport: { readonly 4: IntervalSet<number>; readonly 6: IntervalSet<number> };
  /** Seconds since 1970; from then on it matches nothing. */
  readonly expires: number | undefined;
  /** Only watches: always, or until a time (seconds since 1970). */
  readonly watches: { readonly until: number | undefined } | undefined;
  readonly log: LogLimit | undefined;
}

/** @param policies in the order of asking */
export function entriesOf(
  policies: readonly Policy[],
  direction: Direction,
  network: string | undefined,
  resolver: Resolver,
): readonly Entry[] {
  const tiers = Map.groupBy(policies, (policy) => policy.tier);
  const list = [...tiers.values()].flatMap((inTier) => [
    ...inTier.flatMap((policy) => [
      ...ruleEntries(policy, direction, network, resolver),
      ...defaultEntries(policy, direction),
    ]),
    // What isolates comes after all policies of the tier.
    ...inTier.filter((policy) => policy.defaults[direction] === "isolate").map((policy) => wide(policy, "deny")),
  ]);
  return list.map((entry, order) => ({ ...entry, order }));
}

type Unordered = Omit<Entry, "order">;

function ruleEntries(
  policy: Policy,
  direction: Direction,
  network: string | undefined,
  resolver: Resolver,
): readonly Unordered[] {
  return policy.rules
    .filter((rule) => rule.enabled && rule.direction === direction)
    .map((rule) => ({
      ...common(policy),
      ref: refOf(policy, rule),
      action: rule.action,
      peers: resolver.peers(rule.peers, network),
      dynamic: resolver.dynamic(rule.peers),
      transport: { 4: transportOf(rule.services, 4), 6: transportOf(rule.services, 6) },
      expires: rule.expires,
      log: rule.log,
    }));
}

function defaultEntries(policy: Policy, direction: Direction): readonly Unordered[] {
  const action: DefaultAction = policy.defaults[direction];
  return action === "continue" || action === "isolate" ? [] : [wide(policy, action)];
}

const allTransport = { 4: anyTransport, 6: anyTransport };

function wide(policy: Policy, action: RuleAction): Unordered {
  return {
    ...common(policy),
    ref: refOf(policy, undefined),
    action,
    peers: everyAddress,
    dynamic: [],
    transport: allTransport,
    expires: undefined,
    log: policy.defaultLog,
  };
}

function common(policy: Policy): Pick<Entry, "tier" | "policy" | "watches"> {
  const { enforcement } = policy;
  const watches = enforcement.mode === "watch" ? { until: enforcement.until } : undefined;
  return { tier: policy.tier, policy: policy.name, watches };
}

/** Whether time can change what it does. */
const isConditional = (entry: Entry): boolean => entry.expires !== undefined || entry.watches !== undefined;

/**
 * The entries that can still be reached when all of them match: none of a tier after one that always leaves it, and
 * none at all after one that always decides, unless its tier is passable: then others may lead around it.
 *
 * @param isWhole whether the entry matches everything in question, and not a part of it
 * @param passable the tiers in which anything passes
 */
export function reachable(
  entries: readonly Entry[],
  isWhole: (entry: Entry) => boolean,
  passable: ReadonlySet<string>,
): readonly Entry[] {
  const reached: Entry[] = [];
  let left: string | undefined;
  for (const entry of entries) {
    if (entry.tier === left) continue;
    reached.push(entry);
    if (isConditional(entry) || !isWhole(entry)) continue;
    if (!passable.has(entry.tier)) break;
    left = entry.tier;
  }
  return reached;
}

export function passableTiers(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.filter((entry) => entry.action === "pass").map((entry) => entry.tier));
}
