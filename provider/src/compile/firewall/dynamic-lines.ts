/**
 * What a host has to fill in, as lines that its program reads. What is spoken of has a number and comes before who
 * speaks of it:
 *
 *     name 1 mirror.example.com
 *     containers 2
 *     label 2 in app =web =db              also: not-in, exists, absent; all of a number's must match
 *     list 1 1 2
 *     subject MAP BRIDGE FIRST LAST LISTS CHAINS      addresses in hexadecimal; the n-th chain (from 1) is for who is in
 *     peer MAP FAMILY BRIDGES|- LISTS CHAINS          the lists whose bits are set in n
 */

import { familyBits, type Family } from "../../model/address";
import { type DynamicList, type DynamicSource, listKey } from "../../policy/dynamic";
import type { LabelExpression, Selector } from "../../policy/selector";
import type { Words } from "../steps";
import type { Dynamics } from "./dynamics";

/** Empty where nothing is dynamic. */
export function dynamicLines({ subjects, peers }: Dynamics): readonly Words[] {
  const lists = numbered(
    [...subjects, ...peers].flatMap((template) => template.lists),
    listKey,
  );
  const sources = numbered(lists.items.flat(), JSON.stringify);
  const listsOf = (all: readonly DynamicList[]): string => all.map(lists.numberOf).join(",");
  return [
    ...sources.items.flatMap((source) => sourceLines(source, sources.numberOf(source))),
    ...lists.items.map((list): Words => ["list", lists.numberOf(list), ...list.map(sources.numberOf)]),
    ...subjects.map(({ map, bridge, family, first, last, lists: all, chains }): Words => [
      "subject",
      map,
      bridge,
      hex(first, family),
      hex(last, family),
      listsOf(all),
      chains.join(","),
    ]),
    ...peers.map(({ map, family, bridges, lists: all, chains }): Words => [
      "peer",
      map,
      family,
      bridges.length === 0 ? "-" : bridges.join(","),
      listsOf(all),
      chains.join(","),
    ]),
  ];
}

function sourceLines(source: DynamicSource, number: number): readonly Words[] {
  switch (source.kind) {
    case "name":
      return [["name", number, source.name]];
    case "containers":
      return [["containers", number], ...expressionsOf(source.selector).map((one) => labelLine(one, number))];
  }
}

const expressionsOf = ({ matchLabels, matchExpressions }: Selector): readonly LabelExpression[] => [
  ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: "In" as const, values: [value] })),
  ...matchExpressions,
];

function labelLine(expression: LabelExpression, number: number): Words {
  const { key } = expression;
  switch (expression.operator) {
    case "In":
      return ["label", number, "in", key, ...expression.values.map(valueWord)];
    case "NotIn":
      return ["label", number, "not-in", key, ...expression.values.map(valueWord)];
    case "Exists":
      return ["label", number, "exists", key];
    case "DoesNotExist":
      return ["label", number, "absent", key];
  }
}

/** A value may be empty, a word may not. */
const valueWord = (value: string): string => `=${value}`;

const hex = (value: bigint, family: Family): string => value.toString(16).padStart(familyBits(family) / 4, "0");

interface Numbered<T> {
  readonly items: readonly T[];
  readonly numberOf: (item: T) => number;
}

/** Each once, from 1, in the order in which they come. */
function numbered<T>(items: readonly T[], keyOf: (item: T) => string): Numbered<T> {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  const numbers = new Map([...byKey.keys()].map((key, index) => [key, index + 1]));
  return { items: [...byKey.values()], numberOf: (item) => numbers.get(keyOf(item)) ?? 0 };
}
