/** What a change of manifests does to connections. */

import { connectionText, noConnections } from "./connection-set";
import { connectionTexts, type TextOf, workloadTexts } from "./connections";
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

const changes: readonly Change[] = ["changed", "added", "removed", "unchanged"];

/**
 * What enters comes last; in each part what changed, was added, was removed. In the end, where it is wanted, what is as
 * before: that may be nearly everything, and only a picture needs it.
 */
export function differencesOf(
  before: Connectivity,
  after: Connectivity,
  { withUnchanged = false }: { readonly withUnchanged?: boolean } = {},
): readonly Difference[] {
  const found: Difference[] = [];
  for (const difference of new Comparison(before, after).differences()) {
    if (withUnchanged || difference.change !== "unchanged") found.push(difference);
  }
  const rank = ({ change, source }: Difference): number =>
    changes.indexOf(change) + (source.kind === "ingress-controller" ? changes.length : 0);
  const key = ({ source, destination }: Difference): string => `${source.text}, ${destination.text}`;
  return found
    .map((difference) => ({ difference, rank: rank(difference), key: key(difference) }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ difference }) => difference);
}

/** A workload with what it is on each side of the change; `undefined` where the side does not have it. */
interface Matched {
  readonly peer: WorkloadPeer;
  readonly old: WorkloadPeer | undefined;
  readonly next: WorkloadPeer | undefined;
}

class Comparison {
  private readonly textOf: TextOf = connectionTexts();
  private readonly matched: ReadonlyMap<string, Matched>;

  constructor(
    private readonly before: Connectivity,
    private readonly after: Connectivity,
  ) {
    const byText = ({ workloads }: Connectivity) => new Map(workloads.map((peer) => [peer.text, peer]));
    const [old, next] = [byText(before), byText(after)];
    this.matched = new Map(
      [...old, ...next].map(([text, peer]) => [text, { peer, old: old.get(text), next: next.get(text) }]),
    );
  }

  *differences(): Generator<Difference> {
    const [was, is] = [workloadTexts(this.before, this.textOf), workloadTexts(this.after, this.textOf)];
    for (const one of this.matched.values()) {
      const wasTo = one.old === undefined ? undefined : was(one.old);
      const isTo = one.next === undefined ? undefined : is(one.next);
      for (const other of this.matched.values()) {
        if (other === one) continue;
        const before = other.old === undefined ? undefined : wasTo?.(other.old);
        const after = other.next === undefined ? undefined : isTo?.(other.next);
        if (before !== undefined || after !== undefined) yield this.difference(one.peer, other.peer, before, after);
      }
      yield* this.entering(one);
      for (const direction of ["ingress", "egress"] as const) yield* this.outside(one, direction);
    }
  }

  private difference(source: Peer, destination: Peer, was: string | undefined, is: string | undefined): Difference {
    const changed = was === is ? "unchanged" : "changed";
    const change = was === undefined ? "added" : is === undefined ? "removed" : changed;
    const [before = nothing, after = nothing] = [was, is];
    return { change, source, destination, before, after, newOrLost: this.newOrLost(change, [source, destination]) };
  }

  private newOrLost(change: Change, peers: readonly Peer[]): readonly WorkloadPeer[] {
    if (change !== "added" && change !== "removed") return [];
    return peers
      .filter((peer) => peer.kind === "workload")
      .filter(({ text }) => this.matched.get(text)?.[change === "added" ? "old" : "next"] === undefined);
  }

  private *entering({ peer, old, next }: Matched): Generator<Difference> {
    const was = old === undefined ? undefined : this.before.entering(old);
    const is = next === undefined ? undefined : this.after.entering(next);
    if (was === undefined && is === undefined) return;
    yield this.difference(controllerPeer, peer, was && this.textOf(was), is && this.textOf(is));
  }

  /** Both sides tell other ranges apart: compared where any of them does, and joined where the difference is the same. */
  private *outside({ peer, old, next }: Matched, direction: Direction): Generator<Difference> {
    const was = old === undefined ? [] : this.before.outside(old, direction);
    const is = next === undefined ? [] : this.after.outside(next, direction);
    for (const { first, last, before, after } of joined(was, is, this.textOf)) {
      if (before === undefined && after === undefined) continue;
      const outside = outsidePeer({ first, last });
      const [source, destination] = direction === "ingress" ? [outside, peer] : [peer, outside];
      yield this.difference(source, destination, before, after);
    }
  }
}

const nothing = connectionText(noConnections);

interface Span {
  readonly first: bigint;
  readonly last: bigint;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

function joined(was: readonly OutsideConnection[], is: readonly OutsideConnection[], textOf: TextOf): readonly Span[] {
  const firsts = [...was, ...is].map(({ outside }) => outside.range.first);
  const cuts = [...new Set(firsts)].sort((a, b) => (a < b ? -1 : 1));
  const end = [...was, ...is].reduce((last, { outside: { range } }) => (range.last > last ? range.last : last), 0n);
  const spans: Span[] = [];
  cuts.forEach((first, index) => {
    const last = (cuts[index + 1] ?? end + 1n) - 1n;
    const [before, after] = [textAt(was, first, textOf), textAt(is, first, textOf)];
    const previous = spans.at(-1);
    if (previous?.before === before && previous?.after === after && previous !== undefined) {
      spans[spans.length - 1] = { ...previous, last };
    } else spans.push({ first, last, before, after });
  });
  return spans;
}

/** `undefined` where nothing is allowed. */
function textAt(connections: readonly OutsideConnection[], address: bigint, textOf: TextOf): string | undefined {
  const found = connections.find(({ outside: { range } }) => range.first <= address && address <= range.last);
  return found === undefined || found.allowed.length === 0 ? undefined : textOf(found.allowed);
}
