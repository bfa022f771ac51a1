/** Connection sets by number: each once, so that equality is equality of numbers and an operation is done once. */

import { intersectIntervals, subtractIntervals, uniteIntervals } from "../policy/intervals";
import { allConnections, type ConnectionSet, noConnections } from "./connection-set";

/** The number of a set in its pool. */
export type ConnectionId = number;

export const none: ConnectionId = 0;
export const all: ConnectionId = 1;

type Operation = (a: ConnectionSet, b: ConnectionSet) => ConnectionSet;

export class ConnectionPool {
  private readonly sets: ConnectionSet[] = [];
  private readonly ids = new Map<string, ConnectionId>();
  private readonly unions: ConnectionId[][] = [];
  private readonly intersections: ConnectionId[][] = [];
  private readonly differences: ConnectionId[][] = [];

  constructor() {
    this.id(noConnections);
    this.id(allConnections);
  }

  id(set: ConnectionSet): ConnectionId {
    const key = set.map(({ first, last }) => `${first}-${last}`).join();
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.ids.set(key, this.sets.length);
    return this.sets.push(set) - 1;
  }

  set(id: ConnectionId): ConnectionSet {
    return this.sets[id] ?? noConnections;
  }

  union(a: ConnectionId, b: ConnectionId): ConnectionId {
    if (a === b || b === none || a === all) return a;
    if (a === none || b === all) return b;
    return this.once(this.unions, Math.min(a, b), Math.max(a, b), uniteIntervals);
  }

  intersection(a: ConnectionId, b: ConnectionId): ConnectionId {
    if (a === b || a === none || b === all) return a;
    if (b === none || a === all) return b;
    return this.once(this.intersections, Math.min(a, b), Math.max(a, b), intersectIntervals);
  }

  difference(a: ConnectionId, b: ConnectionId): ConnectionId {
    if (a === none || b === none) return a;
    if (a === b || b === all) return none;
    return this.once(this.differences, a, b, subtractIntervals);
  }

  /** By the two numbers: a lookup is most of what a matrix takes. */
  private once(done: ConnectionId[][], a: ConnectionId, b: ConnectionId, operation: Operation): ConnectionId {
    const results = (done[a] ??= []);
    return (results[b] ??= this.id(operation(this.set(a), this.set(b))));
  }
}
