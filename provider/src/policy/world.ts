/** What policies speak about: networks, their segments, endpoints with labels, groups, and where everything is. */

import type { Address } from "../model/address";
import type { Cidr } from "../model/cidr";
import type { DynamicMembers } from "./dynamic";
import type { CidrBlock } from "./rule";
import type { Selector } from "./selector";

export interface Network {
  readonly name: string;
  /** Networks that it is peered with: their addresses mean something in it. */
  readonly peers: readonly string[];
}

/** A subnet: one bridge on each of its hosts. */
export interface Segment {
  readonly name: string;
  readonly network: string;
  readonly bridge: string;
  /** Conntrack zone of the bridge: flows of networks with the same addresses are told apart by it. 1 to 65535. */
  readonly zone: number;
  /** Where it is. */
  readonly hosts: readonly string[];
  readonly cidrs: readonly Cidr[];
}

export interface PlacedEndpoint {
  readonly name: string;
  readonly segment: string;
  readonly host: string;
  readonly addresses: readonly Address[];
  readonly labels: Readonly<Record<string, string>>;
}

export type GroupMember =
  /** Endpoints whose labels match. */
  | { readonly kind: "labels"; readonly selector: Selector }
  /** Containers by their Docker labels, as the engine of the judging host says. */
  | { readonly kind: "containers"; readonly selector: Selector }
  | { readonly kind: "endpoint"; readonly name: string }
  /** The whole of a subnet, unknown endpoints included. */
  | { readonly kind: "subnet"; readonly name: string }
  | CidrBlock;

export interface Group {
  readonly name: string;
  readonly members: readonly GroupMember[];
}

/** Addresses that a host's engine hands out on a segment. */
export interface HostRange {
  readonly host: string;
  readonly segment: string;
  readonly cidr: Cidr;
}

export interface World {
  readonly networks: readonly Network[];
  readonly segments: readonly Segment[];
  readonly endpoints: readonly PlacedEndpoint[];
  readonly groups: readonly Group[];
  readonly hostRanges: readonly HostRange[];
  /** What the judging host has found out: for judging packets. Nothing that is compiled depends on it. */
  readonly dynamic?: DynamicMembers;
}
