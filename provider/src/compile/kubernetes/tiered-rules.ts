/** The other tiers: rules of the policy API, in order, with priorities and limits. */

import { formatCidr } from "../../model/cidr";
import { freeSpace } from "../../model/range";
import { type Direction, directions, type Policy } from "../../policy/rule";
import type { Json } from "./object";
import type { ClusterPeer } from "./peers";
import type { Refusals } from "./refusals";
import type { ClusterRule } from "./rules";
import { podsJson } from "./selectors";

/** A rule within the API's limits. */
export interface TieredRule {
  readonly name: string;
  readonly action: ClusterRule["action"];
  /** As the API writes them. */
  readonly peers: readonly Json[];
  readonly ports: ClusterRule["ports"];
}

export type TieredRules = Readonly<Record<Direction, readonly TieredRule[]>>;

/** Of one list of networks. */
const mostNetworks = 25;

/** The rules of a policy with its defaults as last ones. `most`: peers of a rule, and ports of a rule. */
export function tieredRules(
  policy: Policy,
  rules: readonly ClusterRule[],
  most: number,
  refusals: Refusals,
): TieredRules {
  const within = (direction: Direction): readonly TieredRule[] =>
    [...rules.filter((rule) => rule.direction === direction), ...defaultRule(policy, direction, refusals)].flatMap(
      (rule) => split(rule, most, refusals),
    );
  return { ingress: within("ingress"), egress: within("egress") };
}

function defaultRule(policy: Policy, direction: Direction, refusals: Refusals): readonly ClusterRule[] {
  const action = policy.defaults[direction];
  const property = `defaults.${direction}`;
  if (action === "continue") return [];
  if (action === "isolate") {
    const cause = `asks the policies of tier ${policy.tier} in order, so none can wait for those after it`;
    refusals.ofPolicy(property, { cause, remedy: "write continue, and deny in the policy with the highest priority" });
    return [];
  }
  if (action === "reject") {
    refusals.ofPolicy(property, { cause: "drops silently and cannot reject", remedy: "write deny" });
    return [];
  }
  if (direction === "ingress") {
    refusals.ofPolicy(property, {
      cause: `rules what comes from pods in tier ${policy.tier}, not what comes from elsewhere, so it cannot ${action} all`,
      remedy: "write continue, and a last rule from a group with the whole cluster",
    });
    return [];
  }
  return [{ index: -1, name: "default", direction, action, peers: "any", ports: "any" }];
}

/** The same rule several times, where the API takes fewer peers or ports at once: each says the same of its part. */
function split(rule: ClusterRule, most: number, refusals: Refusals): readonly TieredRule[] {
  const { index, name, action, direction } = rule;
  if (direction === "ingress" && (rule.peers === "any" || rule.peers.some(({ kind }) => kind === "cidr"))) {
    refusals.rule(index, {
      cause: "rules by address only what pods send, not what they get, in all tiers but application",
      remedy: "name pods or the whole cluster in from, or write the rule into a policy of tier application",
    });
    return [];
  }
  const peers = rule.peers === "any" ? [{ networks: ["0.0.0.0/0", "::/0"] }] : peersJson(rule.peers);
  const parts = chunks(peers, most).flatMap((some) =>
    (rule.ports === "any" ? ["any" as const] : chunks(rule.ports, most)).map((ports) => ({ peers: some, ports })),
  );
  return parts.map((part, at) => ({ name: at === 0 ? name : `${name}-${at + 1}`, action, ...part }));
}

function peersJson(peers: readonly ClusterPeer[]): readonly Json[] {
  const networks = peers.flatMap((peer) =>
    peer.kind === "cidr" ? freeSpace(peer.cidr, peer.except).map(formatCidr) : [],
  );
  return [
    ...peers.flatMap((peer) => (peer.kind === "pods" ? [podsJson(peer)] : [])),
    // A list of them is a set to the API.
    ...chunks([...new Set(networks)], mostNetworks).map((some) => ({ networks: some })),
  ];
}

export function chunks<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / most);
  return Array.from({ length: count }, (_, at) => items.slice(at * most, (at + 1) * most));
}

/** The rules of one object after another; `undefined` where they are more than so many objects take. */
export function objectsOf(
  rules: TieredRules,
  mostRules: number,
  mostObjects: number,
): readonly TieredRules[] | undefined {
  const parts = directions.map((direction) => chunks(rules[direction], mostRules).length);
  const count = Math.max(...parts);
  if (count > mostObjects) return undefined;
  const part = (direction: Direction, at: number): readonly TieredRule[] =>
    rules[direction].slice(at * mostRules, (at + 1) * mostRules);
  return Array.from({ length: count }, (_, at) => ({ ingress: part("ingress", at), egress: part("egress", at) }));
}
