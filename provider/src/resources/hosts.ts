import type { Connection } from "../model/connection";
import { connectionUri } from "../model/connection";
import type { Target } from "../targets/target";
import { VtepBook } from "../ipam/vtep-book";
import { Declared } from "./declared";
import { FleetProgress } from "./progress";
import { Arrivals, HostSession } from "./host-session";
import { RunAllocations } from "./run-allocations";

/** The hosts of this run: one session each. */
export class Hosts {
  readonly declared = new Declared();
  /** Of the run's subnets. */
  readonly vteps = new VtepBook();
  readonly progress = new FleetProgress();
  readonly allocations = new RunAllocations();
  private readonly sessions = new Map<string, HostSession>();
  private readonly arrivals = new Arrivals();
  private readonly retired = new Set<string>();
  private readonly connections = new Map<string, Connection>();
  /** By underlay address. */
  private readonly names = new Map<string, string>();
  private readonly pairs = new Set<string>();

  /** @param open a target of its own, which makes a connection of its own; needed where something is changed */
  constructor(
    private readonly acquire: (connection: Connection) => Target,
    private readonly open: (connection: Connection) => Target = acquire,
  ) {}

  /** Nothing of it is shared: whoever dials closes it. */
  dial(connection: Connection): Target {
    return this.open(connection);
  }

  session(connection: Connection): HostSession {
    const uri = connectionUri(connection);
    // Other credentials for the same host are another session: the old ones may be what is being mended.
    const key = `${uri} ${JSON.stringify(connection)}`;
    const existing = this.sessions.get(key);
    if (existing !== undefined) return existing;
    const session = new HostSession(this.acquire(connection), scopeOf(connection), this.arrivals);
    this.sessions.set(key, session);
    return session;
  }

  /** Remembers how a host is reached, for resources that know it only by its URI. */
  note(connection: Connection): void {
    this.connections.set(connectionUri(connection), connection);
  }

  noteName(underlay: string, name: string): void {
    this.names.set(underlay, name);
  }

  /** What the program calls the host with this underlay address. */
  nameAt(underlay: string): string | undefined {
    return this.names.get(underlay);
  }

  /** Whether nothing was said yet in this run of the two: of the way between two hosts, of a host and a text. */
  firstOf(one: string, other: string): boolean {
    const pair = [one, other].sort().join(" ");
    const isNew = !this.pairs.has(pair);
    this.pairs.add(pair);
    return isNew;
  }

  /** Nobody shall ask it any more. */
  retire(connection: Connection): void {
    this.retired.add(connectionUri(connection));
  }

  isRetired(connection: Connection): boolean {
    return this.retired.has(connectionUri(connection));
  }

  known(uri: string): Connection | undefined {
    return this.connections.get(uri);
  }
}

/** Hosts that are namespaces of one machine share its /run/netns and /var/lib: the scope keeps them apart. */
export function scopeOf(connection: Connection): string {
  return connection.kind === "namespace" ? connection.name : "";
}
