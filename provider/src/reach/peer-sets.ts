/** The peers of all rules as sets of addresses with short names, as each network sees them. */

import { type AddressSet, isEveryAddress, isNoAddress } from "../policy/address-set";
import type { Realm } from "./realm";

export interface PeerSet {
  /** The same for the same addresses. */
  readonly key: string;
  readonly addresses: AddressSet;
}

export class PeerSets {
  private readonly views = new Map<string, readonly PeerSet[]>();
  private readonly keys = new Map<string, string>();

  /** @param realms of all versions */
  constructor(private readonly realms: readonly Realm[]) {}

  /** @param network `undefined`: from a host */
  seenFrom(network: string | undefined): readonly PeerSet[] {
    const key = network ?? "";
    let found = this.views.get(key);
    if (found === undefined) this.views.set(key, (found = this.collect(network)));
    return found;
  }

  keyOf(addresses: AddressSet): string {
    const text = ([4, 6] as const)
      .map((family) => addresses[family].map(({ first, last }) => `${first}-${last}`).join())
      .join("/");
    let found = this.keys.get(text);
    if (found === undefined) this.keys.set(text, (found = `s${this.keys.size}`));
    return found;
  }

  private collect(network: string | undefined): readonly PeerSet[] {
    const found = new Map<string, PeerSet>();
    for (const { policies, resolver, world } of this.realms) {
      if (network !== undefined && !world.networks.some(({ name }) => name === network)) continue;
      for (const { peers } of policies.flatMap(({ rules }) => rules)) {
        const addresses = resolver.peers(peers, network);
        if (isEverybody(addresses) || isNoAddress(addresses)) continue;
        const key = this.keyOf(addresses);
        if (!found.has(key)) found.set(key, { key, addresses });
      }
    }
    return [...found.values()];
  }
}

export const isEverybody = (addresses: AddressSet): boolean =>
  isEveryAddress(addresses[4], 4) && isEveryAddress(addresses[6], 6);
