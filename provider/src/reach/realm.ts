/** Hosts that hold the same policies and labels judge alike: together they are one world. */

import type { FirewallDocument } from "../compile/firewall/document";
import { policyOf } from "../compile/firewall/parse-spec";
import { worldOf } from "../compile/firewall/world";
import { Resolver } from "../policy/resolve";
import { orderPolicies, type Policy } from "../policy/rule";
import type { Network, PlacedEndpoint, Segment, World } from "../policy/world";

/** What a host judges by; its `site` says what the host has. */
export interface HeldDocument {
  /** The host's URI. */
  readonly host: string;
  readonly document: FirewallDocument;
}

export interface Realm {
  /** URIs. */
  readonly hosts: ReadonlySet<string>;
  /** In the order of asking. */
  readonly policies: readonly Policy[];
  readonly world: World;
  readonly resolver: Resolver;
}

export function realmOf(hosts: readonly string[], policies: readonly Policy[], world: World): Realm {
  return { hosts: new Set(hosts), policies: orderPolicies(policies), world, resolver: new Resolver(world) };
}

export function realmsOf(held: readonly HeldDocument[]): readonly Realm[] {
  const groups = Map.groupBy(held, ({ document: { policies, members } }) =>
    JSON.stringify([Object.values(policies).map(({ spec }) => spec), Object.values(members).map(({ spec }) => spec)]),
  );
  return [...groups.values()].map((group) => {
    const [first, ...others] = group as [HeldDocument, ...HeldDocument[]];
    const worlds = [
      worldOf(first.document, first.host),
      // What they hold is the first one's; what they are is their own.
      ...others.map(({ host, document }) => worldOf({ ...document, policies: {}, members: {} }, host)),
    ];
    const policies = Object.values(first.document.policies).map(({ spec }) => policyOf(spec));
    return realmOf(
      group.map(({ host }) => host),
      policies,
      mergedWorld(worlds),
    );
  });
}

function mergedWorld(worlds: readonly World[]): World {
  return {
    networks: merged(
      worlds.flatMap(({ networks }) => networks),
      joinNetworks,
    ),
    segments: merged(
      worlds.flatMap(({ segments }) => segments),
      joinSegments,
    ),
    endpoints: merged(
      worlds.flatMap(({ endpoints }) => endpoints),
      joinEndpoints,
    ),
    groups: worlds.flatMap(({ groups }) => groups),
    hostRanges: worlds.flatMap(({ hostRanges }) => hostRanges),
  };
}

function merged<T extends { readonly name: string }>(items: readonly T[], join: (one: T, other: T) => T): readonly T[] {
  const found = new Map<string, T>();
  for (const item of items) {
    const known = found.get(item.name);
    found.set(item.name, known === undefined ? item : join(known, item));
  }
  return [...found.values()];
}

const joinNetworks = (one: Network, other: Network): Network => ({
  ...one,
  peers: [...new Set([...one.peers, ...other.peers])],
});

const joinSegments = (one: Segment, other: Segment): Segment => ({
  ...one,
  hosts: [...one.hosts, ...other.hosts],
  cidrs: one.cidrs.length === 0 ? other.cidrs : one.cidrs,
});

/** Labels come with the entries; where an endpoint is, its own host knows. */
const joinEndpoints = (one: PlacedEndpoint, other: PlacedEndpoint): PlacedEndpoint => ({
  ...one,
  host: one.host === "" ? other.host : one.host,
  addresses: one.addresses.length === 0 ? other.addresses : one.addresses,
});
