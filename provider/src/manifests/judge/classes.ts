/** Groups of pods that every policy treats alike become one class, so that a matrix has few rows. */

import type { ContainerPort } from "../objects";
import type { PodGroup } from "./pod-groups";
import type { Policies, Policy } from "./rules";

export interface Classes {
  readonly count: number;
  /** The class of each group. */
  readonly of: Int32Array;
  /** The ports of a class that rules look up by name. */
  readonly ports: readonly (readonly ContainerPort[])[];
}

export function classesOf(groups: readonly PodGroup[], directions: readonly Policies[]): Classes {
  const policies = directions.flatMap(({ admin, network, baseline }) => [...admin, ...network, ...baseline]);
  const memberships = membershipsOf(groups.length, policies);
  const names = new Set(
    policies.flatMap(({ rules }) => rules.flatMap(({ ports }) => ports.named.map((one) => one.name))),
  );
  const ids = new Map<string, number>();
  const of = new Int32Array(groups.length);
  const ports: (readonly ContainerPort[])[] = [];
  const portLists = new Map<string, readonly ContainerPort[]>();
  groups.forEach((group, index) => {
    const written = group.ports.filter(({ name }) => names.has(name));
    const text = JSON.stringify(written);
    // Each list once: what a name means is looked up once for all classes that have it.
    const named = portLists.get(text) ?? written;
    portLists.set(text, named);
    const key = `${memberships[index]?.join() ?? ""} ${text}`;
    const known = ids.get(key);
    of[index] = known ?? ports.push(named) - 1;
    if (known === undefined) ids.set(key, ports.length - 1);
  });
  return { count: ports.length, of, ports };
}

/** Of each group the sets that it is in, among all that policies and rules name. */
function membershipsOf(count: number, policies: readonly Policy[]): readonly (readonly number[])[] {
  const memberships = Array.from({ length: count }, (): number[] => []);
  const seen = new Set<readonly number[]>();
  const put = (set: readonly number[]): void => {
    // A selector that several policies have is one set (PodGroups.select).
    if (seen.has(set)) return;
    seen.add(set);
    for (const group of set) memberships[group]?.push(seen.size);
  };
  for (const { subject, rules } of policies) {
    put(subject);
    for (const { peers } of rules) if (peers !== "any") peers.groups.forEach(put);
  }
  return memberships;
}
