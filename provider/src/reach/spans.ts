/** What lines of addresses are cut by: segments, who is at home, rules' peers, policies' subjects, questions. */

import { addressesOf, type AddressSet, blocks, everyAddress, isNoAddress, uniteAddresses } from "../policy/address-set";
import type { Policy } from "../policy/rule";
import type { Mark } from "./mark";
import type { PeerSets } from "./peer-sets";
import type { Realm } from "./realm";
import type { Ways } from "./ways";

export type Version = readonly Realm[];

export interface ClassesInput {
  /** Every version has the same hosts, segments and endpoints. */
  readonly versions: readonly Version[];
  readonly sets: PeerSets;
  readonly ways: Ways;
  readonly marks: readonly Mark[];
}

/** Addresses, and what they have in common. */
export interface Span {
  readonly order: number;
  readonly addresses: AddressSet;
  readonly tag:
    | { readonly kind: "set"; readonly key: string }
    | { readonly kind: "segment"; readonly name: string }
    /** A network that it is peered with: looked at for itself. */
    | { readonly kind: "elsewhere" }
    | { readonly kind: "cut"; readonly key: string }
    | { readonly kind: "at home"; readonly host: string; readonly endpoint: string | undefined }
    /** Policies that apply to the same; with their places in the order of asking. */
    | { readonly kind: "subject"; readonly version: number; readonly realm: number; readonly policies: Placed };
}

type Placed = readonly (readonly [place: number, policy: Policy])[];
export type Tag = Span["tag"];
type Unnumbered = Omit<Span, "order">;

export const numbered = (spans: readonly Unnumbered[]): readonly Span[] =>
  spans.map((span, order) => ({ ...span, order }));

/** Peers of rules, marks, and blocks between which ways differ. */
export const setsOf = (tags: readonly Tag[]): ReadonlySet<string> =>
  new Set(tags.flatMap((tag) => (tag.kind === "set" || tag.kind === "cut" ? [tag.key] : [])).sort());

/** All that the addresses of a network, and those seen from it, are told apart by. */
export function networkSpans(network: string, { versions, sets, ways, marks }: ClassesInput): readonly Unnumbered[] {
  const realms = versions.flat();
  const peers = new Set(realms.flatMap(({ world }) => world.networks.find((one) => one.name === network)?.peers ?? []));
  const cuts = ways.cuts(network);
  return [
    { addresses: everyAddress, tag: { kind: "cut", key: "" } },
    ...[...peers].map((peer) => ({ addresses: spaceOf(realms, peer), tag: { kind: "elsewhere" } as const })),
    ...[network, ...peers].flatMap((observer) =>
      sets.seenFrom(observer).map(({ key, addresses }) => ({ addresses, tag: { kind: "set", key } as const })),
    ),
    ...marks.map((mark) => ({
      addresses: mark.addresses(network),
      tag: { kind: "set", key: mark.key } as const,
    })),
    ...cuts.map((addresses, index) => ({ addresses, tag: { kind: "cut", key: String(index) } as const })),
    ...homesIn(network, versions),
    ...versions.flatMap((version, index) => subjectSpans(version, index, network)),
  ];
}

/** Segments, and who is there: every version has the same of these, so the last one says. */
function homesIn(network: string, versions: readonly Version[]): readonly Unnumbered[] {
  const last = versions.at(-1) ?? [];
  return last.flatMap(({ world, resolver, hosts }) => {
    const segments = world.segments.filter((segment) => segment.network === network);
    return segments.flatMap((segment): readonly Unnumbered[] => [
      {
        addresses: resolver.subjects([{ kind: "subnet", name: segment.name }], segment),
        tag: { kind: "segment", name: segment.name },
      },
      ...world.endpoints
        .filter((one) => one.segment === segment.name && hosts.has(one.host))
        .map(({ addresses, host, name }) => ({
          addresses: addressesOf(addresses),
          tag: { kind: "at home", host, endpoint: name } as const,
        })),
      ...world.hostRanges
        .filter((one) => one.segment === segment.name)
        .map(({ cidr, host }) => ({
          addresses: blocks([cidr]),
          tag: { kind: "at home", host, endpoint: undefined } as const,
        })),
    ]);
  });
}

/** All addresses of a network's segments. */
const spaceOf = (realms: readonly Realm[], network: string): AddressSet =>
  uniteAddresses(
    realms.flatMap(({ resolver, world }) =>
      world.segments
        .filter((segment) => segment.network === network)
        .map((segment) => resolver.subjects([{ kind: "network", name: network }], segment)),
    ),
  );

function subjectSpans(version: Version, index: number, network: string): readonly Unnumbered[] {
  return version.flatMap(({ world, resolver, policies }, realm) => {
    const alike = Map.groupBy(policies.entries(), ([, { appliesTo }]) => JSON.stringify(appliesTo));
    return world.segments
      .filter((segment) => segment.network === network)
      .flatMap((segment) =>
        [...alike.values()].flatMap((placed) => {
          const addresses = resolver.subjects(placed[0]?.[1].appliesTo ?? [], segment);
          if (isNoAddress(addresses)) return [];
          return [{ addresses, tag: { kind: "subject", version: index, realm, policies: placed } as const }];
        }),
      );
  });
}
