/** What may pass between two ends: protocols and destination ports of the three protocols that policies know. */

import { type Interval, type IntervalSet, intervalSet, sameIntervals } from "../policy/intervals";
import { lowBits } from "../policy/transport";

/** In the order in which they are written. */
export const protocols = ["SCTP", "TCP", "UDP"] as const;
export type Protocol = (typeof protocols)[number];

const protocolNumbers: Readonly<Record<Protocol, number>> = { SCTP: 132, TCP: 6, UDP: 17 };

export const firstPort = 1;
export const lastPort = 65_535;

/** Points of the transport line (`policy/transport.ts`), port 0 left out. */
export type ConnectionSet = IntervalSet<number>;

export const portInterval = (protocol: Protocol, first: number, last: number): Interval<number> => ({
  first: protocolNumbers[protocol] * lowBits + first,
  last: protocolNumbers[protocol] * lowBits + last,
});

export const noConnections: ConnectionSet = [];
export const allConnections: ConnectionSet = intervalSet(
  protocols.map((protocol) => portInterval(protocol, firstPort, lastPort)),
);

/** `TCP 80,443,UDP 53`, `All Connections` or `No Connections`. */
export function connectionText(set: ConnectionSet): string {
  if (set.length === 0) return "No Connections";
  if (sameIntervals(set, allConnections)) return "All Connections";
  return protocols
    .map((protocol) => ({ protocol, ports: portsText(set, protocolNumbers[protocol]) }))
    .filter(({ ports }) => ports !== "")
    .map(({ protocol, ports }) => `${protocol} ${ports}`)
    .join(",");
}

function portsText(set: ConnectionSet, number: number): string {
  return set
    .filter(({ first }) => Math.floor(first / lowBits) === number)
    .map(({ first, last }) => ({ first: first % lowBits, last: last % lowBits }))
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
    .join(",");
}
