/**
 * Who is known on the host alone: its addresses come and go while the table stays. A list of such sources either has a
 * packet's address or not, so for each combination of lists there are rules that take it as given, and a map that the
 * host fills says which addresses they are for. The host changes elements of these maps, never rules.
 */

import { type Address, type Family, formatAddress } from "../../model/address";
import { SdnError } from "../../model/error";
import { everyAddress } from "../../policy/address-set";
import { distinctLists, type DynamicList, type DynamicMembers, listKey, mostLists } from "../../policy/dynamic";
import type { Interval } from "../../policy/intervals";
import type { Direction } from "../../policy/rule";
import { matchesLabels } from "../../policy/selector";
import type { NftCommand } from "../nft/program";
import { type Cells, cellsOf } from "./cells";
import type { Entry } from "./entry";
import type { Outcomes } from "./outcome";
import { translatedName } from "./own-host";
import type { EndpointClass } from "./endpoint-class";

/** A class as it is for addresses in some of the lists: the n-th (from 0) for the lists whose bits are set in n + 1. */
export interface Variants {
  readonly lists: readonly DynamicList[];
  readonly cells: readonly Cells[];
}

/** What the host fills in: all that a unit on it has to know. */
export interface Dynamics {
  readonly subjects: readonly DynamicSubjects[];
  readonly peers: readonly DynamicPeers[];
}

interface Template {
  readonly map: string;
  readonly family: Family;
  readonly lists: readonly DynamicList[];
  /** The n-th (from 0) for an address that is in the lists whose bits are set in n + 1. */
  readonly chains: readonly string[];
}

/** Elements `BRIDGE . ADDRESS : goto CHAIN` for containers behind the bridge, with an address in the interval. */
export interface DynamicSubjects extends Template, Interval<bigint> {
  readonly bridge: string;
}

/** Elements `ADDRESS : goto CHAIN`, for whatever names resolve to, and for containers behind one of the bridges. */
export interface DynamicPeers extends Template {
  readonly bridges: readonly string[];
}

export const dynamicSubjectMap = (direction: Direction, family: Family): string => `dyn_${direction}${family}`;
export const dynamicPeerMap = (chain: string): string => `dyn_${chain}`;
export const variantName = (chain: string, index: number): string => `${chain}_v${index + 1}`;

/** Non-empty choices of the lists, in the order of their bits. */
export function combinations(lists: readonly DynamicList[]): readonly (readonly DynamicList[])[] {
  return Array.from({ length: 2 ** lists.length - 1 }, (_, index) =>
    lists.filter((_list, bit) => ((index + 1) & (1 << bit)) !== 0),
  );
}

/** @throws SdnError `exhausted` */
export function refuseTooMany(lists: readonly DynamicList[], what: string): void {
  if (lists.length <= mostLists) return;
  throw new SdnError({
    code: "exhausted",
    cause: `${what} ${lists.length} different lists of DNS names and containers, of which at most ${mostLists} can be combined`,
    remedy: "put what is treated alike into one group",
  });
}

export function variantsOf(entries: readonly Entry[], family: Family, outcomes: Outcomes): Variants {
  const lists = distinctLists(entries.map(({ dynamic }) => dynamic));
  refuseTooMany(lists, "for one class of endpoints rules go by");
  return {
    lists,
    cells: combinations(lists).map((members) => {
      const keys = new Set(members.map(listKey));
      const known = entries.map((entry) =>
        keys.has(listKey(entry.dynamic)) ? { ...entry, peers: everyAddress } : entry,
      );
      return cellsOf(known, family, outcomes);
    }),
  };
}

/** What packets translated on their way to the host look into has a chain of its own. */
export const chainsOf = ({ name, network, direction }: EndpointClass): readonly string[] =>
  network === undefined && direction === "ingress" ? [name, translatedName(name)] : [name];

/** @param bridges of the host behind which containers are peers of the class */
export function dynamicPeers(one: EndpointClass, bridges: readonly string[]): readonly DynamicPeers[] {
  const { lists, cells } = one.variants;
  if (lists.length === 0) return [];
  return chainsOf(one).map((chain) => ({
    map: dynamicPeerMap(chain),
    family: one.family,
    lists,
    chains: cells.map((_, index) => variantName(chain, index)),
    bridges,
  }));
}

/** An element of a map that the host fills. */
export interface DynamicElement {
  readonly map: string;
  readonly key: readonly string[];
  readonly chain: string;
}

export function dynamicCommands(table: string, elements: readonly DynamicElement[]): readonly NftCommand[] {
  return [...Map.groupBy(elements, ({ map }) => map)].map(([name, found]) => {
    const elem = found.map(({ key, chain }) => [
      key.length === 1 ? key[0] : { concat: key },
      { goto: { target: chain } },
    ]);
    return { add: { element: { family: "inet", table, name, elem } } };
  });
}

/** What the maps hold when the host has found these members. Its unit does the same in its own language. */
export function dynamicElements(
  { subjects, peers }: Dynamics,
  members: DynamicMembers,
  bridgeOf: (segment: string) => string | undefined,
): readonly DynamicElement[] {
  const containers = members.containers.map((one) => ({ ...one, bridge: bridgeOf(one.segment) }));
  const isIn = (list: DynamicList, address: Address, bridges: readonly string[]): boolean =>
    list.some((source) =>
      source.kind === "name"
        ? (members.names[source.name] ?? []).some((one) => formatAddress(one) === formatAddress(address))
        : containers.some(
            ({ bridge, labels, ...one }) =>
              bridge !== undefined &&
              bridges.includes(bridge) &&
              formatAddress(one.address) === formatAddress(address) &&
              matchesLabels(source.selector, labels),
          ),
    );
  const chainOf = ({ lists, chains }: Template, address: Address, bridges: readonly string[]): string | undefined =>
    chains[lists.reduce((bits, list, bit) => bits | (isIn(list, address, bridges) ? 1 << bit : 0), 0) - 1];
  const all = [...Object.values(members.names).flat(), ...containers.map(({ address }) => address)];
  const found = [
    ...subjects.flatMap((template) =>
      containers
        .filter(({ bridge, address: { family, value } }) => {
          const { first, last } = template;
          return bridge === template.bridge && family === template.family && first <= value && value <= last;
        })
        .map(({ address }) => ({ template, key: [template.bridge], address, bridges: [template.bridge] })),
    ),
    ...peers.flatMap((template) =>
      all
        .filter(({ family }) => family === template.family)
        .map((address) => ({ template, key: [], address, bridges: template.bridges })),
    ),
  ];
  const elements = found.flatMap(({ template, key, address, bridges }): readonly DynamicElement[] => {
    const chain = chainOf(template, address, bridges);
    return chain === undefined ? [] : [{ map: template.map, key: [...key, formatAddress(address)], chain }];
  });
  return [...new Map(elements.map((one) => [`${one.map} ${one.key.join(" ")}`, one])).values()];
}
