/** A connectivity as lines: each pair of ends with what may pass between them. */

import { type ConnectionSet, connectionText } from "./connection-set";
import { sameIntervals } from "../policy/intervals";
import type { Connectivity, OutsideConnection } from "./connectivity";
import { controllerPeer, outsidePeer, type Peer, type WorkloadPeer } from "./peer";

export interface Connection {
  readonly source: Peer;
  readonly destination: Peer;
  /** `TCP 80,443,UDP 53`. */
  readonly allowed: string;
}

/** Sorted by source and destination as they are called. Nothing from a workload to itself, and no empty ones. */
export function* connectionsOf(connectivity: Connectivity): Generator<Connection> {
  const { workloads } = connectivity;
  const textOf = connectionTexts();
  const incoming = incomingOf(connectivity, textOf);
  const toWorkloads = workloadTexts(connectivity, textOf);
  for (const source of [...incoming.keys(), ...workloads].sort(byText)) {
    if (source.kind !== "workload") {
      yield* incoming.get(source) ?? [];
      continue;
    }
    const out = connectivity.outside(source, "egress").filter(({ allowed }) => allowed.length > 0);
    const outgoing = new Map<Peer, string>(out.map(({ outside, allowed }) => [outside, textOf(allowed)]));
    const toWorkload = toWorkloads(source);
    const destinations = out.length === 0 ? workloads : [...outgoing.keys(), ...workloads].sort(byText);
    for (const destination of destinations) {
      if (destination === source) continue;
      const allowed = destination.kind === "workload" ? toWorkload(destination) : outgoing.get(destination);
      if (allowed !== undefined) yield { source, destination, allowed };
    }
  }
}

/** From a workload to another; asked once for all that are alike. `undefined` where nothing is allowed. */
export function workloadTexts(connectivity: Connectivity, textOf: TextOf) {
  const { alike } = connectivity;
  const kinds = new Map(alike.flatMap((workloads, kind) => workloads.map((workload) => [workload, kind] as const)));
  const rows = new Map<number, readonly (string | undefined)[]>();
  return (source: WorkloadPeer): ((destination: WorkloadPeer) => string | undefined) => {
    const kind = kinds.get(source) ?? 0;
    const row =
      rows.get(kind) ??
      connectivity.fromAlike(kind).map((allowed) => (allowed.length === 0 ? undefined : textOf(allowed)));
    rows.set(kind, row);
    return (destination) => row[kinds.get(destination) ?? 0];
  };
}

/** What comes from outside and from the controller, by where it comes from. */
function incomingOf(connectivity: Connectivity, textOf: TextOf): ReadonlyMap<Peer, readonly Connection[]> {
  const incoming = new Map<string, { readonly source: Peer; readonly connections: Connection[] }>();
  const put = (source: Peer, destination: Peer, allowed: ConnectionSet): void => {
    if (allowed.length === 0) return;
    const entry = incoming.get(source.text) ?? { source, connections: [] };
    entry.connections.push({ source: entry.source, destination, allowed: textOf(allowed) });
    incoming.set(source.text, entry);
  };
  for (const workload of connectivity.workloads) {
    for (const { outside, allowed } of connectivity.outside(workload, "ingress")) put(outside, workload, allowed);
    put(controllerPeer, workload, connectivity.entering(workload) ?? []);
  }
  return new Map([...incoming.values()].map(({ source, connections }) => [source, connections]));
}

/** Of each workload, neighbouring ranges outside with the same connections as one. */
export function withJoinedRanges(connectivity: Connectivity): Connectivity {
  return {
    workloads: connectivity.workloads,
    findings: connectivity.findings,
    alike: connectivity.alike,
    fromAlike: (kind) => connectivity.fromAlike(kind),
    between: (source, destination) => connectivity.between(source, destination),
    entering: (workload) => connectivity.entering(workload),
    outside: (workload, direction) => joinedRanges(connectivity.outside(workload, direction)),
  };
}

function joinedRanges(connections: readonly OutsideConnection[]): readonly OutsideConnection[] {
  const joined: OutsideConnection[] = [];
  for (const next of connections) {
    const previous = joined.at(-1);
    if (previous === undefined || !sameIntervals(previous.allowed, next.allowed)) joined.push(next);
    else {
      const range = { first: previous.outside.range.first, last: next.outside.range.last };
      joined[joined.length - 1] = { outside: outsidePeer(range), allowed: next.allowed };
    }
  }
  return joined;
}

export type TextOf = (set: ConnectionSet) => string;

/** Few sets pass between many pairs: each is written once. */
export function connectionTexts(): TextOf {
  const texts = new Map<ConnectionSet, string>();
  return (set) => {
    const text = texts.get(set) ?? connectionText(set);
    texts.set(set, text);
    return text;
  };
}

const byText = (a: Peer, b: Peer): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
