/**
 * Conntrack zones: a bridge's flows are told apart from those of every other one, since tenants may have the same
 * addresses (decision 0017). A zone has 16 bits and a VNI 24, so two bridges of a host may want the same one: the host
 * gives the next one that is free, and who needs to know looks there.
 */

import type { Snapshot } from "../model/snapshot";
import { bridgeName } from "./names";

/** Zone 0 is that of what is on no bridge of ours. */
export const zoneCount = 65_535;

/** The zone that a segment's bridge wants. */
export const zoneFor = (vni: number): number => ((vni - 1) % zoneCount) + 1;

/** The zones that bridges of the host have, by the bridge's name. */
export function zonesOf({ host }: Snapshot): ReadonlyMap<string, number> {
  const entries = host.tables.get("inet sdn")?.maps.get("zones") ?? new Map<string, string>();
  return new Map([...entries].map(([bridge, zone]) => [bridge, Number(zone)]));
}

/**
 * A zone for each segment: the one that its bridge has, else the one that was counted on, else one that is free.
 * @param known by VNI
 */
export function assignZones(
  vnis: readonly number[],
  found: ReadonlyMap<string, number>,
  known: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sorted = [...vnis].sort((one, other) => one - other);
  const zones = new Map<number, number>();
  const taken = new Set<number>();
  const give = (vni: number, zone: number | undefined): void => {
    if (zone === undefined || zones.has(vni) || taken.has(zone)) return;
    zones.set(vni, zone);
    taken.add(zone);
  };
  for (const vni of sorted) give(vni, found.get(bridgeName(vni)));
  for (const vni of sorted) give(vni, known[vni]);
  for (const vni of sorted) {
    let zone = zoneFor(vni);
    while (!zones.has(vni) && taken.has(zone)) zone = (zone % zoneCount) + 1;
    give(vni, zone);
  }
  return Object.fromEntries(sorted.map((vni) => [String(vni), zones.get(vni) as number]));
}
