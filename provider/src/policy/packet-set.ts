/**
 * The algebra of packet space: direction × family × source × destination × transport. A set is kept in one canonical
 * form (layers in a fixed order, equal neighbours merged), so that equality is equality of data.
 */

import { type AddressSet, families } from "./address-set";
import {
  includesSet,
  intersectIntervals,
  type IntervalSet,
  sameIntervals,
  subtractIntervals,
  uniteIntervals,
} from "./intervals";
import { combinePieces, type Pieces, samePieces } from "./pieces";
import type { Direction } from "./rule";
import type { Family } from "../model/address";

type Transport = IntervalSet<number>;
type ByDestination = Pieces<bigint, Transport>;
type BySource = Pieces<bigint, ByDestination>;

const slots = ["ingress 4", "ingress 6", "egress 4", "egress 6"] as const;
type Slot = (typeof slots)[number];

export type PacketSet = Readonly<Record<Slot, BySource>>;

/** One point of packet space. */
export interface PacketPoint {
  readonly direction: Direction;
  readonly family: Family;
  readonly source: bigint;
  readonly destination: bigint;
  readonly transport: number;
}

export const noPacket: PacketSet = { "ingress 4": [], "ingress 6": [], "egress 4": [], "egress 6": [] };

/** Everything from one of the sources to one of the destinations with one of the transports. */
export function packetBox(
  direction: Direction,
  source: AddressSet,
  destination: AddressSet,
  transport: (family: Family) => IntervalSet<number>,
): PacketSet {
  const boxes = families.map((family): readonly [Slot, BySource] => {
    const services = transport(family);
    const inner = services.length === 0 ? [] : destination[family].map((span) => ({ ...span, value: services }));
    const outer = inner.length === 0 ? [] : source[family].map((span) => ({ ...span, value: inner }));
    return [`${direction} ${family}`, outer];
  });
  return { ...noPacket, ...Object.fromEntries(boxes) };
}

type Operation = "union" | "intersection" | "difference";

const leaf: Record<Operation, (a: Transport, b: Transport) => Transport> = {
  union: (a, b) => uniteIntervals(a, b),
  intersection: intersectIntervals,
  difference: subtractIntervals,
};
const transports = { equal: sameIntervals<number> };
const destinations = { equal: (a: ByDestination, b: ByDestination) => samePieces(a, b, transports) };

function combine(a: PacketSet, b: PacketSet, operation: Operation): PacketSet {
  const ofTransport = (x: Transport = [], y: Transport = []): Transport | undefined => {
    const result = leaf[operation](x, y);
    return result.length === 0 ? undefined : result;
  };
  const ofDestination = (x: ByDestination = [], y: ByDestination = []): ByDestination | undefined => {
    const result = combinePieces(x, y, ofTransport, transports);
    return result.length === 0 ? undefined : result;
  };
  const of = (slot: Slot): BySource => combinePieces(a[slot], b[slot], ofDestination, destinations);
  return {
    "ingress 4": of("ingress 4"),
    "ingress 6": of("ingress 6"),
    "egress 4": of("egress 4"),
    "egress 6": of("egress 6"),
  };
}

export const unitePackets = (a: PacketSet, b: PacketSet): PacketSet => combine(a, b, "union");
export const intersectPackets = (a: PacketSet, b: PacketSet): PacketSet => combine(a, b, "intersection");
export const subtractPackets = (a: PacketSet, b: PacketSet): PacketSet => combine(a, b, "difference");

export function isNoPacket(set: PacketSet): boolean {
  return slots.every((slot) => set[slot].length === 0);
}

export function samePackets(a: PacketSet, b: PacketSet): boolean {
  return slots.every((slot) => samePieces(a[slot], b[slot], destinations));
}

export function includesPackets(outer: PacketSet, inner: PacketSet): boolean {
  return isNoPacket(subtractPackets(inner, outer));
}

export function includesPacket(set: PacketSet, point: PacketPoint): boolean {
  const at = <V>(pieces: Pieces<bigint, V>, value: bigint): V | undefined =>
    pieces.find(({ first, last }) => first <= value && value <= last)?.value;
  const byDestination = at(set[`${point.direction} ${point.family}`], point.source) ?? [];
  const services = at(byDestination, point.destination) ?? [];
  return includesSet(services, [{ first: point.transport, last: point.transport }]);
}
