/** A host's plan → its table. docs/firewall.md shows a packet's way through it. */

import type { Family } from "../../model/address";
import { families } from "../../policy/address-set";
import type { Interval } from "../../policy/intervals";
import { type Direction, directions } from "../../policy/rule";
import type { KeyPart, MapElement, Program, ProgramChain, ProgramMap, ProgramRule, Selector } from "../nft/program";
import { baseChains, saneFirst } from "./base-chains";
import type { Outcome } from "./outcome";
import { OutcomeChains } from "./outcome-chains";
import type { EndpointClass, FirewallPlan } from "./plan";
import {
  addressField,
  addressPart,
  isRange,
  transportFields,
  type TransportKey,
  transportKeys,
  type TransportShape,
  transportShapes,
} from "./shape";

/** Its own table, so that a change of policy touches nothing else of ours and is taken back alone. */
export const firewallTable = "sdn_fw";

export function firewallProgram(plan: FirewallPlan): Program {
  const outcomes = new OutcomeChains();
  const classes = plan.classes.map((one) => classProgram(one, outcomes));
  return {
    table: firewallTable,
    sets: [{ name: "guarded", type: "ifname", elements: plan.guarded }],
    maps: [...subjectMaps(plan), ...classes.flatMap(({ maps }) => maps)],
    chains: [...outcomes.chains, ...classes.map(({ chain }) => chain), ...baseChains(plan.zones)],
  };
}

export const subjectMapName = (direction: Direction, family: Family): string => `${direction}${family}`;

function subjectMaps(plan: FirewallPlan): readonly ProgramMap[] {
  return directions.flatMap((direction) =>
    families.map((family) => ({
      name: subjectMapName(direction, family),
      type: ["ifname", addressField("saddr", family).type],
      interval: true,
      elements: plan.subjects
        .filter((subject) => subject.direction === direction && subject.family === family)
        .map((subject) => ({
          key: [subject.bridge, addressPart(subject, family)],
          verdict: { goto: { target: subject.class } },
        })),
    })),
  );
}

/** A map of a class; lookups go through them in this order, and they have no cell in common. */
interface Shape {
  readonly hasPeer: boolean;
  readonly transport: TransportShape;
  /** Without ranges a lookup is a hash, and one more element costs the same however many there are. */
  readonly interval: boolean;
}

const shapes: readonly Shape[] = [true, false].flatMap((hasPeer) =>
  transportShapes
    .filter((transport) => hasPeer || transport !== "any")
    .flatMap((transport) => [false, true].map((interval) => ({ hasPeer, transport, interval }))),
);

const shapeName = ({ hasPeer, transport, interval }: Shape): string =>
  [hasPeer ? "peer" : "", transport === "any" ? "" : transport, interval ? "ranges" : ""]
    .filter((word) => word !== "")
    .join("_");

function classProgram(
  one: EndpointClass,
  outcomes: OutcomeChains,
): { readonly chain: ProgramChain; readonly maps: readonly ProgramMap[] } {
  const { family, direction, cells } = one;
  const elements = new Map<string, MapElement[]>(shapes.map((shape) => [shapeName(shape), []]));
  const put = (peer: Interval<bigint> | undefined, transport: TransportKey, outcome: Outcome): void => {
    const key: KeyPart[] = [...(peer === undefined ? [] : [addressPart(peer, family)]), ...transport.key];
    const shape = { hasPeer: peer !== undefined, transport: transport.shape, interval: key.some(isRange) };
    elements.get(shapeName(shape))?.push({ key, ...outcomes.element(outcome) });
  };
  const keys = remembered((first: number, last: number) => transportKeys({ first, last }, family));
  for (const { first, last, parts } of cells.peers) {
    for (const part of parts) {
      for (const key of keys(part.first, part.last)) put({ first, last }, key, part.outcome);
    }
  }
  for (const part of cells.background) {
    for (const key of keys(part.first, part.last)) put(undefined, key, part.outcome);
  }
  const used = shapes.filter((shape) => elements.get(shapeName(shape))?.length !== 0);
  const peerField = addressField(direction === "egress" ? "daddr" : "saddr", family);
  const fieldsOf = (shape: Shape): readonly { readonly type: string; readonly selector: Selector }[] => [
    ...(shape.hasPeer ? [peerField] : []),
    ...transportFields(shape.transport, family),
  ];
  const mapName = (shape: Shape): string => `${one.name}_${shapeName(shape)}`;
  return {
    maps: used.map((shape) => ({
      name: mapName(shape),
      type: fieldsOf(shape).map(({ type }) => type),
      interval: shape.interval,
      elements: elements.get(shapeName(shape)) ?? [],
    })),
    chain: {
      name: one.name,
      rules: [
        saneFirst,
        ...used.map((shape) =>
          lookup(
            fieldsOf(shape).map(({ selector }) => selector),
            mapName(shape),
          ),
        ),
        ...outcomes.rules(cells.rest),
      ],
    },
  };
}

export function lookup(selectors: readonly Selector[], map: string): ProgramRule {
  const [only, ...others] = selectors;
  const key = only !== undefined && others.length === 0 ? only : { concat: selectors };
  return { expr: [{ vmap: { key, data: `@${map}` } }] };
}

function remembered<V>(find: (first: number, last: number) => V): (first: number, last: number) => V {
  const known = new Map<string, V>();
  return (first, last) => {
    const key = `${first}-${last}`;
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = find(first, last)));
    return value;
  };
}
