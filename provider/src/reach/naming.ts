/** Classes in words: the fewest names of groups, subnets and networks that say exactly which ones are meant. */

import { formatAddress } from "../model/address";
import { formatRange } from "../model/range";
import type { EndClass, Version } from "./classes";
import { type Mark, markOf } from "./mark";
import type { Names } from "./names";

/** A name, and the classes that it means. */
interface Name {
  readonly text: string;
  /** Of names that mean the same the lower one is used. */
  readonly rank: number;
  readonly classes: ReadonlySet<number>;
}

/** A mark with the name that people have for it. */
export interface NamedMark {
  readonly mark: Mark;
  readonly text: string;
}

/** Groups and blocks of addresses that the policies of a version speak of, each once. */
export function namedMarks(version: Version): readonly NamedMark[] {
  const found = new Map<string, NamedMark>();
  for (const realm of version) {
    for (const { name } of realm.world.groups) {
      const key = `group ${name}`;
      const text = name.slice(name.indexOf("/") + 1);
      if (!found.has(key)) found.set(key, { mark: markOf(key, { kind: "group", name }, realm), text });
    }
    for (const peer of realm.policies.flatMap(({ rules }) => rules.flatMap(({ peers }) => peers))) {
      if (peer.kind !== "cidr") continue;
      const block = formatRangeOf(peer.cidr);
      const text = peer.except.length === 0 ? block : `${block} but ${peer.except.map(formatRangeOf).join(", ")}`;
      const key = `block ${text}`;
      if (!found.has(key)) found.set(key, { mark: markOf(key, peer, realm), text });
    }
  }
  return [...found.values()];
}

const formatRangeOf = (cidr: {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefixLength: number;
}): string => `${formatAddress({ family: cidr.family, value: cidr.base })}/${cidr.prefixLength}`;

/** Names that are written out before the rest is counted. */
const mostNames = 4;

export class Naming {
  /** Of all marks that are told apart. */
  readonly markKeys: readonly string[];
  private readonly names: readonly Name[];

  constructor(
    private readonly classes: readonly EndClass[],
    marks: readonly NamedMark[],
    private readonly known: Names,
  ) {
    this.markKeys = [...new Set(marks.map(({ mark }) => mark.key))];
    this.names = [
      ...marks.map(({ mark, text }) => this.where(text, 1, ({ sets }) => sets.has(mark.key))),
      ...this.segments(),
      ...this.placed(
        ({ place, network }) => (place.kind === "segment" ? network : undefined),
        3,
        (network) => `network ${known.network(network)}`,
      ),
      this.where("anybody outside", 4, ({ place, network }) => place.kind === "outside" && network !== undefined),
    ].filter(({ classes: meant }) => meant.size > 0);
  }

  private where(text: string, rank: number, isMeant: (one: EndClass) => boolean): Name {
    return { text, rank, classes: new Set(this.classes.filter(isMeant).map(({ id }) => id)) };
  }

  /** A subnet is named where no class has members in it and in another one. */
  private segments(): readonly Name[] {
    const found = new Map<string, EndClass[]>();
    const shared = new Set<string>();
    for (const one of this.classes) {
      const names = new Set(one.members.flatMap(({ segment }) => segment ?? []));
      for (const name of names) {
        found.set(name, [...(found.get(name) ?? []), one]);
        if (names.size > 1) shared.add(name);
      }
    }
    return [...found]
      .filter(([name]) => !shared.has(name))
      .map(([name, all]) => ({ text: this.known.segment(name), rank: 2, classes: new Set(all.map(({ id }) => id)) }));
  }

  private placed(
    keyOf: (one: EndClass) => string | undefined,
    rank: number,
    textOf: (key: string) => string,
  ): readonly Name[] {
    const groups = Map.groupBy(this.classes, keyOf);
    return [...groups].flatMap(([key, all]) =>
      key === undefined ? [] : [{ text: textOf(key), rank, classes: new Set(all.map(({ id }) => id)) }],
    );
  }

  /** @param universe all that could stand there: a name counts where it means nobody else of these */
  text(meant: readonly EndClass[], universe: readonly EndClass[]): string {
    const wanted = new Set(meant.map(({ id }) => id));
    const possible = new Set([...universe.map(({ id }) => id), ...wanted]);
    const rest = new Set([...possible].filter((id) => !wanted.has(id)));
    // Who alone could stand there is better called by its name, unless that is all addresses there are.
    if (rest.size === 0 && (wanted.size > 1 || meant.some(isAnybody))) return "any";
    const names = this.cover(wanted, possible);
    const others = this.cover(rest, possible);
    return others.length > 0 && costOf(others) < costOf(names) ? `any but ${listed(others)}` : listed(names);
  }

  private cover(wanted: ReadonlySet<number>, possible: ReadonlySet<number>): readonly Used[] {
    const candidates = this.names.flatMap(({ text, rank, classes }) => {
      const here = [...classes].filter((id) => possible.has(id));
      return here.length > 0 && here.every((id) => wanted.has(id)) ? [{ text, rank, here }] : [];
    });
    candidates.sort((one, other) => other.here.length - one.here.length || one.rank - other.rank);
    const left = new Set(wanted);
    const names: Used[] = [];
    for (const { text, here } of candidates) {
      if (!here.some((id) => left.has(id))) continue;
      for (const id of here) left.delete(id);
      names.push({ text, cost: 1 });
    }
    const single = [...left].flatMap((id) => this.own(this.classes[id]));
    const used = new Map([...names, ...single].map((one) => [one.text, one]));
    return [...used.values()].sort((one, other) => (one.text < other.text ? -1 : 1));
  }

  private own(one: EndClass | undefined): readonly Used[] {
    if (one === undefined) return [];
    const { place, members, family } = one;
    if (place.kind === "host") return place.hosts.map((uri) => ({ text: `host ${this.known.host(uri)}`, cost: 1 }));
    return members.map(({ endpoint, first, last }) => {
      if (endpoint !== undefined) return { text: endpoint.slice(endpoint.indexOf("/") + 1), cost: 1 };
      const [from, to] = [
        { family, value: first },
        { family, value: last },
      ];
      return { text: first === last ? formatAddress(from) : formatRange({ first: from, last: to }), cost: 2 };
    });
  }
}

/** A name in a text. Ranges of addresses say little to a reader, so they cost more. */
interface Used {
  readonly text: string;
  readonly cost: number;
}

const costOf = (names: readonly Used[]): number => names.reduce((sum, { cost }) => sum + cost, 0);

/** All addresses of a family, as hosts see them. */
const isAnybody = ({ place, network }: EndClass): boolean => place.kind === "outside" && network === undefined;

function listed(names: readonly Used[]): string {
  const shown = names.slice(0, mostNames).map(({ text }) => text);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
