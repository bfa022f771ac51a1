/**
 * What came to the host after its program was made: nobody has judged yet what policies say of it. The host puts it
 * into these sets, and its packets, of open flows too, are dropped until the next program takes it out.
 */

import type { ProgramChain, ProgramRule, ProgramSet, Selector } from "../nft/program";
import { dropped, iifname, is, isNeighbourDiscovery, oifname, payload } from "./expressions";

/** Whole bridges, and addresses behind a bridge. */
export const heldSets: readonly ProgramSet[] = [
  { name: "held_bridges", type: ["ifname"], elements: [], runtime: true },
  { name: "held4", type: ["ifname", "ipv4_addr"], elements: [], runtime: true },
  { name: "held6", type: ["ifname", "ipv6_addr"], elements: [], runtime: true },
];

export const heldFrom: ProgramRule = { expr: [{ jump: { target: "held_from" } }] };
export const heldTo: ProgramRule = { expr: [{ jump: { target: "held_to" } }] };

export const heldChains: readonly ProgramChain[] = [
  heldChain("held_from", iifname, "saddr"),
  heldChain("held_to", oifname, "daddr"),
];

function heldChain(name: string, bridge: Selector, field: string): ProgramChain {
  const behind = (protocol: string): Selector[] => [bridge, payload(protocol, field)];
  return {
    name,
    rules: [
      { expr: [...isNeighbourDiscovery, { return: null }] },
      dropped("held", is(bridge, "@held_bridges")),
      dropped("held", is({ concat: behind("ip") }, "@held4")),
      dropped("held", is({ concat: behind("ip6") }, "@held6")),
    ],
  };
}
