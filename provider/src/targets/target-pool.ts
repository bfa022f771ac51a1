/** The targets of this process: one for each machine, whoever asks. */

import { connectionUri, type Connection } from "../model/connection";
import { openTarget } from "./open-target";
import type { Target } from "./target";

/**
 * Two connections share a target when they are equal in everything, credentials included: a changed key or host key
 * must not ride on a connection that was made with the old one.
 */
export class TargetPool {
  readonly #open: (connection: Connection) => Target;
  readonly #targets = new Map<string, Target>();
  /** Executions of targets that were closed, by URI. */
  readonly #past = new Map<string, number>();

  constructor(open: (connection: Connection) => Target = openTarget) {
    this.#open = open;
  }

  acquire(connection: Connection): Target {
    const key = identity(connection);
    const present = this.#targets.get(key);
    if (present !== undefined) return present;
    const target = this.#open(connection);
    this.#targets.set(key, target);
    return target;
  }

  /** A target that shares nothing with others. Whoever dials closes it. */
  dial(connection: Connection): Target {
    return this.#open(connection);
  }

  /** Closes every target. A later `acquire` opens anew. */
  async closeAll(): Promise<void> {
    const targets = [...this.#targets.values()];
    this.#targets.clear();
    await Promise.allSettled(targets.map((target) => target.close()));
    for (const { uri, executions } of targets) this.#past.set(uri, (this.#past.get(uri) ?? 0) + executions);
  }

  /** Executions since the process began, closed targets included. */
  totalExecutions(): number {
    const past = [...this.#past.values()].reduce((sum, count) => sum + count, 0);
    return past + this.#sum(() => true);
  }

  executionsOf(uri: string): number {
    return (this.#past.get(uri) ?? 0) + this.#sum((target) => target.uri === uri);
  }

  #sum(wanted: (target: Target) => boolean): number {
    return [...this.#targets.values()].filter(wanted).reduce((sum, target) => sum + target.executions, 0);
  }
}

/** Equal for equal connections, whatever the order of their properties. */
function identity(connection: Connection): string {
  return JSON.stringify([connectionUri(connection), ordered(connection)]);
}

function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, item]) => [name, ordered(item)]);
}
