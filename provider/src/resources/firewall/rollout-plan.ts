/** What becomes of all hosts by what a wave asks for; what cannot be is refused, and nothing else of the wave with it. */

import { asSdnError, type SdnError } from "../../model/error";
import type { Snapshot } from "../../model/snapshot";
import type { FirewallChange, FirewallHost } from "./change";
import { documentOf, entryIn, type HostPlan, hostState, type Numbered, planHost } from "./host-plan";
import type { FirewallMemory } from "./memory";

export interface RolloutRequest {
  readonly change: FirewallChange | undefined;
  readonly hosts: readonly FirewallHost[];
}

/** A host that answered, and what it said. */
export type Present = readonly [FirewallHost, Snapshot];

export interface RolloutPlan {
  /** By the place of the request's change. */
  readonly generations: ReadonlyMap<RolloutRequest, number>;
  readonly plans: readonly HostPlan[];
  readonly refused: ReadonlyMap<RolloutRequest, SdnError>;
}

export interface PlanningOptions {
  readonly memory: FirewallMemory;
  /** Seconds since 1970. */
  readonly now: number;
}

/** @throws SdnError where there is one request alone, and it cannot be */
export function planRollout(
  requests: readonly RolloutRequest[],
  present: readonly Present[],
  options: PlanningOptions,
): RolloutPlan {
  try {
    return planAll(requests, present, options);
  } catch (thrown) {
    if (requests.length === 1) throw thrown;
  }
  const refused = new Map<RolloutRequest, SdnError>();
  const good: RolloutRequest[] = [];
  // What goes makes room first.
  const inOrder = [...requests.filter(isGoing), ...requests.filter((request) => !isGoing(request))];
  for (const request of inOrder) {
    try {
      planAll([...good, request], present, options);
      good.push(request);
    } catch (thrown) {
      refused.set(request, asSdnError(thrown));
    }
  }
  return { ...planAll(good, present, options), refused };
}

const isGoing = ({ change }: RolloutRequest): boolean => change !== undefined && change.spec === undefined;

function planAll(
  requests: readonly RolloutRequest[],
  present: readonly Present[],
  { memory, now }: PlanningOptions,
): RolloutPlan {
  const generations = numbers(requests, present);
  const plans = present.map(([host, snapshot]) => {
    const changes = requests.flatMap((request): readonly Numbered[] => {
      const { change, hosts } = request;
      if (change === undefined || !hosts.some(({ uri }) => uri === host.uri)) return [];
      return [{ change, generation: generations.get(request) ?? 1 }];
    });
    return planHost(host, hostState(snapshot), changes, { now, known: memory.recall(host.uri) });
  });
  return { generations, plans, refused: new Map() };
}

/** One more than any host knows, so that all of them agree; the same where some only lag behind. */
function numbers(
  requests: readonly RolloutRequest[],
  present: readonly Present[],
): ReadonlyMap<RolloutRequest, number> {
  const documents = new Map(present.map(([{ uri }, { firewall }]) => [uri, documentOf(firewall)]));
  return new Map(
    requests.flatMap((request) => {
      const { change, hosts } = request;
      if (change === undefined) return [];
      const known = hosts.flatMap(({ uri }) => entryIn(documents.get(uri), change) ?? []);
      const highest = Math.max(change.expected ?? 0, ...known.map(({ generation }) => generation));
      const wanted = JSON.stringify(change.spec);
      const newest = known.filter(({ generation }) => generation === highest);
      const isThere = newest.length > 0 && newest.every(({ spec }) => JSON.stringify(spec) === wanted);
      return [[request, isThere ? highest : highest + 1] as const];
    }),
  );
}
