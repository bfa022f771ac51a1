/**
 * The transport line: protocol, port and ICMP type as one number, so that a set of services is a set of intervals.
 * A point is `protocol * 65536 + low`; `low` is the destination port, or type * 256 + code of ICMP, or nothing of
 * meaning (any value) for the other protocols.
 */

import type { Family } from "../model/address";
import { type Interval, type IntervalSet, intervalSet } from "./intervals";

export const lowBits = 65_536;
export const lastTransport = 256 * lowBits - 1;
export const anyTransport: IntervalSet<number> = [{ first: 0, last: lastTransport }];

/** Protocols whose header begins with a source and a destination port. */
export const portProtocols: ReadonlyMap<string, number> = new Map([
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["sctp", 132],
  ["udplite", 136],
]);
const portNumbers: ReadonlySet<number> = new Set(portProtocols.values());

export const icmpNumber = 1;
export const icmpv6Number = 58;

/** The number of the protocol that has ICMP types in packets of the family. */
export const icmpOf = (family: Family): number => (family === 4 ? icmpNumber : icmpv6Number);
export const hasPorts = (protocol: number): boolean => portNumbers.has(protocol);

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface IcmpMatch {
  readonly type: number;
  /** Default: every code. */
  readonly code?: number;
}

/** What a rule says of the transport header. A rule with several matches any of them. */
export type Service =
  /** A whole protocol, by number. */
  | { readonly kind: "protocol"; readonly protocol: number }
  | { readonly kind: "ports"; readonly protocol: number; readonly ports: readonly PortRange[] }
  /** ICMP for IPv4 packets, ICMPv6 for IPv6 packets. */
  | { readonly kind: "icmp"; readonly family: Family; readonly types: readonly IcmpMatch[] };

/** The points of the line that services cover in packets of one family; `any` covers all. */
export function transportOf(services: readonly Service[] | "any", family: Family): IntervalSet<number> {
  if (services === "any") return anyTransport;
  return intervalSet(services.flatMap((service) => intervalsOf(service, family)));
}

function intervalsOf(service: Service, family: Family): readonly Interval<number>[] {
  switch (service.kind) {
    case "protocol":
      return [within(service.protocol, 0, lowBits - 1)];
    case "ports":
      return service.ports.map(({ first, last }) => within(service.protocol, first, last));
    case "icmp":
      if (service.family !== family) return [];
      return service.types.map(({ type, code }) =>
        within(icmpOf(family), type * 256 + (code ?? 0), type * 256 + (code ?? 255)),
      );
  }
}

function within(protocol: number, first: number, last: number): Interval<number> {
  return { first: protocol * lowBits + first, last: protocol * lowBits + last };
}
