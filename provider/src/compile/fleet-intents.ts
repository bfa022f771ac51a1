import type { Snapshot } from "../model/snapshot";
import type { AdoptedIntent, Intent, PeeringIntent, PortIntent, RouterIntent, SegmentIntent } from "./intent";
import { resourceKey } from "./names";
import type { ServiceIntent } from "./service/intent";

/** A host as it was read, or why it could not be. */
export interface HostView {
  readonly name: string;
  readonly uri: string;
  readonly snapshot: Snapshot | undefined;
  /** Why there is no snapshot. */
  readonly problem: string | undefined;
}

/** An intent and the host that keeps it. */
export interface Placed<I extends Intent = Intent> {
  readonly host: string;
  readonly intent: I;
}

export interface FleetIntents {
  readonly routers: readonly Placed<RouterIntent>[];
  readonly segments: readonly Placed<SegmentIntent>[];
  readonly ports: readonly Placed<PortIntent>[];
  readonly peerings: readonly Placed<PeeringIntent>[];
  readonly adopted: readonly Placed<AdoptedIntent>[];
  readonly services: readonly Placed<ServiceIntent>[];
}

/** What a host remembers of what was asked of it. */
export function intentsOf(snapshot: Snapshot): readonly Intent[] {
  return [...snapshot.ledger.values()].map((entry) => JSON.parse(entry.intent) as Intent);
}

/** The intents of all hosts by kind, in the order of the hosts and then of their keys. */
export function fleetIntents(views: readonly HostView[]): FleetIntents {
  const routers: Placed<RouterIntent>[] = [];
  const segments: Placed<SegmentIntent>[] = [];
  const ports: Placed<PortIntent>[] = [];
  const peerings: Placed<PeeringIntent>[] = [];
  const adopted: Placed<AdoptedIntent>[] = [];
  const services: Placed<ServiceIntent>[] = [];
  for (const { name: host, snapshot } of views) {
    const intents = snapshot === undefined ? [] : [...intentsOf(snapshot)];
    intents.sort((one, other) => (resourceKey(one) < resourceKey(other) ? -1 : 1));
    for (const intent of intents) {
      switch (intent.kind) {
        case "router":
          routers.push({ host, intent });
          break;
        case "segment":
          segments.push({ host, intent });
          break;
        case "port":
          ports.push({ host, intent });
          break;
        case "peering":
          peerings.push({ host, intent });
          break;
        case "adopted":
          adopted.push({ host, intent });
          break;
        case "service":
          services.push({ host, intent });
          break;
      }
    }
  }
  return { routers, segments, ports, peerings, adopted, services };
}
