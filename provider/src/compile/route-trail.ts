export interface RouteHop {
  readonly host: string;
  /** Interface or network namespace. */
  readonly device: string;
  readonly action: string;
}

export interface RouteTrace {
  /**
   * `outside`: it left by a host's way out; `forwarded`: a next hop has it, which sends it on; `unknown`: nobody is
   * known to have the address.
   */
  readonly outcome: "delivered" | "outside" | "forwarded" | "dropped" | "unknown";
  /** Why, as a sentence. */
  readonly reason: string;
  readonly hops: readonly RouteHop[];
  /** Largest packet that the way carries, bytes. */
  readonly mtu: number;
}

/** The way so far. */
export class Trail {
  private readonly hops: RouteHop[] = [];

  constructor(private mtu: number) {}

  hop(host: string, device: string, action: string): void {
    this.hops.push({ host, device, action });
  }

  /** What follows carries no more than this. */
  narrow(mtu: number): void {
    this.mtu = Math.min(this.mtu, mtu);
  }

  end(outcome: RouteTrace["outcome"], reason: string): RouteTrace {
    return { outcome, reason, hops: this.hops, mtu: this.mtu };
  }
}
