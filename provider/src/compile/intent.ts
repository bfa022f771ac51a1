/**
 * What one resource wants on one host, as plain data with every number decided. The `sdn:linux:*` resources hold
 * exactly these as their inputs, and the host keeps them beside what was made from them.
 */
import type { AdoptedBridge, AdoptedDockerNetwork, AdoptedVxlan } from "../model/adopted";

import type { Peers } from "../model/peer-set";
import type { ServiceIntent } from "./service/intent";

/** Common to all: who it belongs to and where it is. */
export interface IntentBase {
  /** `PROJECT/STACK`; part of the mark on everything that is made. */
  readonly owner: string;
  /** Name of the user's component, for messages. */
  readonly label: string;
  /** Distinguishes hosts that share one machine (network-namespace hosts); empty elsewhere. */
  readonly scope: string;
}

/** A virtual network on one host: its router. */
export interface RouterIntent extends IntentBase {
  readonly kind: "router";
  /** The network's own VNI. */
  readonly vni: number;
  readonly mtu: number;
  /** The network's address space, for the route that keeps its traffic inside. */
  readonly cidr: string | undefined;
  readonly ipv6Cidr: string | undefined;
  /** The link between router and host; `undefined` where there is neither a way out nor a way in. */
  readonly egress:
    | {
        /** What leaves: translated (also where it is left out), as it is, or replies alone. */
        readonly mode?: "nat" | "routed" | "none" | undefined;
        readonly ipv4: { readonly host: string; readonly router: string } | undefined;
        readonly ipv6: { readonly host: string; readonly router: string } | undefined;
      }
    | undefined;
  /** Translations besides the mode's own. */
  readonly nat?: Nat | undefined;
  /** Destinations that nobody in the network reaches. */
  readonly blackholes?: readonly string[] | undefined;
}

/** A rule for the source of what leaves; the first that matches decides. */
export interface SourceNat {
  readonly from: string;
  readonly to?: string | undefined;
  /** `host`: as for `nat`; `none`: it stays; else an address of the host. */
  readonly address: string;
}

/** A port of the host that leads to an endpoint. */
export interface DestinationNat {
  readonly protocol: "tcp" | "udp";
  /** The host's. */
  readonly address: string;
  readonly port: number;
  /** Of a range; each port leads to itself. */
  readonly endPort?: number | undefined;
  readonly toAddress: string;
  /** The same as `port` where it is left out. */
  readonly toPort?: number | undefined;
  /** The endpoint sees the client's address. Only where it is on this same host. */
  readonly preserveSource?: boolean | undefined;
}

export interface Nat {
  readonly source: readonly SourceNat[];
  readonly destination: readonly DestinationNat[];
}

export interface SegmentAddressing {
  readonly cidr: string;
  /** The anycast gateway, the same on every host. */
  readonly gateway: string;
  /** This host's router, the first address of `range`. */
  readonly router: string;
  /** What this host's engine hands out. */
  readonly range: string;
  /** The subnet as this host's engine knows it, where it grew since: an engine's network cannot be changed. */
  readonly pool?: string | undefined;
}

/** Next hops are in a subnet, so the routes to them go with it. */
export interface StaticRoute {
  readonly destination: string;
  readonly nextHop: string;
}

/** A route for packets by their source; the lowest priority that matches decides. */
export interface PolicyRoute {
  readonly priority: number;
  readonly from: string;
  /** `undefined`: whatever has no route of its own but the default. */
  readonly to?: string | undefined;
  readonly nextHop: string;
}

/** A subnet on one host. */
export interface SegmentIntent extends IntentBase {
  readonly kind: "segment";
  readonly vni: number;
  readonly routerVni: number;
  readonly mtu: number;
  /** This host's VTEP address. */
  readonly underlay: string;
  readonly port: number;
  /** The other hosts' VTEP addresses; of many, their digest. */
  readonly peers: Peers;
  readonly ipv4: SegmentAddressing | undefined;
  readonly ipv6: SegmentAddressing | undefined;
  /** The network's routes whose next hop is in this subnet. */
  readonly routes?: readonly StaticRoute[] | undefined;
  readonly policyRoutes?: readonly PolicyRoute[] | undefined;
  /** Layer 2 only: no leg of the router, no gateway. */
  readonly internal?: boolean | undefined;
  /** Name of the Docker network to make, `undefined` for none. */
  readonly dockerNetwork: string | undefined;
}

export type Attachment =
  /** A container on the subnet's Docker network. */
  | { readonly kind: "docker"; readonly network: string; readonly container: string }
  /** A container without a network of Docker's (`none`): the interface is put into its namespace directly. */
  | { readonly kind: "container"; readonly container: string; readonly interface: string }
  | { readonly kind: "namespace"; readonly namespace: string; readonly interface: string }
  /** An interface of the host becomes a port of the segment; its addresses are its owner's business. */
  | { readonly kind: "interface"; readonly interface: string };

/** `gateway` is left out on an internal subnet. */
export interface PortAddress {
  readonly address: string;
  readonly gateway?: string | undefined;
}

/** Something attached to a subnet on one host. */
export interface PortIntent extends IntentBase {
  readonly kind: "port";
  readonly name: string;
  readonly vni: number;
  readonly routerVni: number;
  readonly mtu: number;
  readonly mac: string;
  /** With the subnet's prefix length. */
  readonly ipv4: PortAddress | undefined;
  readonly ipv6: PortAddress | undefined;
  readonly attachment: Attachment;
  /** What it may say of itself; `undefined`: anything but that it is the gateway. */
  readonly guard: Guard | undefined;
}

export interface Guard {
  /** Whether `PortIntent.mac` is what is behind the port; where it is not known, any MAC address may send. */
  readonly bindMac: boolean;
  /** Besides its own addresses: a CIDR, and the MAC address that goes with it where that is another one. */
  readonly pairs: readonly { readonly cidr: string; readonly mac: string | undefined }[];
}

/** One network's side of a peering on a host. */
export interface PeeringSide {
  /** Name of the network, for messages. */
  readonly network: string;
  readonly routerVni: number;
  /** Its addresses on the link between the two routers. */
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** What the other side may reach, of either family. */
  readonly prefixes: readonly string[];
}

/** Two virtual networks that reach each other, on one host. */
export interface PeeringIntent extends IntentBase {
  readonly kind: "peering";
  /** Its own number out of the VNIs: it names the link and gives its addresses. */
  readonly vni: number;
  readonly mtu: number;
  readonly sides: readonly [PeeringSide, PeeringSide];
}

/** What somebody else made on one host: marked and watched, neither made nor removed. */
export interface AdoptedIntent extends IntentBase {
  readonly kind: "adopted";
  readonly name: string;
  readonly bridge: AdoptedBridge | undefined;
  readonly vxlans: readonly AdoptedVxlan[];
  readonly dockerNetwork: AdoptedDockerNetwork | undefined;
}

export type Intent = RouterIntent | SegmentIntent | PortIntent | PeeringIntent | AdoptedIntent | ServiceIntent;
