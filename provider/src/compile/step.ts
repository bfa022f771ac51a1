import type { Peers } from "../model/peer-set";
import type { Chain } from "./nft/json";
import type { BalancerDriver } from "./service/balancer";
import type { ServiceRules } from "./service/balancing";

/**
 * A plan is a list of steps: what must be true on one host, in the order in which it is made true. Steps are plain
 * data. What each kind means (words for the host, removal, comparison with a snapshot) stands in `steps/`, one file
 * a kind.
 */

/** What must be true, and whether other resources may want the same thing: then it goes with the last of them. */
export type Step = Thing & { readonly shared?: true };

/** `undefined` is the host's own namespace, `container:NAME` a container's, anything else a named one. */
export type Where = string | undefined;

type Thing =
  | { readonly kind: "namespace"; readonly name: string; readonly mark: string }
  | {
      readonly kind: "bridge";
      readonly name: string;
      readonly mtu: number;
      readonly mac: string;
      readonly mark: string;
    }
  | {
      readonly kind: "vxlan";
      readonly name: string;
      readonly vni: number;
      readonly local: string;
      readonly port: number;
      readonly mtu: number;
      readonly bridge: string;
      readonly mark: string;
    }
  /** The remote VTEPs that get broadcast, unknown-unicast and multicast frames (head-end replication). */
  | { readonly kind: "flood"; readonly device: string; readonly peers: Peers }
  | {
      readonly kind: "veth";
      /** The namespace of the end that is named first; the host's own where it is left out. */
      readonly from?: string;
      readonly name: string;
      readonly where: Where;
      readonly peer: string;
      readonly mtu: number;
      readonly mac: string | undefined;
      readonly bridge: string | undefined;
      readonly mark: string;
    }
  | {
      readonly kind: "macvlan";
      readonly where: string;
      readonly name: string;
      readonly lower: string;
      readonly mac: string;
      readonly mtu: number;
      readonly mark: string;
    }
  /** A link that is the host's own, made a port of a segment. */
  | { readonly kind: "master"; readonly link: string; readonly bridge: string; readonly mtu: number }
  /** Exactly these addresses (with prefix lengths), link-local ones aside. */
  | { readonly kind: "addresses"; readonly where: Where; readonly link: string; readonly addresses: readonly string[] }
  | {
      readonly kind: "route";
      readonly where: Where;
      readonly destination: string;
      readonly device: string;
      readonly via: string | undefined;
    }
  /** A route of a routing table of its own, for `rule`. */
  | {
      readonly kind: "table-route";
      readonly where: string;
      readonly table: number;
      readonly destination: string;
      readonly device: string;
      readonly via: string;
    }
  | {
      readonly kind: "rule";
      readonly where: string;
      readonly priority: number;
      readonly from: string;
      readonly to: string | undefined;
      /** The interface on which a packet arrives, `undefined` for any. */
      readonly arriving: string | undefined;
      /** `main-but-default`: the main table without its default route. */
      readonly action: number | "main" | "main-but-default" | "blackhole";
    }
  | {
      readonly kind: "neighbour";
      readonly where: Where;
      readonly device: string;
      readonly address: string;
      readonly mac: string;
    }
  | { readonly kind: "gateway-fdb"; readonly port: string; readonly mac: string }
  | { readonly kind: "sysctl"; readonly where: Where; readonly key: string; readonly value: string }
  | { readonly kind: "forwarding6" }
  /** One of our tables, whole: sets stay, chains are written anew. */
  | { readonly kind: "nft-table"; readonly where: Where; readonly table: "host" | "router" }
  | {
      readonly kind: "nft-element";
      readonly family: "inet" | "bridge";
      readonly set: string;
      /** The parts of a concatenation, or one value. */
      readonly value: readonly string[];
    }
  /** A chain of one resource's own in our `inet` table, whole. */
  | { readonly kind: "nft-chain"; readonly where: string; readonly chain: Chain }
  /** The host's settings by which nftables sees what is bridged. */
  | { readonly kind: "bridged-packets" }
  /**
   * How the packets that services translate get from a bridge to where they are to go. Of a segment, and done as long
   * as its network has services on the host.
   */
  | {
      readonly kind: "service-path";
      readonly bridge: string;
      readonly routerVni: number;
      readonly where: string;
      /** The anycast gateway's MAC address. */
      readonly mac: string;
      /** The router's link of the segment. */
      readonly link: string;
      readonly families: readonly { readonly cidr: string; readonly gateway: string; readonly router: string }[];
    }
  /** The paths of all segments of a network, and that no packet to an address without a service leaves it. */
  | {
      readonly kind: "service-network";
      readonly routerVni: number;
      readonly where: string;
      readonly pools: readonly string[];
    }
  /** Chains and map elements of one service, whole, in one transaction. */
  | ({ readonly kind: "service-rules"; readonly key: string } & ServiceRules)
  /** A service's part of the process that balances its network's, and its addresses, which are that router's. */
  | {
      readonly kind: "service-balancer";
      readonly driver: BalancerDriver;
      readonly routerVni: number;
      readonly where: string;
      readonly name: string;
      readonly vips: readonly string[];
      /** In the words of its configuration. */
      readonly part: string;
    }
  /** An element of a map of the host's `inet` table. It carries the mark: two resources may want the same key. */
  | {
      readonly kind: "nft-map";
      readonly map: string;
      readonly key: readonly string[];
      readonly value: string;
      readonly mark: string;
    }
  /** The bridge's conntrack zone: this one, or where another bridge of the host has it, the next one that none has. */
  | { readonly kind: "zone"; readonly bridge: string; readonly zone: number }
  /** Elements of the bridge table about a container's port: `%` is the port, `MAC` and `LINK-LOCAL` its addresses. */
  | {
      readonly kind: "container-guard";
      readonly container: string;
      readonly network: string;
      readonly bridge: string;
      readonly elements: readonly { readonly set: string; readonly value: readonly string[] }[];
    }
  | { readonly kind: "forward-accept"; readonly in: string; readonly out: string; readonly mark: string }
  /** A link that somebody else made, with what it had when it was adopted. */
  | {
      readonly kind: "adopted-link";
      readonly name: string;
      readonly type: "bridge" | "vxlan";
      readonly mtu: number;
      readonly bridge: string | undefined;
      readonly vxlan: { readonly vni: number; readonly local: string; readonly port: number } | undefined;
      readonly mark: string;
    }
  | {
      readonly kind: "adopted-docker-network";
      readonly name: string;
      readonly networkId: string;
      readonly cidrs: readonly string[];
    }
  | {
      readonly kind: "docker-network";
      /** Whether its containers get no way out of the network, and no gateway. */
      readonly internal?: boolean;
      readonly name: string;
      readonly bridge: string;
      readonly mtu: number;
      readonly mark: string;
      readonly ipv4: DockerPool;
      readonly ipv6: DockerPool | undefined;
    }
  | {
      readonly kind: "docker-connection";
      readonly network: string;
      readonly container: string;
      readonly ipv4: string | undefined;
      readonly ipv6: string | undefined;
    }
  /** The names of one entry of a network, as records (`service/records.ts`). */
  | { readonly kind: "dns-entry"; readonly where: string; readonly entry: string; readonly records: readonly string[] }
  /** What answers for a network's names, in its router's namespace. */
  | {
      readonly kind: "dns-server";
      readonly where: string;
      readonly zone: string;
      /** Who is asked for other names: nobody, these, or the host's own resolvers. */
      readonly upstreams: readonly string[] | "host";
    };

export interface DockerPool {
  readonly subnet: string;
  /** What containers use as their gateway. */
  readonly gateway: string;
  /** What this engine hands out. */
  readonly range: string;
  /** The address in the range that is the host's router's, so that the engine leaves it alone. */
  readonly router: string;
}

export type StepKind = Step["kind"];
export type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;
