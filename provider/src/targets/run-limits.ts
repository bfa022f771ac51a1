/** The two ways in which a caller ends an execution, as one abort signal whose reason is the error to report. */

import { deferred } from "./deferred";
import { setTimeout as delay } from "node:timers/promises";
import { SdnError } from "../model/error";
import type { RunOptions } from "./target";

/** How long after an abort or a time-out the end of the remote program is waited for before it is reported. */
export const STOP_GRACE_MS = 2_000;

export interface RunLimits {
  /** Aborted with an `SdnError` as its reason: `cancelled`, `timeout`, or what `stop` was given. */
  readonly signal: AbortSignal;
  /** Ends the execution with an error of our own. */
  readonly stop: (error: SdnError) => void;
  /** Frees timer and listener; to be called in every case. */
  readonly dispose: () => void;
}

export function runLimits(options: RunOptions, host: string): RunLimits {
  const controller = new AbortController();
  const stop = (error: SdnError) => controller.abort(error);
  const cancel = () =>
    stop(
      new SdnError({ code: "cancelled", host, cause: "the operation was cancelled" }, { cause: options.signal.reason }),
    );
  const timer = setTimeout(() => stop(timeoutError(options.timeoutMs, host)), options.timeoutMs);
  options.signal.addEventListener("abort", cancel, { once: true });
  if (options.signal.aborted) cancel();
  const dispose = () => {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", cancel);
  };
  return { signal: controller.signal, stop, dispose };
}

function timeoutError(timeoutMs: number, host: string): SdnError {
  return new SdnError({
    code: "timeout",
    host,
    cause: `the execution did not end within ${timeoutMs / 1000} s and was ended`,
    remedy: "see what keeps the host busy, or raise the resource's custom timeout",
    uncertain: true,
  });
}

/** The promise's outcome, or the signal's reason `graceMs` after it was aborted, whichever comes first. */
export async function orStopped<T>(promise: Promise<T>, signal: AbortSignal, graceMs = 0): Promise<T> {
  const stopped = deferred<never>();
  const onAbort = () => {
    if (graceMs === 0) stopped.reject(signal.reason);
    else void pause(graceMs).then(() => stopped.reject(signal.reason));
  };
  stopped.promise.catch(() => undefined);
  promise.catch(() => undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** True when the promise settled within the time. */
export async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const waiting = new AbortController();
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      pause(milliseconds, waiting.signal).then(() => false),
    ]);
  } finally {
    waiting.abort();
  }
}

/** A pause that keeps no process alive; ends early, without an error, when the signal is aborted. */
async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? { ref: false } : { ref: false, signal };
  await delay(milliseconds, undefined, options).catch(() => undefined);
}
