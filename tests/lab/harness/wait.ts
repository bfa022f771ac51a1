/** Waiting for a condition, instead of for a time. */

export interface WaitOptions {
  /** What is waited for, for the error: "h2 answers". */
  readonly what: string;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Pause between two looks. Default 100. */
  readonly intervalMs?: number;
}

/**
 * Looks again and again until `condition` gives something other than `undefined` and `false`, and resolves with that.
 * A look that throws counts as not yet. Rejects after the time is over, and says what the last look saw.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | undefined>> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let seen: string;
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value as Exclude<T, false | undefined>;
      seen = String(value);
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms for: ${options.what}; last seen: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 100));
  }
}
