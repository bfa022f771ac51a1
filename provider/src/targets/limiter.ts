/** Lets a limited number through at a time; the rest wait in the order in which they came. */

import { deferred } from "./deferred";

export class Limiter {
  #limit: number;
  #active = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get active(): number {
    return this.#active;
  }

  /** A place, as the function that gives it back. Rejects with the signal's reason when that is aborted first. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#active >= this.#limit) await this.#wait(signal);
    else this.#active += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#active -= 1;
      this.#admit();
    };
  }

  /** For a server that takes fewer than expected; never below one. */
  lowerTo(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, limit));
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const turn = deferred<undefined>();
    const onTurn = () => turn.resolve(undefined);
    const onAbort = () => {
      const place = this.#waiting.indexOf(onTurn);
      if (place === -1) return;
      this.#waiting.splice(place, 1);
      turn.reject(signal.reason);
    };
    this.#waiting.push(onTurn);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await turn.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #admit(): void {
    while (this.#active < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      // Counted here, so that nobody else slips in before the waiting one goes on.
      this.#active += 1;
      next();
    }
  }
}
