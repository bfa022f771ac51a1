/** The calls that are being worked on: how each is told to stop, and that it is answered in time once it was. */
import { asSdnError, SdnError } from "../model/error";
import { Abandoned } from "./errors";

/** The time limit that the engine set for a call. */
export interface TimeLimit {
  readonly seconds: number;
  /** The field of the resource option `customTimeouts` that sets it. */
  readonly option: "create" | "read" | "update" | "delete";
}

export interface CallNature {
  readonly limit?: TimeLimit | undefined;
  /** Whether the call changes things, so that giving it up leaves an unknown state. */
  readonly changes: boolean;
}

/** Milliseconds that a call has to end after it was told to; less than the 5 s that the engine waits. */
const grace = 4000;

export class InFlight {
  private readonly calls = new Set<ActiveCall>();
  private stopped = false;

  /** `end` must be called when the call has its answer. */
  begin(nature: CallNature): ActiveCall {
    const call = new ActiveCall(nature, this.calls);
    if (this.stopped) call.abort(providerStopped());
    return call;
  }

  /** Tells every call to stop, and every later one at once, until `resume`. */
  stop(): void {
    this.stopped = true;
    for (const call of this.calls) call.abort(providerStopped());
  }

  /** A provider that a debugger keeps running serves one engine after the other. */
  resume(): void {
    this.stopped = false;
  }

  get size(): number {
    return this.calls.size;
  }

  /** Ends when every call under way has its answer. */
  async idle(): Promise<void> {
    await Promise.all([...this.calls].map((call) => call.ended));
  }
}

export class ActiveCall {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly answered = Promise.withResolvers<undefined>();

  constructor(
    private readonly nature: CallNature,
    private readonly register: Set<ActiveCall>,
  ) {
    register.add(this);
    const { limit } = nature;
    if (limit !== undefined && limit.seconds > 0)
      this.timer = startTimer(limit.seconds, () => this.abort(timedOut(limit)));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The first reason stays. */
  abort(reason: SdnError): void {
    this.controller.abort(reason);
  }

  /**
   * What `work` gives. After an abort it may still end by itself, well or with an error that says more than the abort;
   * where it does not within the grace period, this rejects with `Abandoned`.
   */
  async settle<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.controller;
    if (signal.aborted) throw abortReason(signal);
    let stopWaiting = (): void => undefined;
    const abandoned = new Promise<never>((_, reject) => {
      stopWaiting = onAbort(signal, () => {
        const timer = setTimeout(() => reject(new Abandoned(abortReason(signal), this.nature.changes)), grace);
        return () => clearTimeout(timer);
      });
    });
    try {
      return await Promise.race([work(signal), abandoned]);
    } catch (thrown) {
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it was aborted meanwhile
      throw signal.aborted && isBareStop(thrown) ? abortReason(signal) : thrown;
    } finally {
      stopWaiting();
    }
  }

  end(): void {
    clearTimeout(this.timer);
    this.register.delete(this);
    this.answered.resolve(undefined);
  }

  /** Ends when the call has its answer. */
  get ended(): Promise<void> {
    return this.answered.promise;
  }
}

/** The engine hung up on one call. */
export function callCancelled(): SdnError {
  return new SdnError({ code: "cancelled", cause: "the engine cancelled the operation" });
}

function providerStopped(): SdnError {
  return new SdnError({ code: "cancelled", cause: "the engine told the provider to stop, so the operation was ended" });
}

function timedOut({ seconds, option }: TimeLimit): SdnError {
  return new SdnError({
    code: "timeout",
    cause: `the operation did not end within its ${option} time limit of ${seconds} s`,
    remedy: `raise it with the resource option customTimeouts, field ${option}`,
  });
}

function abortReason(signal: AbortSignal): SdnError {
  return asSdnError(signal.reason);
}

/** Whether an error says no more than that the work was stopped. */
function isBareStop(thrown: unknown): boolean {
  if (thrown instanceof SdnError) return thrown.code === "cancelled" || thrown.code === "timeout";
  return thrown instanceof Error && thrown.name === "AbortError";
}

/** Runs `begin` when the signal is aborted; the result ends the wait, or what `begin` began. */
function onAbort(signal: AbortSignal, begin: () => () => void): () => void {
  let stop = (): void => undefined;
  const listener = (): void => {
    stop = begin();
  };
  signal.addEventListener("abort", listener, { once: true });
  return () => {
    signal.removeEventListener("abort", listener);
    stop();
  };
}

/** Longest delay that a timer can have; a longer limit is none. */
const longestTimer = 2 ** 31 - 1;

function startTimer(seconds: number, ring: () => void): NodeJS.Timeout | undefined {
  const milliseconds = seconds * 1000;
  return milliseconds > longestTimer ? undefined : setTimeout(ring, milliseconds);
}
