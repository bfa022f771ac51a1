/** A packet as policies see it: the first one of a flow. */

import type { Address } from "../model/address";

export interface Place {
  readonly address: Address;
  /** The segment that the address is on; `undefined` for the world outside. */
  readonly segment: string | undefined;
  /** The host itself, where policies are asked about one. */
  readonly host?: string;
}

export interface Packet {
  readonly source: Place;
  readonly destination: Place;
  readonly protocol: number;
  /** Destination port, of protocols that have ports; where a host is judged, the one before translation. */
  readonly port?: number;
  /** Of ICMP in IPv4 packets and ICMPv6 in IPv6 packets. */
  readonly icmp?: { readonly type: number; readonly code: number };
  /** Seconds since 1970. */
  readonly time: number;
}
