/** The other VTEPs of a segment in a few bytes, for fleets in which the list itself would be most of the state. */
import { hash64 } from "./hash";

export interface PeerSet {
  readonly count: number;
  /** 16 hexadecimal digits: the addresses' hashes, combined without regard to order. */
  readonly digest: string;
}

export type Peers = readonly string[] | PeerSet;

export const isPeerList = (peers: Peers): peers is readonly string[] => Array.isArray(peers);

export function peerSetOf(addresses: readonly string[]): PeerSet {
  let [high, low] = [0, 0];
  for (const address of addresses) {
    const hash = hashOf(address);
    high ^= hash.high;
    low ^= hash.low;
  }
  return { count: addresses.length, digest: digestOf(high, low) };
}

/** The set with one address more, which was not in it; the same for one that is taken out, with `count` one less. */
function toggled({ digest }: PeerSet, address: string, count: number): PeerSet {
  const hash = hashOf(address);
  const half = (from: number): number => Number.parseInt(digest.slice(from, from + 8), 16);
  return { count, digest: digestOf(half(0) ^ hash.high, half(8) ^ hash.low) };
}

export const withPeer = (set: PeerSet, address: string): PeerSet => toggled(set, address, set.count + 1);
export const withoutPeer = (set: PeerSet, address: string): PeerSet => toggled(set, address, set.count - 1);

export const samePeerSet = (one: PeerSet, other: PeerSet): boolean =>
  one.count === other.count && one.digest === other.digest;

const digestOf = (high: number, low: number): string => word(high) + word(low);
const word = (half: number): string => (half >>> 0).toString(16).padStart(8, "0");

interface Halves {
  readonly high: number;
  readonly low: number;
}

// A fleet has few addresses and asks for each of them many times.
const hashes = new Map<string, Halves>();

function hashOf(address: string): Halves {
  const known = hashes.get(address);
  if (known !== undefined) return known;
  const hash = hash64(`vtep/${address}`);
  const halves = { high: Number(hash >> 32n) | 0, low: Number(hash & 0xffff_ffffn) | 0 };
  hashes.set(address, halves);
  return halves;
}
