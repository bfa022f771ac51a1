/** Firewall policies as plain data. docs/firewall.md has the meaning of every field. */

import type { Cidr } from "../model/cidr";
import type { Service } from "./transport";

/** In the order in which they are asked. */
export const tiers = ["emergency", "admin", "application", "baseline"] as const;
export type Tier = (typeof tiers)[number];

export type Direction = "ingress" | "egress";
export const directions: readonly Direction[] = ["egress", "ingress"];

export type RuleAction =
  | "allow"
  /** Silently. */
  | "deny"
  /** With a TCP reset; what is not TCP is denied silently (docs/decisions/0017-firewall-lookups.md). */
  | "reject"
  /** The next tier decides. */
  | "pass";

/** What becomes of a packet that no rule of the policy matches. */
export type DefaultAction =
  | RuleAction
  /** The next policy of the tier is asked: first match over all policies. */
  | "continue"
  /** Denied, but only after every policy of the tier was asked: policies add up, as in Kubernetes. */
  | "isolate";

/** A block of addresses without parts of it. Matches in whatever network. */
export interface CidrBlock {
  readonly kind: "cidr";
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

export type Peer =
  | { readonly kind: "any" }
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "subnet"; readonly name: string }
  | { readonly kind: "endpoint"; readonly name: string }
  | CidrBlock
  /** What a DNS name resolves to on the judging host. */
  | { readonly kind: "name"; readonly name: string };

/** What a policy applies to. */
export type Target =
  | { readonly kind: "network"; readonly name: string }
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "subnet"; readonly name: string }
  | { readonly kind: "endpoint"; readonly name: string }
  /** A host itself, by its URI. */
  | { readonly kind: "host"; readonly name: string };

export interface LogLimit {
  /** Lines per unit of time; what is above is not logged. */
  readonly rate: number;
  readonly per: "second" | "minute" | "hour" | "day";
  /** How many may come at once. */
  readonly burst: number;
}

export interface Rule {
  /** Unique in its policy. */
  readonly name: string;
  readonly reason?: string;
  readonly direction: Direction;
  readonly action: RuleAction;
  /** Sources of an ingress rule, destinations of an egress rule. An empty list matches nothing. */
  readonly peers: readonly Peer[];
  readonly services: readonly Service[] | "any";
  readonly enabled: boolean;
  /** Seconds since 1970 (UTC); from then on the rule matches nothing. */
  readonly expires?: number;
  readonly log?: LogLimit;
}

export type Enforcement =
  | { readonly mode: "enforced" }
  /** Decides nothing: what it would drop is counted and logged. Enforced from `until` on (seconds since 1970). */
  | { readonly mode: "watch"; readonly until?: number };

export interface Policy {
  readonly name: string;
  readonly tier: Tier;
  /** Lower is asked first. */
  readonly priority: number;
  readonly appliesTo: readonly Target[];
  readonly rules: readonly Rule[];
  readonly defaults: Readonly<Record<Direction, DefaultAction>>;
  /** Logs what the default decides. */
  readonly defaultLog?: LogLimit;
  readonly enforcement: Enforcement;
  /** Whether a change ends established flows that it forbids. */
  readonly onClose: "cut" | "keep";
}

/** `POLICY/RULE`: in verdicts, counters and logs. */
export const refOf = (policy: Policy, rule: Rule | undefined): string => `${policy.name}/${rule?.name ?? defaultName}`;

/** Stands for the default action where a rule's name is wanted. */
export const defaultName = "default";

/** The order of asking. Policies of one tier and priority do not contradict each other (checked), so a name decides. */
export function orderPolicies(policies: readonly Policy[]): readonly Policy[] {
  return [...policies].sort(
    (a, b) =>
      tiers.indexOf(a.tier) - tiers.indexOf(b.tier) ||
      a.priority - b.priority ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

/** Whether the policy only watches at that time. */
export function watchesAt(policy: Policy, time: number): boolean {
  const { enforcement } = policy;
  return enforcement.mode === "watch" && (enforcement.until === undefined || time < enforcement.until);
}
