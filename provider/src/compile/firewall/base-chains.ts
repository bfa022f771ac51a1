/** What the kernel calls, and what every packet of a guarded bridge goes through before its endpoint's class. */

import type { Family } from "../../model/address";
import { families } from "../../policy/address-set";
import type { Direction } from "../../policy/rule";
import type { Operand, ProgramChain, ProgramRule, Selector } from "../nft/program";
import type { CutProgram } from "./cut";
import { dynamicSubjectMap } from "./dynamics";
import { dropped, iifname, is, isNeighbourDiscovery, oifname, payload } from "./expressions";
import { heldChains, heldFrom, heldTo } from "./held";
import { ownChains } from "./own-host";
import type { FirewallPlan } from "./plan";

/** After our isolation (-10), before `filter` (0); a drop is final wherever it is. */
const beforeFilter = -5;
/** `raw`: before conntrack looks (-200). */
const beforeConntrack = -300;

const established: ProgramRule = {
  expr: [
    { match: { op: "in", left: { ct: { key: "state" } }, right: { set: ["established", "related"] } } },
    { accept: null },
  ],
};
/** Bridged frames have the same bridge on both sides; routed packets have two interfaces. */
const judged: Record<Direction, ProgramRule> = {
  egress: { expr: [is(iifname, "@guarded"), { jump: { target: "from_endpoint" } }] },
  ingress: { expr: [is(oifname, "@guarded"), { jump: { target: "to_endpoint" } }] },
};

export function baseChains({ zones, own, dynamics }: FirewallPlan, cutting: CutProgram): readonly ProgramChain[] {
  const isDynamic = dynamics.subjects.length > 0;
  const host = ownChains(own, cutting.own);
  const base = (name: "input" | "forward" | "output", ...rules: readonly ProgramRule[]): ProgramChain => ({
    name,
    hook: { name, priority: beforeFilter },
    rules,
  });
  return [
    always,
    sane,
    ...heldChains,
    ...cutting.chains,
    side("from_endpoint", { bridge: iifname, field: "saddr", direction: "egress", isDynamic }),
    side("to_endpoint", { bridge: oifname, field: "daddr", direction: "ingress", isDynamic }),
    ...host.chains,
    base("input", heldFrom, ...cutting.from, ...host.cutIn, established, judged.egress, ...host.input),
    base(
      "forward",
      ...[heldFrom, heldTo, ...cutting.from, ...host.cutForward],
      ...[established, ...host.forward, judged.egress, judged.ingress],
    ),
    base("output", heldTo, ...cutting.to, ...host.cutOut, established, judged.ingress, ...host.output),
    ...zoneChains(zones),
  ];
}

interface Side {
  readonly bridge: Selector;
  readonly field: string;
  readonly direction: Direction;
  /** Whether the host says of containers what else applies to them. */
  readonly isDynamic: boolean;
}

function side(name: string, { bridge, field, direction, isDynamic }: Side): ProgramChain {
  const lookups = (mapName: (direction: Direction, family: Family) => string): readonly ProgramRule[] =>
    families.map((family) => {
      const key = { concat: [bridge, payload(family === 4 ? "ip" : "ip6", field)] };
      return { expr: [{ vmap: { key, data: `@${mapName(direction, family)}` } }] };
    });
  return {
    name,
    rules: [
      { expr: [{ jump: { target: "always" } }] },
      ...(isDynamic ? lookups(dynamicSubjectMap) : []),
      ...lookups(subjectMapName),
    ],
  };
}

export const subjectMapName = (direction: Direction, family: Family): string => `${direction}${family}`;

const linkLocal: Operand = { prefix: { addr: "fe80::", len: 10 } };

/** What no policy has a say in, on bridges with anything that policies apply to. */
const always: ProgramChain = {
  name: "always",
  rules: [
    { expr: [...isNeighbourDiscovery, { accept: null }] },
    // Anybody can take such an address, so no policy can speak of them.
    dropped("link-local", is(payload("ip6", "saddr"), linkLocal)),
    dropped("link-local", is(payload("ip6", "daddr"), linkLocal)),
  ],
};

/** What the packets of an endpoint with a policy must be. Its bridge sees both directions of all its flows. */
const sane: ProgramChain = {
  name: "sane",
  rules: [
    dropped("invalid", { match: { op: "in", left: { ct: { key: "state" } }, right: { set: ["invalid"] } } }),
    dropped("not-syn", {
      match: {
        op: "!=",
        left: { "&": [payload("tcp", "flags"), { "|": ["fin", { "|": ["syn", { "|": ["rst", "ack"] }] }] }] },
        right: "syn",
      },
    }),
  ],
};

export const saneFirst: ProgramRule = { expr: [{ jump: { target: "sane" } }] };

function zoneChains(zones: FirewallPlan["zones"]): readonly ProgramChain[] {
  if (zones.length === 0) return [];
  const set = zones.map(({ bridge, zone }) => [bridge, zone] as const);
  const rule = (key: Selector): ProgramRule => ({
    expr: [{ mangle: { key: { ct: { key: "zone" } }, value: { map: { key, data: { set } } } } }],
  });
  return [
    { name: "zone_in", hook: { name: "prerouting", priority: beforeConntrack }, rules: [rule(iifname)] },
    { name: "zone_out", hook: { name: "output", priority: beforeConntrack }, rules: [rule(oifname)] },
  ];
}
