/** What the policies say of flows between classes. */

import { combinations } from "../compile/firewall/dynamics";
import { entriesOf, type Entry } from "../compile/firewall/entry";
import { isNoAddress } from "../policy/address-set";
import { distinctLists, listKey } from "../policy/dynamic";
import type { Direction, Policy } from "../policy/rule";
import type { EndClass, Version } from "./classes";
import { eitherOf, inSeries, type Line, lineOf, openLine } from "./line";
import { isEverybody, type PeerSets } from "./peer-sets";

interface Judged {
  readonly entry: Entry;
  /** Whom it is about: everybody, nobody whom anybody but a host knows, or those in one of `EndClass.sets`. */
  readonly peers: { readonly kind: "all" } | { readonly kind: "none" } | { readonly kind: "set"; readonly key: string };
}

/** All that a class of endpoints is judged by in one direction. */
interface List {
  readonly entries: readonly Judged[];
  /** For each choice of the lists that only hosts know: the entries that match everybody then. */
  readonly choices: readonly ReadonlySet<string>[];
  readonly lines: Map<string, Line>;
}

export class Judge {
  private readonly lists = new Map<string, List>();

  /** @param now seconds since 1970 */
  constructor(
    private readonly versions: readonly Version[],
    private readonly sets: PeerSets,
    private readonly now: number,
  ) {}

  /** @param version index of the policies to ask */
  line(from: EndClass, to: EndClass, version: number): Line {
    return inSeries(this.side(from, to, "egress", version), this.side(to, from, "ingress", version));
  }

  private side(own: EndClass, peer: EndClass, direction: Direction, version: number): Line {
    const subject = own.subjects[version];
    if (subject === undefined) return openLine;
    const lines = subject.policies.map((policies) => {
      if (policies.length === 0) return openLine;
      return this.of(this.list(version, subject.realm, policies, direction, own.network), peer);
    });
    return lines.length === 1 ? (lines[0] ?? openLine) : eitherOf(lines);
  }

  private of({ entries, choices, lines }: List, { family, sets }: EndClass): Line {
    const matched = entries.flatMap(({ peers }, index) =>
      peers.kind === "all" || (peers.kind === "set" && sets.has(peers.key)) ? [index] : [],
    );
    const key = `${family} ${matched.join()}`;
    let found = lines.get(key);
    if (found === undefined) {
      const certain = new Set(matched);
      const under = choices.map((members) =>
        lineOf(
          entries.filter(({ entry }, index) => certain.has(index) || members.has(listKey(entry.dynamic))).map(entryIn),
          family,
          this.now,
        ),
      );
      lines.set(key, (found = eitherOf(under)));
    }
    return found;
  }

  private list(
    version: number,
    realm: number,
    policies: readonly Policy[],
    direction: Direction,
    network: string | undefined,
  ): List {
    const key = [version, realm, direction, network ?? "", ...policies.map(({ name }) => name)].join(" ");
    let found = this.lists.get(key);
    if (found === undefined) {
      const resolver = this.versions[version]?.[realm]?.resolver;
      const entries = resolver === undefined ? [] : entriesOf(policies, direction, network, resolver);
      this.lists.set(key, (found = this.listOf(entries)));
    }
    return found;
  }

  private listOf(entries: readonly Entry[]): List {
    const lists = distinctLists(entries.map(({ dynamic }) => dynamic));
    return {
      entries: entries.map((entry) => ({ entry, peers: this.peersOf(entry) })),
      choices: [[], ...combinations(lists)].map((members) => new Set(members.map(listKey))),
      lines: new Map(),
    };
  }

  private peersOf({ peers }: Entry): Judged["peers"] {
    if (isEverybody(peers)) return { kind: "all" };
    return isNoAddress(peers) ? { kind: "none" } : { kind: "set", key: this.sets.keyOf(peers) };
  }
}

const entryIn = ({ entry }: Judged): Entry => entry;
