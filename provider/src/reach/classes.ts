/**
 * Ends of flows that nobody can tell apart: on one segment, under the same policies, among the same peers of every rule.
 * A fleet of ten thousand endpoints has a few hundred of them, and what passes between two of them is asked once.
 */

import { combinations } from "../compile/firewall/dynamics";
import { sweep } from "../compile/firewall/sweep";
import type { Family } from "../model/address";
import { addressesOf, type AddressSet, blocks, everyAddress, families, uniteAddresses } from "../policy/address-set";
import { distinctLists, listKey } from "../policy/dynamic";
import type { Interval, IntervalSet } from "../policy/intervals";
import type { Policy } from "../policy/rule";
import type { Mark } from "./mark";
import type { PeerSets } from "./peer-sets";
import type { Realm } from "./realm";
import type { Ways } from "./ways";

/** Addresses of a class. */
export interface Member extends Interval<bigint> {
  /** As the world names it: `5001/web1`; `undefined` for addresses that a host's engine hands out, and outside. */
  readonly endpoint: string | undefined;
}

/** Who is asked about what a class sends and gets, in one version of the policies. */
export interface Subject {
  readonly realm: number;
  /** Those that apply to it, and to what the host may find out to be there: the first as if it had found nothing. */
  readonly policies: readonly (readonly Policy[])[];
}

export interface EndClass {
  readonly id: number;
  readonly family: Family;
  /** The network that it is in, or is seen from; `undefined`: hosts, and what they see. */
  readonly network: string | undefined;
  readonly place:
    | { readonly kind: "segment"; readonly segment: string; readonly shape: string }
    | { readonly kind: "outside" }
    /** URIs of hosts. */
    | { readonly kind: "host"; readonly hosts: readonly string[] };
  readonly members: readonly Member[];
  /** Of rules' peers (`PeerSets`) and of marks, those that it is in. */
  readonly sets: ReadonlySet<string>;
  /** One a version; none for who is outside, or on a host that holds no policies. */
  readonly subjects: readonly (Subject | undefined)[];
}

export type Version = readonly Realm[];

interface Span {
  readonly order: number;
  readonly addresses: AddressSet;
  readonly tag:
    | { readonly kind: "set"; readonly key: string }
    | { readonly kind: "segment"; readonly name: string }
    /** A network that it is peered with: looked at for itself. */
    | { readonly kind: "elsewhere" }
    | { readonly kind: "cut"; readonly key: string }
    | { readonly kind: "at home"; readonly host: string; readonly endpoint: string | undefined }
    | { readonly kind: "subject"; readonly version: number; readonly realm: number; readonly policy: Policy };
}

type Tag = Span["tag"];
type Draft = Omit<EndClass, "id">;

export interface ClassesInput {
  /** Every version has the same hosts, segments and endpoints. */
  readonly versions: readonly Version[];
  readonly sets: PeerSets;
  readonly ways: Ways;
  readonly marks: readonly Mark[];
}

/** The classes of all networks, and of hosts that policies apply to. */
export const makeClasses = (input: ClassesInput): readonly EndClass[] => new ClassMaker(input).all();

class ClassMaker {
  private readonly found = new Map<string, { draft: Draft; members: Member[] }>();
  private readonly subjects = new Map<string, Subject>();

  private readonly versions: readonly Version[];
  private readonly sets: PeerSets;
  private readonly ways: Ways;
  private readonly marks: readonly Mark[];

  constructor({ versions, sets, ways, marks }: ClassesInput) {
    this.versions = versions;
    this.sets = sets;
    this.ways = ways;
    this.marks = marks;
  }

  all(): readonly EndClass[] {
    for (const network of this.networks()) {
      for (const family of families) this.inNetwork(network, family);
    }
    this.ofHosts();
    return [...this.found.values()].map(({ draft, members }, id) => ({ ...draft, id, members }));
  }

  private networks(): readonly string[] {
    const named = this.versions.flat().flatMap(({ world }) => world.networks.map(({ name }) => name));
    return [...new Set(named)].sort();
  }

  private inNetwork(network: string, family: Family): void {
    const stretches = sweep(
      numbered(this.spansOf(network)),
      (span): IntervalSet<bigint> => span.addresses[family],
      (active) => [...active],
    );
    for (const { first, last, entries } of stretches) {
      const tags = entries.map(({ tag }) => tag);
      const segment = tags.find((tag) => tag.kind === "segment")?.name;
      if (segment === undefined) {
        if (tags.some(({ kind }) => kind === "elsewhere")) continue;
        this.put({ family, network, place: { kind: "outside" }, sets: setsOf(tags), subjects: [] }, first, last);
        continue;
      }
      // What nobody has is no end of a flow.
      const home = tags.find((tag) => tag.kind === "at home");
      if (home === undefined) continue;
      const place = { kind: "segment", segment, shape: this.ways.shape(home.host, segment) } as const;
      const subjects = this.versions.map((version, index) => this.subjectAt(version, index, home.host, tags));
      this.put({ family, network, place, sets: setsOf(tags), subjects }, first, last, home.endpoint);
    }
  }

  private spansOf(network: string): readonly Omit<Span, "order">[] {
    const realms = this.versions.flat();
    const peers = new Set(
      realms.flatMap(({ world }) => world.networks.find((one) => one.name === network)?.peers ?? []),
    );
    const cuts = this.ways.cuts(network);
    return [
      { addresses: everyAddress, tag: { kind: "cut", key: "" } },
      ...[...peers].map((peer) => ({ addresses: spaceOf(realms, peer), tag: { kind: "elsewhere" } as const })),
      ...[network, ...peers].flatMap((observer) =>
        this.sets.seenFrom(observer).map(({ key, addresses }) => ({ addresses, tag: { kind: "set", key } as const })),
      ),
      ...this.marks.map((mark) => ({
        addresses: mark.addresses(network),
        tag: { kind: "set", key: mark.key } as const,
      })),
      ...cuts.map((addresses, index) => ({ addresses, tag: { kind: "cut", key: String(index) } as const })),
      ...this.homesIn(network),
      ...this.versions.flatMap((version, index) => subjectSpans(version, index, network)),
    ];
  }

  /** Segments, and who is there: every version has the same of these, so the last one says. */
  private homesIn(network: string): readonly Omit<Span, "order">[] {
    const last = this.versions.at(-1) ?? [];
    return last.flatMap(({ world, resolver, hosts }) => {
      const segments = world.segments.filter((segment) => segment.network === network);
      return segments.flatMap((segment): readonly Omit<Span, "order">[] => [
        {
          addresses: resolver.subjects([{ kind: "subnet", name: segment.name }], segment),
          tag: { kind: "segment", name: segment.name },
        },
        ...world.endpoints
          .filter((one) => one.segment === segment.name && hosts.has(one.host))
          .map(({ addresses, host, name }) => ({
            addresses: addressesOf(addresses),
            tag: { kind: "at home", host, endpoint: name } as const,
          })),
        ...world.hostRanges
          .filter((one) => one.segment === segment.name)
          .map(({ cidr, host }) => ({
            addresses: blocks([cidr]),
            tag: { kind: "at home", host, endpoint: undefined } as const,
          })),
      ]);
    });
  }

  private subjectAt(version: Version, index: number, host: string, tags: readonly Tag[]): Subject | undefined {
    const realm = version.findIndex(({ hosts }) => hosts.has(host));
    const found = version[realm];
    if (found === undefined) return undefined;
    const here = tags.flatMap((tag) =>
      tag.kind === "subject" && tag.version === index && tag.realm === realm ? [tag.policy] : [],
    );
    const key = `${index} ${realm} ${here.map(({ name }) => name).join(" ")}`;
    let subject = this.subjects.get(key);
    if (subject === undefined) this.subjects.set(key, (subject = { realm, policies: underLabels(found, here) }));
    return subject;
  }

  /** Hosts themselves, where a policy applies to any, and all that they may meet. */
  private ofHosts(): void {
    const hosts = this.versions.map((version) => version.flatMap((realm, index) => hostSubjects(realm, index)));
    const named = [...new Set(hosts.flat().map(({ host }) => host))].sort();
    if (named.length === 0) return;
    for (const family of families) {
      for (const host of named) {
        const subjects = this.versions.map((version, index): Subject | undefined => {
          const found = hosts[index]?.find((one) => one.host === host);
          const realm = found?.realm ?? version.findIndex((one) => one.hosts.has(host));
          return realm < 0 ? undefined : { realm, policies: [found?.policies ?? []] };
        });
        const sets = new Set(this.marks.filter((mark) => mark.isHost(host)).map(({ key }) => key));
        this.put({ family, network: undefined, place: { kind: "host", hosts: [host] }, sets, subjects }, 0n, 0n);
      }
      this.aroundHosts(family);
    }
  }

  private aroundHosts(family: Family): void {
    const spans = [
      { addresses: everyAddress, tag: { kind: "cut", key: "" } as const },
      ...this.sets.seenFrom(undefined).map(({ key, addresses }) => ({ addresses, tag: { kind: "set", key } as const })),
      ...this.marks.map((mark) => ({
        addresses: mark.addresses(undefined),
        tag: { kind: "set", key: mark.key } as const,
      })),
    ];
    const stretches = sweep(
      numbered(spans),
      (span): IntervalSet<bigint> => span.addresses[family],
      (active) => [...active],
    );
    for (const { first, last, entries } of stretches) {
      const sets = setsOf(entries.map(({ tag }) => tag));
      this.put({ family, network: undefined, place: { kind: "outside" }, sets, subjects: [] }, first, last);
    }
  }

  private put(draft: Omit<Draft, "members">, first: bigint, last: bigint, endpoint?: string): void {
    const { family, network, place, sets, subjects } = draft;
    const where = place.kind === "segment" ? `${place.segment} ${place.shape}` : place.kind;
    const under = subjects.map((one) =>
      one === undefined
        ? ""
        : `${one.realm}:${one.policies.map((list) => list.map(({ name }) => name).join()).join("|")}`,
    );
    const key = JSON.stringify([family, network, where, [...sets], under]);
    const known = this.found.get(key);
    const member = { first, last, endpoint };
    if (known === undefined) this.found.set(key, { draft: { ...draft, members: [] }, members: [member] });
    else {
      known.members.push(member);
      if (place.kind === "host" && known.draft.place.kind === "host") {
        known.draft = { ...known.draft, place: { kind: "host", hosts: [...known.draft.place.hosts, ...place.hosts] } };
      }
    }
  }
}

const numbered = (spans: readonly Omit<Span, "order">[]): readonly Span[] =>
  spans.map((span, order) => ({ ...span, order }));

const setsOf = (tags: readonly Tag[]): ReadonlySet<string> =>
  new Set(tags.flatMap((tag) => (tag.kind === "set" || tag.kind === "cut" ? [tag.key] : [])).sort());

/** All addresses of a network's segments. */
const spaceOf = (realms: readonly Realm[], network: string): AddressSet =>
  uniteAddresses(
    realms.flatMap(({ resolver, world }) =>
      world.segments
        .filter((segment) => segment.network === network)
        .map((segment) => resolver.subjects([{ kind: "network", name: network }], segment)),
    ),
  );

/** Policies that may apply to anybody: by labels of containers, which only hosts know. */
function underLabels({ policies, resolver }: Realm, always: readonly Policy[]): readonly (readonly Policy[])[] {
  const listOf = new Map(policies.map((policy) => [policy, listKey(resolver.dynamic(policy.appliesTo))]));
  const lists = distinctLists(policies.map(({ appliesTo }) => resolver.dynamic(appliesTo)));
  if (lists.length === 0) return [always];
  const here = new Set(always);
  return [[], ...combinations(lists)].map((members) => {
    const keys = new Set(members.map(listKey));
    return policies.filter((policy) => here.has(policy) || keys.has(listOf.get(policy) ?? ""));
  });
}

function subjectSpans(version: Version, index: number, network: string): readonly Omit<Span, "order">[] {
  return version.flatMap(({ world, resolver, policies }, realm) =>
    world.segments
      .filter((segment) => segment.network === network)
      .flatMap((segment) =>
        policies.map((policy) => ({
          addresses: resolver.subjects(policy.appliesTo, segment),
          tag: { kind: "subject", version: index, realm, policy } as const,
        })),
      ),
  );
}

function hostSubjects(
  { hosts, policies }: Realm,
  realm: number,
): readonly (HostSubject & { readonly realm: number })[] {
  return [...hosts].flatMap((host) => {
    const here = policies.filter(({ appliesTo }) => appliesTo.some((one) => one.kind === "host" && one.name === host));
    return here.length === 0 ? [] : [{ host, policies: here, realm }];
  });
}

interface HostSubject {
  readonly host: string;
  readonly policies: readonly Policy[];
}
