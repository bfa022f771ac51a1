/** Policies → what one host has to know: its own endpoints' classes, and nothing of anybody else's. */

import type { Address, Family } from "../../model/address";
import { families, intersectAddresses } from "../../policy/address-set";
import { checkPolicies } from "../../policy/check";
import { type Interval, type IntervalSet, successor } from "../../policy/intervals";
import { Resolver } from "../../policy/resolve";
import { type Direction, directions, orderPolicies, type Policy } from "../../policy/rule";
import type { Segment, World } from "../../policy/world";
import { dynamicSubjectsOf } from "./dynamic-subjects";
import { dynamicPeers, type Dynamics } from "./dynamics";
import { type EndpointClass, EndpointClasses } from "./endpoint-class";
import type { FailsafeSession, OwnPlan } from "./own-host";
import { sweep } from "./sweep";

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

class Planner {
  private readonly resolver: Resolver;
  private readonly classes: EndpointClasses;

  constructor(
    private readonly policies: readonly Policy[],
    private readonly world: World,
    private readonly options: PlanOptions,
  ) {
    this.resolver = new Resolver(world);
    this.classes = new EndpointClasses(this.resolver, options.now);
  }

  plan(): FirewallPlan {
    const { host } = this.options;
    const segments = this.world.segments
      .filter((segment) => segment.hosts.includes(host))
      .sort((a, b) => (a.bridge < b.bridge ? -1 : 1));
    const subjects = segments.flatMap((segment) => this.subjectsOn(segment));
    const dynamicSubjects = dynamicSubjectsOf(this.policies, segments, this.resolver, this.classes);
    const own = this.own();
    const classes = this.classes.all;
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
      this.classes.of(here, { direction, family, network: undefined }).name;
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
          const found = this.classes.of(
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
}
