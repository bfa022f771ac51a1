/** From what hosts hold to who reaches whom there. */

import type { Intent } from "../compile/intent";
import { emptyDocument, type FirewallDocument } from "../compile/firewall/document";
import { siteOf } from "../compile/firewall/site";
import type { Version } from "./classes";
import { type Names, namesOf } from "./names";
import { namedMarks, Naming, type NamedMark } from "./naming";
import { Reach } from "./reach";
import { realmsOf } from "./realm";
import { waysOf } from "./ways";

/** A host with what it has and what it judges by. */
export interface Holding {
  readonly uri: string;
  readonly name: string;
  /** `undefined`: it was never told of any policy or label. */
  readonly document: FirewallDocument | undefined;
  readonly intents: readonly Intent[];
}

export interface Picture {
  readonly reach: Reach;
  readonly naming: Naming;
  readonly names: Names;
  readonly versions: readonly Version[];
}

/**
 * @param versions the same hosts, which differ in their documents alone; the last one is what will be
 * @param now seconds since 1970
 * @param marksOf ends that are spoken of, besides groups and blocks of addresses
 */
export function pictureOf(
  versions: readonly (readonly Holding[])[],
  now: number,
  marksOf: (last: Version) => readonly NamedMark[] = () => [],
): Picture {
  const realms = versions.map((holdings) =>
    realmsOf(
      holdings.map(({ uri, document = emptyDocument, intents }) => ({
        host: uri,
        document: { ...document, site: siteOf(intents) },
      })),
    ),
  );
  const hosts = versions.at(-1) ?? [];
  const last = realms.at(-1) ?? [];
  const named = [...namedMarks([...last, ...realms.flat()]), ...marksOf(last)];
  const reach = new Reach({
    versions: realms,
    ways: waysOf(new Map(hosts.map(({ uri, intents }) => [uri, intents]))),
    marks: named.map(({ mark }) => mark),
    now,
  });
  const specs = versions
    .flat()
    .flatMap(({ document }) => Object.values(document?.policies ?? {}).map(({ spec }) => spec));
  const intents = hosts.flatMap((host) => host.intents);
  const names = namesOf(specs, intents, new Map(hosts.map(({ uri, name }) => [uri, name])));
  return { reach, names, versions: realms, naming: new Naming(reach.classes, named, names) };
}
