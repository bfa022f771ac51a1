/** From names to addresses. What is not in the world is in no group. */

import { SdnError } from "../model/error";
import {
  type AddressSet,
  addressesOf,
  blocks,
  everyAddress,
  intersectAddresses,
  noAddress,
  subtractAddresses,
  uniteAddresses,
} from "./address-set";
import { type DynamicList, dynamicOf } from "./dynamic";
import type { CidrBlock, Peer, Target } from "./rule";
import { matchesLabels } from "./selector";
import type { Group, GroupMember, Network, PlacedEndpoint, Segment, World } from "./world";

/** Answers questions about one world, remembering what it found. */
export class Resolver {
  private readonly networks: ReadonlyMap<string, Network>;
  private readonly endpoints: ReadonlyMap<string, PlacedEndpoint>;
  private readonly groups: ReadonlyMap<string, Group>;
  private readonly remembered = new Map<string, AddressSet>();

  constructor(private readonly world: World) {
    this.networks = byName(world.networks);
    this.endpoints = byName(world.endpoints);
    this.groups = byName(world.groups);
  }

  /**
   * The addresses that peers have, seen from a network: its own endpoints and those of the networks peered with it. A
   * host is in no network (`undefined`): it sees addresses alone, so it takes those of all networks for what is named.
   */
  peers(peers: readonly Peer[], network: string | undefined): AddressSet {
    return uniteAddresses(peers.map((peer) => this.peer(peer, network)));
  }

  private peer(peer: Peer, network: string | undefined): AddressSet {
    if (peer.kind === "any") return everyAddress;
    if (peer.kind === "cidr") return blockAddresses(peer);
    return this.remember(`peer ${network ?? ""} ${peer.kind} ${peer.name}`, () => {
      const segments = this.seenFrom(network);
      return uniteAddresses([
        ...segments.map((segment) => this.named(peer, segment)),
        ...(peer.kind === "group" ? this.blocksOf(peer.name) : []),
      ]);
    });
  }

  /** The segments whose names mean something in a network; all of them for a host. */
  seenFrom(network: string | undefined): readonly Segment[] {
    if (network === undefined) return this.world.segments;
    const visible = new Set([network, ...this.network(network).peers]);
    return this.world.segments.filter((segment) => visible.has(segment.network));
  }

  /** Who is known on the host alone, among peers or targets. */
  dynamic(items: readonly (Peer | Target)[]): DynamicList {
    return dynamicOf(items, this.groups);
  }

  /** What a group holds of addresses outside of every segment. */
  private blocksOf(group: string): readonly AddressSet[] {
    const members = this.groups.get(group)?.members ?? [];
    return members.filter((member) => member.kind === "cidr").map(blockAddresses);
  }

  /** The addresses on a segment that a policy applies to. */
  subjects(targets: readonly Target[], segment: Segment): AddressSet {
    return uniteAddresses(
      targets.map((target) => {
        if (target.kind !== "network") return this.named(target, segment);
        return target.name === segment.network ? this.whole(segment) : noAddress;
      }),
    );
  }

  /** The addresses on a segment that are at home on a host: its endpoints and what its engine hands out. */
  local(host: string, segment: Segment): AddressSet {
    const ranges = this.world.hostRanges.filter((range) => range.host === host && range.segment === segment.name);
    return uniteAddresses([
      ...this.on(segment)
        .filter((endpoint) => endpoint.host === host)
        .map((endpoint) => addressesOf(endpoint.addresses)),
      blocks(ranges.map((range) => range.cidr)),
    ]);
  }

  private named(named: Exclude<Peer | Target, CidrBlock | { kind: "any" | "network" }>, segment: Segment): AddressSet {
    return this.remember(`named ${segment.name} ${named.kind} ${named.name}`, () => {
      switch (named.kind) {
        case "subnet":
          return named.name === segment.name ? this.whole(segment) : noAddress;
        case "endpoint": {
          const endpoint = this.endpoints.get(named.name);
          return endpoint?.segment === segment.name ? addressesOf(endpoint.addresses) : noAddress;
        }
        case "host":
        case "name":
          return noAddress;
        case "group":
          return uniteAddresses(
            (this.groups.get(named.name)?.members ?? []).map((member) => this.member(member, segment)),
          );
      }
    });
  }

  private member(member: GroupMember, segment: Segment): AddressSet {
    switch (member.kind) {
      case "labels":
        return addressesOf(
          this.on(segment)
            .filter((endpoint) => matchesLabels(member.selector, endpoint.labels))
            .flatMap((endpoint) => endpoint.addresses),
        );
      case "cidr":
        return intersectAddresses(blockAddresses(member), this.whole(segment));
      case "containers":
        return noAddress;
      case "subnet":
      case "endpoint":
        return this.named(member, segment);
    }
  }

  private whole(segment: Segment): AddressSet {
    return this.remember(`whole ${segment.name}`, () =>
      uniteAddresses([blocks(segment.cidrs), addressesOf(this.on(segment).flatMap((one) => one.addresses))]),
    );
  }

  private bySegment: ReadonlyMap<string, readonly PlacedEndpoint[]> | undefined;

  private on(segment: Segment): readonly PlacedEndpoint[] {
    this.bySegment ??= Map.groupBy(this.world.endpoints, (endpoint) => endpoint.segment);
    return this.bySegment.get(segment.name) ?? [];
  }

  private network(name: string): Network {
    const network = this.networks.get(name);
    if (network === undefined) throw new SdnError({ code: "internal", cause: `there is no network ${name}` });
    return network;
  }

  private remember(key: string, find: () => AddressSet): AddressSet {
    let found = this.remembered.get(key);
    if (found === undefined) this.remembered.set(key, (found = find()));
    return found;
  }
}

export function blockAddresses(block: CidrBlock): AddressSet {
  return subtractAddresses(blocks([block.cidr]), blocks(block.except));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}
