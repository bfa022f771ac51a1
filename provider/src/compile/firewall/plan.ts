/** Policies → what one host has to know: its own endpoints' classes, and nothing of anybody else's. */

import type { Address, Family } from "../../model/address";
import { hash64 } from "../../model/hash";
import { allAddresses, families, intersectAddresses } from "../../policy/address-set";
import { checkPolicies } from "../../policy/check";
import { distinctLists, listKey } from "../../policy/dynamic";
import { type Interval, type IntervalSet, successor } from "../../policy/intervals";
import { Resolver } from "../../policy/resolve";
import { type Direction, directions, orderPolicies, type Policy } from "../../policy/rule";
import type { Segment, World } from "../../policy/world";
import { type Cells, cellsOf } from "./cells";
import {
  combinations,
  dynamicPeers,
  type Dynamics,
  dynamicSubjectMap,
  type DynamicSubjects,
  refuseTooMany,
  type Variants,
  variantsOf,
} from "./dynamics";
import { type Entry, entriesOf } from "./entry";
import { Outcomes } from "./outcome";
import type { FailsafeSession, OwnPlan } from "./own-host";
import { sweep } from "./sweep";

/** Endpoints of one network to which the same policies apply, or the host itself, in one direction and family. */
export interface EndpointClass {
  /** Follows from the policies' names, so that a changed rule leaves it. */
  readonly name: string;
  /** `undefined`: the host itself. */
  readonly network: string | undefined;
  readonly policies: readonly string[];
  readonly direction: Direction;
  readonly family: Family;
  readonly cells: Cells;
  /** For peers that only the host knows. */
  readonly variants: Variants;
}

/** Addresses behind a bridge, and the class that they are in. */
export interface Subject extends Interval<bigint> {
  readonly bridge: string;
  readonly direction: Direction;
  readonly family: Family;
  readonly class: string;
}

export interface FirewallPlan {
  /** Conntrack zones of the bridges. */
  readonly zones: readonly { readonly bridge: string; readonly zone: number }[];
  /** Bridges behind which something is subject to a policy. */
  readonly guarded: readonly string[];
  readonly subjects: readonly Subject[];
  readonly classes: readonly EndpointClass[];
  /** The host itself, where a policy applies to it. */
  readonly own: OwnPlan | undefined;
  /** What the host has to fill in by itself. */
  readonly dynamics: Dynamics;
}

export interface PlanOptions {
  /** As segments, endpoints and policies name it. */
  readonly host: string;
  /** Seconds since 1970: rules that have expired are left out. */
  readonly now: number;
  /** Whom policies of the host never cut off. */
  readonly failsafe?: readonly FailsafeSession[];
  /** UDP ports to which the underlay sends VXLAN: no policy of the host has a say about them. */
  readonly underlayPorts?: readonly number[];
  /** The host's own: they tell its open flows from those that it passes on. */
  readonly hostAddresses?: readonly Address[];
}

/** @throws SdnError `invalid-input` where policies are wrong or contradict each other */
export function firewallPlan(policies: readonly Policy[], world: World, options: PlanOptions): FirewallPlan {
  checkPolicies(policies, world);
  return new Planner(orderPolicies(policies), world, options).plan();
}

interface Stretch extends Interval<bigint> {
  readonly policies: ReadonlySet<Policy>;
}

class Planner {
  private readonly resolver: Resolver;
  private readonly outcomes: Outcomes;
  private readonly classes = new Map<string, EndpointClass>();

  constructor(
    private readonly policies: readonly Policy[],
    private readonly world: World,
    private readonly options: PlanOptions,
  ) {
    this.resolver = new Resolver(world);
    this.outcomes = new Outcomes(options.now);
  }

  plan(): FirewallPlan {
    const { host } = this.options;
    const segments = this.world.segments
      .filter((segment) => segment.hosts.includes(host))
      .sort((a, b) => (a.bridge < b.bridge ? -1 : 1));
    const subjects = segments.flatMap((segment) => this.subjectsOn(segment));
    const dynamicSubjects = this.dynamicSubjects(segments);
    const own = this.own();
    const classes = [...this.classes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const bridgesOf = (network: string | undefined): readonly string[] => {
      const seen = new Set(this.resolver.seenFrom(network));
      return segments.filter((segment) => seen.has(segment)).map(({ bridge }) => bridge);
    };
    return {
      own,
      dynamics: {
        subjects: dynamicSubjects,
        peers: classes.flatMap((one) => dynamicPeers(one, bridgesOf(one.network))),
      },
      zones: segments.map(({ bridge, zone }) => ({ bridge, zone })),
      guarded: [...new Set([...subjects, ...dynamicSubjects].map((subject) => subject.bridge))].sort(),
      subjects,
      classes,
    };
  }

  private own(): OwnPlan | undefined {
    const { host, failsafe = [], underlayPorts = [], hostAddresses = [] } = this.options;
    const here = this.policies.filter(({ appliesTo }) =>
      appliesTo.some((target) => target.kind === "host" && target.name === host),
    );
    if (here.length === 0) return undefined;
    const classOf = (direction: Direction, family: Family): string =>
      this.classOf(here, { direction, family, network: undefined }).name;
    return {
      classes: {
        egress: { 4: classOf("egress", 4), 6: classOf("egress", 6) },
        ingress: { 4: classOf("ingress", 4), 6: classOf("ingress", 6) },
      },
      failsafe,
      underlayPorts,
      hostAddresses,
    };
  }

  private subjectsOn(segment: Segment): readonly Subject[] {
    const local = this.resolver.local(this.options.host, segment);
    const here = this.policies.map((policy, order) => ({
      policy,
      order,
      addresses: intersectAddresses(this.resolver.subjects(policy.appliesTo, segment), local),
    }));
    return families.flatMap((family) => {
      const stretches = sweep(
        here,
        (one): IntervalSet<bigint> => one.addresses[family],
        (active) => [...active],
      );
      return directions.flatMap((direction) => {
        const subjects: Subject[] = [];
        for (const { first, last, entries } of stretches) {
          const found = this.classOf(
            entries.map(({ policy }) => policy),
            { direction, family, network: segment.network },
          );
          const previous = subjects.at(-1);
          if (previous?.class === found.name && successor(previous.last) === first) {
            subjects[subjects.length - 1] = { ...previous, last };
          } else subjects.push({ bridge: segment.bridge, direction, family, first, last, class: found.name });
        }
        return subjects;
      });
    });
  }

  /** Containers, wherever on the host, may come under policies that speak of their labels. */
  private dynamicSubjects(segments: readonly Segment[]): readonly DynamicSubjects[] {
    const lists = distinctLists(this.policies.map(({ appliesTo }) => this.resolver.dynamic(appliesTo)));
    if (lists.length === 0) return [];
    refuseTooMany(lists, "policies apply to");
    return segments.flatMap((segment) =>
      families.flatMap((family) =>
        this.stretchesOf(segment, family).flatMap(({ first, last, policies: always }) =>
          directions.map((direction): DynamicSubjects => ({
            map: dynamicSubjectMap(direction, family),
            bridge: segment.bridge,
            family,
            first,
            last,
            lists,
            chains: combinations(lists).map((members) => {
              const keys = new Set(members.map(listKey));
              const here = this.policies.filter(
                (policy) => always.has(policy) || keys.has(listKey(this.resolver.dynamic(policy.appliesTo))),
              );
              return this.classOf(here, { direction, family, network: segment.network }).name;
            }),
          })),
        ),
      ),
    );
  }

  /** All addresses, cut where other policies apply, whether or not anything there is known to be at home here. */
  private stretchesOf(segment: Segment, family: Family): readonly Stretch[] {
    const everywhere = this.policies.map((policy, order) => ({
      policy,
      order,
      addresses: this.resolver.subjects(policy.appliesTo, segment)[family],
    }));
    const all = { policy: undefined, order: -1, addresses: allAddresses(family) };
    const stretches = sweep<bigint, { policy: Policy | undefined; order: number; addresses: IntervalSet<bigint> }>(
      [all, ...everywhere],
      (one) => one.addresses,
      (active) => [...active],
    );
    return stretches.map(({ first, last, entries }) => ({
      first,
      last,
      policies: new Set(entries.map(({ policy }) => policy).filter((policy) => policy !== undefined)),
    }));
  }

  private classOf(
    policies: readonly Policy[],
    kind: Pick<EndpointClass, "direction" | "family" | "network">,
  ): EndpointClass {
    const { direction, family, network } = kind;
    const names = policies.map((policy) => policy.name);
    const hash = hash64([network ?? "", ...names].join("/"))
      .toString(36)
      .padStart(13, "0");
    const name = `${direction}${family}_${hash}`;
    let found = this.classes.get(name);
    if (found === undefined) {
      const entries = this.entries(policies, direction, network);
      const cells = cellsOf(entries, family, this.outcomes);
      found = { name, ...kind, policies: names, cells, variants: variantsOf(entries, family, this.outcomes) };
      this.classes.set(name, found);
    }
    return found;
  }

  private readonly listed = new Map<string, readonly Entry[]>();

  /** The same for both families. */
  private entries(policies: readonly Policy[], direction: Direction, network: string | undefined): readonly Entry[] {
    const key = [direction, network ?? "", ...policies.map((policy) => policy.name)].join("/");
    let found = this.listed.get(key);
    if (found === undefined) this.listed.set(key, (found = entriesOf(policies, direction, network, this.resolver)));
    return found;
  }
}
