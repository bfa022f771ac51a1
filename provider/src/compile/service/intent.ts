import type { IntentBase } from "../intent";
import type { Balancer } from "./balancer";

/** A service entry on one host. */
export interface ServiceIntent extends IntentBase {
  readonly kind: "service";
  /** The entry's name; unique within its network. */
  readonly name: string;
  /** The network's VNI: it names the router `sdn-r-VNI`. */
  readonly routerVni: number;
  /** Virtual addresses; both `undefined`: headless, names answer with the backends. */
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** The fabric's blocks of virtual addresses, the same for all entries: what of them no service has is unreachable. */
  readonly pools: readonly string[];
  readonly dns: ServiceNames;
  readonly balancing: Balancing;
  /** What balances in place of nftables, whose `balancing` then counts for nothing. */
  readonly balancer?: Balancer | undefined;
  readonly ports: readonly ServicePort[];
  readonly backends: readonly ServiceBackend[];
  /** Ports of this host that lead to it. */
  readonly exposures?: readonly ServiceExposure[] | undefined;
}

export interface ServiceExposure {
  readonly protocol: "tcp" | "udp";
  /** The host's. */
  readonly address: string;
  readonly port: number;
  /** Which of the service's ports it leads to. */
  readonly servicePort: number;
  /** The router's address on its link with the host. */
  readonly via: string;
}

export interface ServiceNames {
  /** The network's own zone, such as `shop.sdn.internal`; the host answers for it alone. */
  readonly zone: string;
  /** Fully qualified, lower case, without the last dot; the first is the name that PTR and SRV give. */
  readonly names: readonly string[];
  /** Seconds. */
  readonly ttl: number;
  /** Servers that are asked for the rest, addresses; empty: the rest is refused. `host`: the host's own resolvers. */
  readonly upstreams: readonly string[] | "host";
}

export type Balancing = "round-robin" | "random" | "source-hash";

export interface ServicePort {
  readonly name: string | undefined;
  readonly protocol: "tcp" | "udp";
  /** Of the virtual address. */
  readonly port: number;
  /** Of the backends. */
  readonly targetPort: number;
}

export type ServiceBackend =
  | {
      readonly kind: "address";
      readonly address: string;
      /** Its share of new connections, in relation to the others'; 0: it gets none and keeps those it has. */
      readonly weight: number;
      /** Where it is known: a client of the same subnet reaches it without the router. */
      readonly neighbour?: { readonly vni: number; readonly mac: string } | undefined;
    }
  /** A name outside that the entry stands for (CNAME). */
  | { readonly kind: "external"; readonly name: string };
