/**
 * Ends of flows that nobody can tell apart: on one segment, under the same policies, among the same peers of every rule.
 * A fleet of ten thousand endpoints has a few hundred of them, and what passes between two of them is asked once.
 */

import { combinations } from "../compile/firewall/dynamics";
import { sweep } from "../compile/firewall/sweep";
import type { Family } from "../model/address";
import { everyAddress, families } from "../policy/address-set";
import { distinctLists, listKey } from "../policy/dynamic";
import type { Interval, IntervalSet } from "../policy/intervals";
import type { Policy } from "../policy/rule";
import type { Realm } from "./realm";
import { type ClassesInput, networkSpans, numbered, setsOf, type Tag, type Version } from "./spans";

export type { Version } from "./spans";

/** Addresses of a class. */
export interface Member extends Interval<bigint> {
  /** As the world names it: `5001/web1`; `undefined` for addresses that a host's engine hands out, and outside. */
  readonly endpoint: string | undefined;
  readonly segment: string | undefined;
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
    /** On segments to which the same ways lead. */
    | { readonly kind: "segment"; readonly group: string; readonly shape: string }
    | { readonly kind: "outside" }
    /** URIs of hosts. */
    | { readonly kind: "host"; readonly hosts: readonly string[] };
  readonly members: readonly Member[];
  /** Of rules' peers (`PeerSets`) and of marks, those that it is in. */
  readonly sets: ReadonlySet<string>;
  /** One a version; none for who is outside, or on a host that holds no policies. */
  readonly subjects: readonly (Subject | undefined)[];
}

type Draft = Omit<EndClass, "id">;

/** With more segments they are told apart only where policies or questions speak of them. */
const mostNamedSegments = 32;

/** The classes of all networks, and of hosts that policies apply to. */
export const makeClasses = (input: ClassesInput): readonly EndClass[] => new ClassMaker(input).all();

class ClassMaker {
  private readonly found = new Map<string, { draft: Draft; members: Member[] }>();
  private readonly subjects = new Map<string, Subject>();

  constructor(private readonly input: ClassesInput) {
    const { versions } = input;
    const segments = new Set(versions.flat().flatMap(({ world }) => world.segments.map(({ name }) => name)));
    this.bySegment = segments.size <= mostNamedSegments;
  }

  all(): readonly EndClass[] {
    for (const network of this.networks()) {
      for (const family of families) this.inNetwork(network, family);
    }
    this.ofHosts();
    return [...this.found.values()].map(({ draft, members }, id) => ({ ...draft, id, members }));
  }

  private networks(): readonly string[] {
    const named = this.input.versions.flat().flatMap(({ world }) => world.networks.map(({ name }) => name));
    return [...new Set(named)].sort();
  }

  private inNetwork(network: string, family: Family): void {
    const stretches = sweep(
      numbered(networkSpans(network, this.input)),
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
      const shape = this.input.ways.shape(home.host, segment);
      const place = { kind: "segment", group: this.input.ways.group(segment), shape } as const;
      const subjects = this.input.versions.map((version, index) => this.subjectAt(version, index, home.host, tags));
      this.put({ family, network, place, sets: setsOf(tags), subjects }, first, last, home.endpoint, segment);
    }
  }

  private subjectAt(version: Version, index: number, host: string, tags: readonly Tag[]): Subject | undefined {
    const realm = version.findIndex(({ hosts }) => hosts.has(host));
    const found = version[realm];
    if (found === undefined) return undefined;
    const here = tags
      .flatMap((tag) =>
        tag.kind === "subject" && tag.version === index && tag.realm === realm ? [...tag.policies] : [],
      )
      .sort(([one], [other]) => one - other)
      .map(([, policy]) => policy);
    const key = `${index} ${realm} ${here.map(({ name }) => name).join(" ")}`;
    let subject = this.subjects.get(key);
    if (subject === undefined) this.subjects.set(key, (subject = { realm, policies: underLabels(found, here) }));
    return subject;
  }

  /** Hosts themselves, where a policy applies to any, and all that they may meet. */
  private ofHosts(): void {
    const hosts = this.input.versions.map((version) => version.flatMap((realm, index) => hostSubjects(realm, index)));
    const named = [...new Set(hosts.flat().map(({ host }) => host))].sort();
    if (named.length === 0) return;
    for (const family of families) {
      for (const host of named) {
        const subjects = this.input.versions.map((version, index): Subject | undefined => {
          const found = hosts[index]?.find((one) => one.host === host);
          const realm = found?.realm ?? version.findIndex((one) => one.hosts.has(host));
          return realm < 0 ? undefined : { realm, policies: [found?.policies ?? []] };
        });
        const sets = new Set(this.input.marks.filter((mark) => mark.isHost(host)).map(({ key }) => key));
        this.put({ family, network: undefined, place: { kind: "host", hosts: [host] }, sets, subjects }, 0n, 0n);
      }
      this.aroundHosts(family);
    }
  }

  private aroundHosts(family: Family): void {
    const spans = [
      { addresses: everyAddress, tag: { kind: "cut", key: "" } as const },
      ...this.input.sets
        .seenFrom(undefined)
        .map(({ key, addresses }) => ({ addresses, tag: { kind: "set", key } as const })),
      ...this.input.marks.map((mark) => ({
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

  /** In a small fleet subnets are told apart, so that they can be named. */
  private readonly bySegment: boolean;

  private put(draft: Omit<Draft, "members">, first: bigint, last: bigint, endpoint?: string, segment?: string): void {
    const { family, network, place, sets, subjects } = draft;
    const own = this.bySegment ? (segment ?? "") : "";
    const where = place.kind === "segment" ? `${place.group} ${place.shape} ${own}` : place.kind;
    const under = subjects.map((one) =>
      one === undefined
        ? ""
        : `${one.realm}:${one.policies.map((list) => list.map(({ name }) => name).join()).join("|")}`,
    );
    const key = JSON.stringify([family, network, where, [...sets], under]);
    const known = this.found.get(key);
    const member = { first, last, endpoint, segment };
    if (known === undefined) this.found.set(key, { draft: { ...draft, members: [] }, members: [member] });
    else {
      known.members.push(member);
      if (place.kind === "host" && known.draft.place.kind === "host") {
        known.draft = { ...known.draft, place: { kind: "host", hosts: [...known.draft.place.hosts, ...place.hosts] } };
      }
    }
  }
}

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
