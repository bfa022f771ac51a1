import type { Balancing } from "./intent";

/** Balances in place of nftables: a process a host and network, in the router's namespace (decision 0023). */
export interface Balancer {
  readonly driver: BalancerDriver;
  readonly balancing: Balancing | "least-connections";
  readonly healthCheck: HealthCheck | undefined;
  /** Seconds for which a client keeps its backend after its last connection; `undefined`: it does not. */
  readonly affinity: number | undefined;
  /** Whether backends are told the client's address (PROXY protocol, version 2). */
  readonly sendProxy: boolean;
}

export type BalancerDriver = "haproxy" | "nginx";

/** Times in seconds; counts are of checks in a row. */
export interface HealthCheck {
  readonly probe: HealthProbe;
  /** `undefined`: where the connections go. */
  readonly port: number | undefined;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

export type HealthProbe =
  | { readonly protocol: "tcp" }
  | {
      readonly protocol: "http";
      readonly path: string;
      /** What the request says in `Host`; `undefined`: the first of the entry's names. */
      readonly host: string | undefined;
      /** `200`, or `200-399`. */
      readonly expectedStatus: string;
    };
