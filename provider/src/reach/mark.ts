/** Ends that a question or an answer names: groups, subnets, endpoints, blocks of addresses. */

import { type AddressSet, everyAddress, noAddress, uniteAddresses } from "../policy/address-set";
import { blockAddresses } from "../policy/resolve";
import type { Peer, Target } from "../policy/rule";
import type { Realm } from "./realm";

/** Somebody who is spoken of. */
export type End = Exclude<Peer, { readonly kind: "name" }> | Target;

/** An end whose classes are told apart from all others. */
export interface Mark {
  readonly key: string;
  /** Of a network: those in it, and, of blocks, wherever they are. `undefined`: as hosts see addresses. */
  readonly addresses: (network: string | undefined) => AddressSet;
  /** Whether it is that host, by its URI. */
  readonly isHost: (uri: string) => boolean;
}

/** @param realm whose segments, endpoints and groups the end names */
export function markOf(key: string, end: End, realm: Pick<Realm, "resolver" | "world">): Mark {
  return {
    key,
    isHost: (uri) => end.kind === "any" || (end.kind === "host" && end.name === uri),
    addresses: (network) => {
      switch (end.kind) {
        case "any":
          return everyAddress;
        case "cidr":
          return blockAddresses(end);
        case "host":
          return noAddress;
        case "group":
          return uniteAddresses([within(end, network, realm), blocksOf(end.name, realm)]);
        case "network":
        case "subnet":
        case "endpoint":
          return within(end, network, realm);
      }
    },
  };
}

function within(end: Target, network: string | undefined, { resolver, world }: Pick<Realm, "resolver" | "world">) {
  const segments = world.segments.filter((segment) => segment.network === network);
  return uniteAddresses(segments.map((segment) => resolver.subjects([end], segment)));
}

/** What a group holds of addresses wherever they are. */
function blocksOf(group: string, { world }: Pick<Realm, "world">): AddressSet {
  const members = world.groups.find(({ name }) => name === group)?.members ?? [];
  return uniteAddresses(members.flatMap((member) => (member.kind === "cidr" ? [blockAddresses(member)] : [])));
}
