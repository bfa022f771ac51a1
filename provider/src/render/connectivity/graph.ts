/** Connections as a picture's parts: ends grouped by namespace, and arrows between them. */

import type { Connection } from "../../manifests/connections";
import type { Change, Difference } from "../../manifests/differences";
import type { Peer, WorkloadPeer } from "../../manifests/peer";

/** How an end or an arrow is drawn: as it is, or as a change. */
export type Look = "plain" | Change;

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly look: Look;
  /** Addresses outside and the ingress controller have none. */
  readonly namespace: string | undefined;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly look: Look;
}

/** Both sorted. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function connectionGraph(connections: Iterable<Connection>, workloads: readonly WorkloadPeer[]): Graph {
  const peers = new Map<string, Peer>(workloads.map((peer) => [peer.text, peer]));
  const edges = Array.from(connections, ({ source, destination, allowed }): GraphEdge => {
    for (const peer of [source, destination]) peers.set(peer.text, peer);
    return { from: source.text, to: destination.text, label: allowed, look: "plain" };
  });
  return { nodes: sortedNodes([...peers.values()].map((peer) => nodeOf(peer, "plain"))), edges };
}

/** What is as before is drawn, too: a change is seen among it. */
export function differenceGraph(differences: readonly Difference[], workloads: readonly WorkloadPeer[]): Graph {
  const nodes = new Map(workloads.map((peer) => [peer.text, nodeOf(peer, "plain")]));
  for (const { source, destination } of differences) {
    for (const peer of [source, destination]) if (!nodes.has(peer.text)) nodes.set(peer.text, nodeOf(peer, "plain"));
  }
  for (const { change, newOrLost } of differences) {
    for (const peer of newOrLost) nodes.set(peer.text, nodeOf(peer, change));
  }
  return { nodes: sortedNodes([...nodes.values()]), edges: differences.map(edgeOf) };
}

function edgeOf({ change, source, destination, before, after }: Difference): GraphEdge {
  const label = change === "removed" ? before : change === "changed" ? `${after} (before: ${before})` : after;
  return { from: source.text, to: destination.text, label, look: change };
}

const nodeOf = (peer: Peer, look: Look): GraphNode =>
  peer.kind === "workload"
    ? { id: peer.text, label: `${peer.name}[${peer.workloadKind}]`, look, namespace: peer.namespace }
    : { id: peer.text, label: peer.text.replace("[External]", ""), look, namespace: undefined };

const sortedNodes = (nodes: readonly GraphNode[]): readonly GraphNode[] =>
  [...nodes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));

/** Of each namespace its ends, in order. */
export function byNamespace(nodes: readonly GraphNode[]): ReadonlyMap<string, readonly GraphNode[]> {
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.namespace === undefined) continue;
    groups.set(node.namespace, [...(groups.get(node.namespace) ?? []), node]);
  }
  return groups;
}

export const colours: Readonly<Record<Look, string>> = {
  plain: "#0b6e99",
  changed: "#9333ea",
  added: "#15803d",
  removed: "#dc2626",
  unchanged: "#9ca3af",
};
