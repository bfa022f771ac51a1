/**
 * Sets of flows: sources × destinations × transport, in one canonical form (a layer of sources, in each a layer of
 * destinations; equal neighbours merged), so that equality is equality of data. What the points of the two outer lines
 * are is the caller's business: addresses in packet sets, classes of endpoints where a whole fleet is looked at.
 */

import {
  includesSet,
  intersectIntervals,
  type IntervalSet,
  type Point,
  sameIntervals,
  subtractIntervals,
  uniteIntervals,
} from "./intervals";
import { combinePieces, type Pieces, samePieces } from "./pieces";

type Transport = IntervalSet<number>;
type ByDestination<T extends Point> = Pieces<T, Transport>;

export type FlowSet<T extends Point> = Pieces<T, ByDestination<T>>;

export const noFlow: FlowSet<never> = [];

/** Everything from one of the sources to one of the destinations with one of the transports. */
export function flowBox<T extends Point>(
  sources: IntervalSet<T>,
  destinations: IntervalSet<T>,
  transport: Transport,
): FlowSet<T> {
  const inner = transport.length === 0 ? [] : destinations.map((span) => ({ ...span, value: transport }));
  return inner.length === 0 ? [] : sources.map((span) => ({ ...span, value: inner }));
}

type Operation = "union" | "intersection" | "difference";

const leaf: Record<Operation, (a: Transport, b: Transport) => Transport> = {
  union: (a, b) => uniteIntervals(a, b),
  intersection: intersectIntervals,
  difference: subtractIntervals,
};
const transports = { equal: sameIntervals<number> };
const same = <T extends Point>(a: ByDestination<T>, b: ByDestination<T>): boolean => samePieces(a, b, transports);

function combine<T extends Point>(a: FlowSet<T>, b: FlowSet<T>, operation: Operation): FlowSet<T> {
  const ofTransport = (x: Transport = [], y: Transport = []): Transport | undefined => {
    const result = leaf[operation](x, y);
    return result.length === 0 ? undefined : result;
  };
  const ofDestination = (x: ByDestination<T> = [], y: ByDestination<T> = []): ByDestination<T> | undefined => {
    const result = combinePieces(x, y, ofTransport, transports);
    return result.length === 0 ? undefined : result;
  };
  return combinePieces(a, b, ofDestination, { equal: same });
}

export const uniteFlows = <T extends Point>(a: FlowSet<T>, b: FlowSet<T>): FlowSet<T> => combine(a, b, "union");
export const intersectFlows = <T extends Point>(a: FlowSet<T>, b: FlowSet<T>): FlowSet<T> =>
  combine(a, b, "intersection");
export const subtractFlows = <T extends Point>(a: FlowSet<T>, b: FlowSet<T>): FlowSet<T> => combine(a, b, "difference");

export const isNoFlow = <T extends Point>(set: FlowSet<T>): boolean => set.length === 0;

export const sameFlows = <T extends Point>(a: FlowSet<T>, b: FlowSet<T>): boolean => samePieces(a, b, { equal: same });

export const includesFlows = <T extends Point>(outer: FlowSet<T>, inner: FlowSet<T>): boolean =>
  isNoFlow(subtractFlows(inner, outer));

/** What passes from the one to the other. */
export function flowsBetween<T extends Point>(set: FlowSet<T>, source: T, destination: T): Transport {
  return at(at(set, source) ?? [], destination) ?? [];
}

export function includesFlow<T extends Point>(set: FlowSet<T>, source: T, destination: T, transport: number): boolean {
  return includesSet(flowsBetween(set, source, destination), [{ first: transport, last: transport }]);
}

const at = <T extends Point, V>(pieces: Pieces<T, V>, value: T): V | undefined =>
  pieces.find(({ first, last }) => first <= value && value <= last)?.value;
