/** `policy.networking.k8s.io`: ClusterNetworkPolicy, and the pair of kinds that it came from. */

import { type Direction, directions, type Policy, type Tier } from "../../policy/rule";
import type { Json } from "./object";
import type { ClusterPorts } from "./ports";
import type { Refusals } from "./refusals";
import type { ClusterRule } from "./rules";
import { podsJson } from "./selectors";
import { objectsOf, type TieredRule, tieredRules, type TieredRules } from "./tiered-rules";
import type { Cluster, PolicyApi, Pods } from "./world";

export interface TieredObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Which of the objects that one policy needs, from 0. */
  readonly part: number;
  /** Where the API gives the name. */
  readonly name?: string;
  readonly spec: { readonly [key: string]: Json };
}

/**
 * Objects for each priority of a policy: so many can follow each other before the next priority's. The API has priorities
 * 0 to 1000, and its tier Admin has to hold two of ours.
 */
const slots = 4;
const rooms: Readonly<Record<Exclude<Tier, "application">, { readonly first: number; readonly count: number }>> = {
  emergency: { first: 0, count: 25 },
  admin: { first: 100, count: 225 },
  baseline: { first: 0, count: 250 },
};

/** What the API takes: rules of an object in each direction; peers of a rule and ports of a rule. */
const limits: Readonly<Record<Exclude<PolicyApi, "none">, number>> = { v1beta1: 25, v1alpha2: 25, v1alpha1: 100 };

/** The objects of a policy that is not of tier application, for each selection of pods that it applies to. */
export function tieredObjects(
  policy: Policy & { readonly tier: Exclude<Tier, "application"> },
  rules: readonly ClusterRule[],
  subjects: readonly Pods[],
  cluster: Cluster,
  refusals: Refusals,
): readonly (readonly [Pods, readonly TieredObject[]])[] {
  const { policyApi } = cluster;
  if (policyApi === "none") {
    refusals.ofPolicy("tier", {
      cause: `serves no policy.networking.k8s.io, so it has no tier ${policy.tier}`,
      remedy: "write tier: application, or have the cluster serve it and say so in policyApi",
    });
    return [];
  }
  if (policy.tier === "emergency") refuseEmergencyPass(policy, rules, refusals);
  const room = rooms[policy.tier];
  if (policy.priority >= room.count) {
    const cause = `has room for priorities 0 to ${room.count - 1} in tier ${policy.tier}, not for ${policy.priority}`;
    refusals.ofPolicy("priority", { cause, remedy: "take a lower one" });
  }
  const most = limits[policyApi];
  const isSingle = policyApi === "v1alpha1" && policy.tier === "baseline";
  const all = tieredRules(policy, rules, most, refusals);
  const parts = objectsOf(all, most, isSingle ? 1 : slots);
  if (parts === undefined) {
    const cause = `takes at most ${most * (isSingle ? 1 : slots)} rules in each direction, and there are ${all.ingress.length} and ${all.egress.length}`;
    refusals.ofPolicy("rules", { cause, remedy: "combine some, or write a second policy" });
    return [];
  }
  if (isSingle) refuseSecondBaseline(policy, rules, subjects, refusals);
  const first = room.first + policy.priority * slots;
  return subjects.map((subject) => [
    subject,
    parts.map((part, at): TieredObject => ({ part: at, ...bodyOf(policy.tier, policyApi, first + at, subject, part) })),
  ]);
}

/** Both of our first tiers are one to the API, and what passes it passes both. */
function refuseEmergencyPass(policy: Policy, rules: readonly ClusterRule[], refusals: Refusals): void {
  const why = {
    cause: "has one tier for emergency and admin, so what passes the one would pass the other",
    remedy: "leave the rule out, or write it into a policy of tier admin",
  };
  for (const { index } of rules.filter(({ action }) => action === "pass")) refusals.rule(index, why);
  for (const direction of directions) {
    if (policy.defaults[direction] === "pass") refusals.ofPolicy(`defaults.${direction}`, why);
  }
}

/** The old API has one baseline for the whole cluster, without priorities and without pass. */
function refuseSecondBaseline(
  policy: Policy,
  rules: readonly ClusterRule[],
  subjects: readonly Pods[],
  refusals: Refusals,
): void {
  if (subjects.length > 1) {
    refusals.ofPolicy("appliesTo", {
      cause: "has one BaselineAdminNetworkPolicy, which is about one selection of pods",
      remedy: "name one selection of pods or the whole cluster",
    });
  }
  for (const { index } of rules.filter(({ action }) => action === "pass")) {
    refusals.rule(index, { cause: "has nothing after tier baseline to pass to", remedy: "write allow" });
  }
  for (const direction of directions.filter((one) => policy.defaults[one] === "pass")) {
    const cause = "has nothing after tier baseline to pass to";
    refusals.ofPolicy(`defaults.${direction}`, { cause, remedy: "write allow" });
  }
}

function bodyOf(
  tier: Exclude<Tier, "application">,
  policyApi: Exclude<PolicyApi, "none">,
  priority: number,
  subject: Pods,
  rules: TieredRules,
): Omit<TieredObject, "part"> {
  const apiVersion = `policy.networking.k8s.io/${policyApi}`;
  const isOld = policyApi === "v1alpha1";
  const list = (direction: Direction): { readonly [key: string]: Json } =>
    rules[direction].length === 0
      ? {}
      : { [direction]: rules[direction].map((rule) => ruleJson(rule, direction, isOld)) };
  const spec = { subject: podsJson(subject), ...list("ingress"), ...list("egress") };
  if (!isOld) {
    const apiTier = tier === "baseline" ? "Baseline" : "Admin";
    return { apiVersion, kind: "ClusterNetworkPolicy", spec: { tier: apiTier, priority, ...spec } };
  }
  if (tier === "baseline") return { apiVersion, kind: "BaselineAdminNetworkPolicy", name: "default", spec };
  return { apiVersion, kind: "AdminNetworkPolicy", spec: { priority, ...spec } };
}

function ruleJson({ name, action, peers, ports }: TieredRule, direction: Direction, isOld: boolean): Json {
  const words = { allow: isOld ? "Allow" : "Accept", deny: "Deny", pass: "Pass" } as const;
  const list = ports === "any" ? undefined : ports.map(isOld ? oldPortJson : protocolJson);
  return {
    name,
    action: words[action],
    [direction === "ingress" ? "from" : "to"]: peers,
    ...(list === undefined ? {} : { [isOld ? "ports" : "protocols"]: list }),
  };
}

function protocolJson({ protocol, range }: ClusterPorts): Json {
  const name = protocol.toLowerCase();
  // Without a port it would say nothing, which the API refuses.
  const { first, last } = range ?? { first: 1, last: 65_535 };
  const port = first === last ? { number: first } : { range: { start: first, end: last } };
  return { [name]: { destinationPort: port } };
}

function oldPortJson({ protocol, range }: ClusterPorts): Json {
  const { first, last } = range ?? { first: 1, last: 65_535 };
  return first === last
    ? { portNumber: { protocol, port: first } }
    : { portRange: { protocol, start: first, end: last } };
}
