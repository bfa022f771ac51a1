import type { SegmentIntent } from "../compile/intent";
import type { Words } from "../compile/steps";
import { overlayOverhead } from "../model/overlay";
import type { Snapshot } from "../model/snapshot";

/** How many peers one host sends a full-size packet to in one execution. */
const mostPeers = 32;

/** A segment whose peers are known one by one. */
type Listed = SegmentIntent & { readonly peers: readonly string[] };

/**
 * What proves that the underlay carries a full packet of the overlay: asked in the execution that makes the segment,
 * and only of paths that are new or shall carry more than before.
 */
export function pathQueries(from: Listed | undefined, to: Listed): readonly Words[] {
  const proven = from !== undefined && from.underlay === to.underlay && bytesOf(from) >= bytesOf(to) ? from.peers : [];
  const peers = to.peers.filter((peer) => !proven.includes(peer));
  return nextAfter(to.underlay, peers).map((peer) => ["query_path", to.underlay, peer, bytesOf(to)]);
}

/** Those that follow in a ring of all addresses: so of many hosts each is asked by some others. */
function nextAfter(own: string, peers: readonly string[]): readonly string[] {
  if (peers.length <= mostPeers) return peers;
  const ring = [...peers].sort();
  const start = ring.findIndex((peer) => peer > own);
  return [...ring.slice(Math.max(start, 0)), ...ring.slice(0, Math.max(start, 0))].slice(0, mostPeers);
}

const bytesOf = ({ mtu, underlay }: Pick<SegmentIntent, "mtu" | "underlay">): number => mtu + overlayOverhead(underlay);

export interface NarrowPath {
  readonly peer: string;
  /** Bytes of an underlay packet: what was sent, and the largest that was answered. */
  readonly sent: number;
  readonly passed: number;
}

/** Paths that carry small packets and not full ones. One on which nothing is answered says nothing of its MTU. */
export function narrowPaths({ paths }: Pick<Snapshot, "paths">): readonly NarrowPath[] {
  return [...paths].flatMap(([peer, { sent, passed }]) =>
    passed === undefined || passed >= sent ? [] : [{ peer, sent, passed }],
  );
}

export function narrowPathMessage(host: string, other: string, intent: SegmentIntent, path: NarrowPath): string {
  const room = path.passed - overlayOverhead(intent.underlay);
  return (
    `between host ${host} (${intent.underlay}) and ${other === path.peer ? other : `host ${other} (${path.peer})`} ` +
    `packets of ${path.sent} bytes are lost, those of ${path.passed} pass: something on the way has a smaller MTU than ` +
    `the hosts' interfaces, and large packets between the two disappear. ` +
    `Mend the underlay, or set Fabric.mtu to ${room}.`
  );
}
