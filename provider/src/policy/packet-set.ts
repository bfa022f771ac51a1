/** The algebra of packet space: direction × family × source × destination × transport. Equal sets are equal data. */

import { type AddressSet, families } from "./address-set";
import {
  flowBox,
  type FlowSet,
  includesFlow,
  intersectFlows,
  isNoFlow,
  noFlow,
  sameFlows,
  subtractFlows,
  uniteFlows,
} from "./flow-set";
import type { IntervalSet } from "./intervals";
import type { Direction } from "./rule";
import type { Family } from "../model/address";

const slots = ["ingress 4", "ingress 6", "egress 4", "egress 6"] as const;
type Slot = (typeof slots)[number];
type Flows = FlowSet<bigint>;

export type PacketSet = Readonly<Record<Slot, Flows>>;

/** One point of packet space. */
export interface PacketPoint {
  readonly direction: Direction;
  readonly family: Family;
  readonly source: bigint;
  readonly destination: bigint;
  readonly transport: number;
}

export const noPacket: PacketSet = { "ingress 4": noFlow, "ingress 6": noFlow, "egress 4": noFlow, "egress 6": noFlow };

/** Everything from one of the sources to one of the destinations with one of the transports. */
export function packetBox(
  direction: Direction,
  source: AddressSet,
  destination: AddressSet,
  transport: (family: Family) => IntervalSet<number>,
): PacketSet {
  const boxes = families.map((family): readonly [Slot, Flows] => [
    `${direction} ${family}`,
    flowBox(source[family], destination[family], transport(family)),
  ]);
  return { ...noPacket, ...Object.fromEntries(boxes) };
}

function slotwise(a: PacketSet, b: PacketSet, operation: (x: Flows, y: Flows) => Flows): PacketSet {
  const of = (slot: Slot): Flows => operation(a[slot], b[slot]);
  return {
    "ingress 4": of("ingress 4"),
    "ingress 6": of("ingress 6"),
    "egress 4": of("egress 4"),
    "egress 6": of("egress 6"),
  };
}

export const unitePackets = (a: PacketSet, b: PacketSet): PacketSet => slotwise(a, b, uniteFlows);
export const intersectPackets = (a: PacketSet, b: PacketSet): PacketSet => slotwise(a, b, intersectFlows);
export const subtractPackets = (a: PacketSet, b: PacketSet): PacketSet => slotwise(a, b, subtractFlows);

export function isNoPacket(set: PacketSet): boolean {
  return slots.every((slot) => isNoFlow(set[slot]));
}

export function samePackets(a: PacketSet, b: PacketSet): boolean {
  return slots.every((slot) => sameFlows(a[slot], b[slot]));
}

export function includesPackets(outer: PacketSet, inner: PacketSet): boolean {
  return isNoPacket(subtractPackets(inner, outer));
}

export function includesPacket(set: PacketSet, point: PacketPoint): boolean {
  return includesFlow(set[`${point.direction} ${point.family}`], point.source, point.destination, point.transport);
}
