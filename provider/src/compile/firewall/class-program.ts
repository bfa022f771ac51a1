/** A class of endpoints as a chain and the maps that it looks into, and so each of its variants. */

import type { Family } from "../../model/address";
import type { KeyPart, MapElement, ProgramChain, ProgramMap, ProgramRule, Selector } from "../nft/program";
import { saneFirst } from "./base-chains";
import type { Cells } from "./cells";
import { chainsOf, dynamicPeerMap, variantName } from "./dynamics";
import { is, l4proto, original } from "./expressions";
import type { Part } from "./line";
import type { OutcomeChains } from "./outcome-chains";
import type { EndpointClass } from "./endpoint-class";
import {
  addressField,
  addressPart,
  isRange,
  transportFields,
  transportKeys,
  type TransportShape,
  transportShapes,
} from "./shape";

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

interface ClassProgram {
  readonly chains: readonly ProgramChain[];
  readonly maps: readonly ProgramMap[];
}

/** The class itself looks first whether the host has the peer in a list; then its variant decides. */
export function classProgram(one: EndpointClass, outcomes: OutcomeChains): ClassProgram {
  const { name, direction, family, variants } = one;
  const peer = addressField(direction === "egress" ? "daddr" : "saddr", family).selector;
  const isDynamic = variants.lists.length > 0;
  const begin = (chain: string): readonly ProgramRule[] => [
    saneFirst,
    ...(isDynamic ? [lookup([peer], dynamicPeerMap(chain))] : []),
  ];
  const all = [
    cellsProgram(one, { cells: one.cells, name, chainName: (chain) => chain, begin }, outcomes),
    ...variants.cells.map((cells, index) => {
      const chainName = (chain: string): string => variantName(chain, index);
      return cellsProgram(one, { cells, name: chainName(name), chainName, begin: () => [] }, outcomes);
    }),
  ];
  return { maps: all.flatMap(({ maps }) => maps), chains: all.flatMap(({ chains }) => chains) };
}

interface Looking {
  readonly cells: Cells;
  /** Of the maps. */
  readonly name: string;
  readonly chainName: (chain: string) => string;
  readonly begin: (chain: string) => readonly ProgramRule[];
}

function cellsProgram(
  one: EndpointClass,
  { cells, name, chainName, begin }: Looking,
  outcomes: OutcomeChains,
): ClassProgram {
  const { family, direction } = one;
  const elements = elementsOf(cells, family, outcomes);
  const peerField = addressField(direction === "egress" ? "daddr" : "saddr", family);
  const maps = shapesOf(cells).flatMap((shape) => {
    const found = elements.get(shapeName(shape));
    if (found === undefined) return [];
    const fields = [...(shape.layer === undefined ? [] : [peerField]), ...transportFields(shape.transport, family)];
    const types = fields.map(({ type }) => type);
    const selectors = fields.map(({ selector }) => selector);
    const map = { name: `${name}_${shapeName(shape)}`, type: types, interval: shape.interval, elements: found };
    return [{ map, shape, selectors }];
  });
  const plain = maps.map(({ map, selectors }) => lookup(selectors, map.name));
  const translated = maps.flatMap(({ map, shape, selectors }) =>
    shape.transport === "port" ? translatedLookups(selectors, map) : [lookup(selectors, map.name)],
  );
  return {
    maps: maps.map(({ map }) => map),
    chains: chainsOf(one).map((chain) => ({
      name: chainName(chain),
      rules: [...begin(chain), ...(chain === one.name ? plain : translated), ...outcomes.rules(cells.rest)],
    })),
  };
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
function elementsOf(cells: Cells, family: Family, outcomes: OutcomeChains): ReadonlyMap<string, MapElement[]> {
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

function lookup(selectors: readonly Selector[], map: string): ProgramRule {
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
