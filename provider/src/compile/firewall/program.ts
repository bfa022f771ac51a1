/** A host's plan → its table. docs/firewall.md shows a packet's way through it. */

import type { Family } from "../../model/address";
import { families } from "../../policy/address-set";
import { type Direction, directions } from "../../policy/rule";
import type { KeyPart, MapElement, Program, ProgramChain, ProgramMap, ProgramRule, Selector } from "../nft/program";
import { baseChains, saneFirst } from "./base-chains";
import { cutProgram } from "./cut";
import { is, l4proto, original } from "./expressions";
import type { Flow } from "./flows";
import type { Part } from "./line";
import { heldSets } from "./held";
import { OutcomeChains } from "./outcome-chains";
import { translatedName } from "./own-host";
import type { EndpointClass, FirewallPlan } from "./plan";
import {
  addressField,
  addressPart,
  isRange,
  transportFields,
  transportKeys,
  type TransportShape,
  transportShapes,
} from "./shape";

/** Its own table, so that a change of policy touches nothing else of ours and is taken back alone. */
export const firewallTable = "sdn_fw";

/** @param cuts flows that are open and must end: see `flowsToCut` */
export function firewallProgram(plan: FirewallPlan, cuts: readonly Flow[] = []): Program {
  const outcomes = new OutcomeChains();
  const cutting = cutProgram(cuts, plan.zones);
  const classes = plan.classes.map((one) => classProgram(one, outcomes));
  return {
    table: firewallTable,
    sets: [
      { name: "guarded", type: ["ifname"], elements: plan.guarded.map((bridge) => [bridge]) },
      ...heldSets,
      ...cutting.sets,
    ],
    maps: [...subjectMaps(plan), ...classes.flatMap(({ maps }) => maps)],
    chains: [...outcomes.chains, ...classes.flatMap(({ chains }) => chains), ...baseChains(plan, cutting)],
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

/** A map of a class. */
interface Shape {
  /** Of the peers that are keys of it; `undefined` where the peer does not matter. */
  readonly layer: string | undefined;
  readonly transport: TransportShape;
  /** Without ranges a lookup is a hash, and one more element costs the same however many there are. */
  readonly interval: boolean;
}

/** In the order of looking: layer after layer, then what is for all peers. Those of one layer have no cell in common. */
function shapesOf(cells: EndpointClass["cells"]): readonly Shape[] {
  return [...cells.layers.map(({ name }) => name), undefined].flatMap((layer) =>
    transportShapes.flatMap((transport) => [false, true].map((interval) => ({ layer, transport, interval }))),
  );
}

const shapeName = ({ layer, transport, interval }: Shape): string =>
  [layer ?? "all", transport === "any" ? "" : transport, interval ? "ranges" : ""]
    .filter((word) => word !== "")
    .join("_");

function classProgram(
  one: EndpointClass,
  outcomes: OutcomeChains,
): { readonly chains: readonly ProgramChain[]; readonly maps: readonly ProgramMap[] } {
  const { family, direction, network, cells } = one;
  const elements = elementsOf(one, outcomes);
  const peerField = addressField(direction === "egress" ? "daddr" : "saddr", family);
  const maps = shapesOf(cells).flatMap((shape) => {
    const found = elements.get(shapeName(shape));
    if (found === undefined) return [];
    const fields = [...(shape.layer === undefined ? [] : [peerField]), ...transportFields(shape.transport, family)];
    const name = `${one.name}_${shapeName(shape)}`;
    const types = fields.map(({ type }) => type);
    const selectors = fields.map(({ selector }) => selector);
    return [{ map: { name, type: types, interval: shape.interval, elements: found }, shape, selectors }];
  });
  const chain = (name: string, lookups: readonly ProgramRule[]): ProgramChain => ({
    name,
    rules: [saneFirst, ...lookups, ...outcomes.rules(cells.rest)],
  });
  const plain = chain(
    one.name,
    maps.map(({ map, selectors }) => lookup(selectors, map.name)),
  );
  const translated = chain(
    translatedName(one.name),
    maps.flatMap(({ map, shape, selectors }) =>
      shape.transport === "port" ? translatedLookups(selectors, map) : [lookup(selectors, map.name)],
    ),
  );
  const isTranslated = network === undefined && direction === "ingress";
  return { maps: maps.map(({ map }) => map), chains: isTranslated ? [plain, translated] : [plain] };
}

/** The same lookups with the port that the packet was sent to: a rule for each protocol, or nft knows no port. */
function translatedLookups(selectors: readonly Selector[], { name, elements }: ProgramMap): readonly ProgramRule[] {
  const peer = selectors.slice(0, -2);
  const protocols = new Set(elements.map(({ key }) => key[peer.length]));
  return [...protocols]
    .filter((protocol) => typeof protocol === "number")
    .map((protocol) => {
      const { expr } = lookup([...peer, l4proto, original("proto-dst")], name);
      return { expr: [is(l4proto, protocol), ...expr] };
    });
}

/** The cells as elements, by the name of their shape. */
function elementsOf({ family, cells }: EndpointClass, outcomes: OutcomeChains): ReadonlyMap<string, MapElement[]> {
  const elements = new Map<string, MapElement[]>();
  const keys = remembered((first: number, last: number) => transportKeys({ first, last }, family));
  const put = (layer: string | undefined, peer: readonly KeyPart[], { first, last, outcome }: Part): void => {
    const { verdict, comment } = outcomes.element(outcome);
    for (const transport of keys(first, last)) {
      const key = [...peer, ...transport.key];
      const name = shapeName({ layer, transport: transport.shape, interval: key.some(isRange) });
      const element = { key, verdict, ...(comment === undefined ? {} : { comment }) };
      const found = elements.get(name);
      if (found === undefined) elements.set(name, [element]);
      else found.push(element);
    }
  };
  for (const { name, cells: peers } of cells.layers) {
    for (const peer of peers) {
      const part = [addressPart(peer, family)];
      for (const one of peer.parts) put(name, part, one);
    }
  }
  for (const one of cells.background) put(undefined, [], one);
  return elements;
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
