/** A connectivity as lines: each pair of ends with what may pass between them. */

import { type ConnectionSet, connectionText } from "./connection-set";
import type { Connectivity } from "./connectivity";
import { controllerPeer, type Peer } from "./peer";

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
  for (const source of [...incoming.keys(), ...workloads].sort(byText)) {
    if (source.kind !== "workload") {
      yield* incoming.get(source) ?? [];
      continue;
    }
    const out = connectivity.outside(source, "egress").filter(({ allowed }) => allowed.length > 0);
    const outgoing = new Map<Peer, ConnectionSet>(out.map(({ outside, allowed }) => [outside, allowed]));
    const destinations = out.length === 0 ? workloads : [...outgoing.keys(), ...workloads].sort(byText);
    for (const destination of destinations) {
      if (destination === source) continue;
      const isWorkload = destination.kind === "workload";
      const allowed = isWorkload ? connectivity.between(source, destination) : outgoing.get(destination);
      if (allowed !== undefined && allowed.length > 0) yield { source, destination, allowed: textOf(allowed) };
    }
  }
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

type TextOf = (set: ConnectionSet) => string;

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
