/** What a change of manifests does to connections. */

import { type ConnectionSet, noConnections } from "./connection-set";
import { connectionTexts } from "./connections";
import type { Connectivity, OutsideConnection } from "./connectivity";
import type { Direction } from "./judge/rules";
import { controllerPeer, outsidePeer, type Peer, type WorkloadPeer } from "./peer";

export type Change = "changed" | "added" | "removed" | "unchanged";

export interface Difference {
  readonly change: Change;
  readonly source: Peer;
  readonly destination: Peer;
  /** `No Connections` where nothing was allowed. */
  readonly before: string;
  readonly after: string;
  /** Those of the two that only one side of the change has. */
  readonly newOrLost: readonly WorkloadPeer[];
}

type TextOf = (set: ConnectionSet) => string;
const changes: readonly Change[] = ["changed", "added", "removed", "unchanged"];

/** What enters comes last; in each part what changed, was added, was removed, and in the end what is as before. */
export function differencesOf(before: Connectivity, after: Connectivity): readonly Difference[] {
  const found = [...new Comparison(before, after).differences()];
  const rank = ({ change, source }: Difference): number =>
    changes.indexOf(change) + (source.kind === "ingress-controller" ? changes.length : 0);
  const key = ({ source, destination }: Difference): string => `${source.text}, ${destination.text}`;
  return found
    .map((difference) => ({ difference, rank: rank(difference), key: key(difference) }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ difference }) => difference);
}

class Comparison {
  private readonly textOf: TextOf = connectionTexts();
  private readonly names: readonly { readonly peer: WorkloadPeer; readonly before: boolean; readonly after: boolean }[];

  constructor(
    private readonly before: Connectivity,
    private readonly after: Connectivity,
  ) {
    const [old, next] = [before, after].map(({ workloads }) => new Map(workloads.map((peer) => [peer.text, peer])));
    this.names = [...new Map([...(old ?? []), ...(next ?? [])]).values()].map((peer) => ({
      peer,
      before: old?.has(peer.text) === true,
      after: next?.has(peer.text) === true,
    }));
  }

  *differences(): Generator<Difference> {
    for (const one of this.names) {
      const [old, next] = [one.before ? this.before : undefined, one.after ? this.after : undefined];
      for (const other of this.names) {
        if (other === one) continue;
        const was = other.before ? old?.between(one.peer, other.peer) : undefined;
        const is = other.after ? next?.between(one.peer, other.peer) : undefined;
        yield* this.difference(one.peer, other.peer, was, is);
      }
      yield* this.difference(controllerPeer, one.peer, old?.entering(one.peer), next?.entering(one.peer));
      for (const direction of ["ingress", "egress"] as const) yield* this.outside(one.peer, direction, old, next);
    }
  }

  private *difference(
    source: Peer,
    destination: Peer,
    was: ConnectionSet = noConnections,
    is: ConnectionSet = noConnections,
  ): Generator<Difference> {
    if (was.length === 0 && is.length === 0) return;
    const [before, after] = [this.textOf(was), this.textOf(is)];
    const changed = before === after ? "unchanged" : "changed";
    const change = was.length === 0 ? "added" : is.length === 0 ? "removed" : changed;
    yield { change, source, destination, before, after, newOrLost: this.newOrLost(change, [source, destination]) };
  }

  private newOrLost(change: Change, peers: readonly Peer[]): readonly WorkloadPeer[] {
    if (change !== "added" && change !== "removed") return [];
    const side = change === "added" ? "before" : "after";
    return peers.filter((peer) => peer.kind === "workload").filter((peer) => !this.isOn(peer, side));
  }

  private readonly sides = new Map<string, { readonly before: boolean; readonly after: boolean }>();
  private isOn({ text }: WorkloadPeer, side: "before" | "after"): boolean {
    if (this.sides.size === 0) for (const one of this.names) this.sides.set(one.peer.text, one);
    return this.sides.get(text)?.[side] === true;
  }

  /** Both sides tell other ranges apart: compared where any of them does, and joined where the difference is the same. */
  private *outside(
    workload: WorkloadPeer,
    direction: Direction,
    old: Connectivity | undefined,
    next: Connectivity | undefined,
  ): Generator<Difference> {
    const [was, is] = [old?.outside(workload, direction) ?? [], next?.outside(workload, direction) ?? []];
    for (const { first, last, before, after } of joined(was, is, this.textOf)) {
      const outside = outsidePeer({ first, last });
      const [source, destination] = direction === "ingress" ? [outside, workload] : [workload, outside];
      yield* this.difference(source, destination, before, after);
    }
  }
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
  readonly before: ConnectionSet;
  readonly after: ConnectionSet;
}

function joined(was: readonly OutsideConnection[], is: readonly OutsideConnection[], textOf: TextOf): readonly Span[] {
  const firsts = [...was, ...is].map(({ outside }) => outside.range.first);
  const cuts = [...new Set(firsts)].sort((a, b) => (a < b ? -1 : 1));
  const end = [...was, ...is].reduce(
    (last, { outside }) => (outside.range.last > last ? outside.range.last : last),
    0n,
  );
  const spans: Span[] = [];
  cuts.forEach((first, index) => {
    const last = (cuts[index + 1] ?? end + 1n) - 1n;
    const [before, after] = [at(was, first), at(is, first)];
    const previous = spans.at(-1);
    const isSame =
      previous !== undefined && textOf(previous.before) === textOf(before) && textOf(previous.after) === textOf(after);
    if (isSame) spans[spans.length - 1] = { ...previous, last };
    else spans.push({ first, last, before, after });
  });
  return spans;
}

const at = (connections: readonly OutsideConnection[], address: bigint): ConnectionSet =>
  connections.find(({ outside: { range } }) => range.first <= address && address <= range.last)?.allowed ??
  noConnections;
