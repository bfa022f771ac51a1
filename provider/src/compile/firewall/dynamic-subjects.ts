/** Containers, wherever on the host, may come under policies that go by labels: what becomes of them where. */

import type { Family } from "../../model/address";
import { allAddresses, families } from "../../policy/address-set";
import { distinctLists, listKey } from "../../policy/dynamic";
import type { Interval, IntervalSet } from "../../policy/intervals";
import type { Resolver } from "../../policy/resolve";
import { directions, type Policy } from "../../policy/rule";
import type { Segment } from "../../policy/world";
import { combinations, dynamicSubjectMap, type DynamicSubjects, refuseTooMany } from "./dynamics";
import type { EndpointClasses } from "./endpoint-class";
import { sweep } from "./sweep";

interface Stretch extends Interval<bigint> {
  readonly policies: ReadonlySet<Policy>;
}

/**
 * @param policies in the order of asking
 * @param segments of the host
 */
export function dynamicSubjectsOf(
  policies: readonly Policy[],
  segments: readonly Segment[],
  resolver: Resolver,
  classes: EndpointClasses,
): readonly DynamicSubjects[] {
  const listOf = new Map(policies.map((policy) => [policy, resolver.dynamic(policy.appliesTo)]));
  const lists = distinctLists([...listOf.values()]);
  if (lists.length === 0) return [];
  refuseTooMany(lists, "policies apply to");
  const chosen = combinations(lists).map((members) => new Set(members.map(listKey)));
  return segments.flatMap((segment) =>
    families.flatMap((family) =>
      stretchesOf(policies, segment, family, resolver).flatMap(({ first, last, policies: always }) =>
        directions.map((direction): DynamicSubjects => ({
          map: dynamicSubjectMap(direction, family),
          bridge: segment.bridge,
          family,
          first,
          last,
          lists,
          chains: chosen.map((keys) => {
            const here = policies.filter((policy) => always.has(policy) || keys.has(listKey(listOf.get(policy) ?? [])));
            return classes.of(here, { direction, family, network: segment.network }).name;
          }),
        })),
      ),
    ),
  );
}

/** All addresses, cut where other policies apply, whether or not anything there is known to be at home here. */
function stretchesOf(
  policies: readonly Policy[],
  segment: Segment,
  family: Family,
  resolver: Resolver,
): readonly Stretch[] {
  const all = { policy: undefined, order: -1, addresses: allAddresses(family) };
  const known = policies.map((policy, order) => {
    return { policy, order, addresses: resolver.subjects(policy.appliesTo, segment)[family] };
  });
  const stretches = sweep(
    [all, ...known],
    (one): IntervalSet<bigint> => one.addresses,
    (active) => [...active],
  );
  return stretches.map(({ first, last, entries }) => ({
    first,
    last,
    policies: new Set(entries.map(({ policy }) => policy).filter((policy) => policy !== undefined)),
  }));
}
