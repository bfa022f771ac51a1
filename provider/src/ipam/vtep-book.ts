import type { PeerSet } from "../model/peer-set";
import { peerSetOf, withPeer } from "../model/peer-set";

/**
 * The members of the segments of this run, by their digest: subnets write them down, and their segments, which carry the
 * digest alone, find them here. It lives as long as the provider process, which is at least one run.
 */
export class VtepBook {
  private readonly members = new Map<string, readonly string[]>();

  /** All VTEPs of a subnet. */
  note(members: readonly string[]): PeerSet {
    const set = peerSetOf(members);
    this.members.set(keyOf(set), members);
    return set;
  }

  /** The other members, as seen from `own`; `undefined` where no subnet of this run wrote them down. */
  peers(set: PeerSet, own: string): readonly string[] | undefined {
    return this.members.get(keyOf(withPeer(set, own)))?.filter((member) => member !== own);
  }
}

const keyOf = ({ count, digest }: PeerSet): string => `${count}/${digest}`;
