/**
 * Who is known on the host alone, and changes while nobody runs Pulumi: addresses of DNS names, containers by their
 * labels. Rules and subjects speak of lists of such sources; an address is in a list if any of its sources has it.
 */

import type { Address } from "../model/address";
import type { Peer, Target } from "./rule";
import type { Selector } from "./selector";
import type { Group } from "./world";

export type DynamicSource =
  /** What a DNS name resolves to on the host. */
  | { readonly kind: "name"; readonly name: string }
  /** Containers of the host's engine. */
  | { readonly kind: "containers"; readonly selector: Selector };

/** Sorted, each once, so that equal lists are equal data. */
export type DynamicList = readonly DynamicSource[];

/** What a host has found out. */
export interface DynamicMembers {
  readonly names: Readonly<Record<string, readonly Address[]>>;
  readonly containers: readonly DynamicContainer[];
}

/** An address of a container. */
export interface DynamicContainer {
  readonly segment: string;
  readonly address: Address;
  readonly labels: Readonly<Record<string, string>>;
}

/** Lists that one packet may be in at once: each combination has rules of its own, so 15 of them. */
export const mostLists = 4;

export const listKey = (list: DynamicList): string => JSON.stringify(list);

/** Of peers or targets what is dynamic. */
export function dynamicOf(items: readonly (Peer | Target)[], groups: ReadonlyMap<string, Group>): DynamicList {
  const sources = items.flatMap((item): readonly DynamicSource[] => {
    if (item.kind === "name") return [item];
    if (item.kind !== "group") return [];
    return (groups.get(item.name)?.members ?? []).flatMap((member) =>
      member.kind === "containers" ? [{ kind: "containers" as const, selector: member.selector }] : [],
    );
  });
  return [...new Map(sources.map((source) => [JSON.stringify(source), source]))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, source]) => source);
}

/** The different lists, without the empty one, in an order that follows from what they hold. */
export function distinctLists(lists: readonly DynamicList[]): readonly DynamicList[] {
  return [...new Map(lists.filter((list) => list.length > 0).map((list) => [listKey(list), list]))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, list]) => list);
}
