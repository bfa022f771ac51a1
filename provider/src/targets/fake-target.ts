/** A target for tests that obeys the same contract as the real ones and fails where it is told to. */

import { setTimeout as delay } from "node:timers/promises";
import { SdnError } from "../model/error";
import { closedTargetError } from "./local-target";
import { orStopped, runLimits, STOP_GRACE_MS } from "./run-limits";
import { brokenError, lostError } from "./ssh-errors";
import type { RunOptions, RunResult, Target } from "./target";

export interface ScriptContext {
  /** Aborted when the execution is cancelled, timed out or the target closed; the script should end then. */
  readonly signal: AbortSignal;
  /** For a script that delivers lines while it runs; what it does not deliver is taken from its result's stdout. */
  readonly onLine: (line: string) => void;
}

/** Plays the machine: what the program does and answers. */
export type Script = (program: string, stdin: string, context: ScriptContext) => RunResult | Promise<RunResult>;

type Fault = "before" | "after-start" | "before-reply";

export class FakeTarget implements Target {
  readonly uri: string;
  readonly #script: Script;
  readonly #faults = new Map<number, Fault>();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #latencyMs = 0;
  #calls = 0;
  #executions = 0;

  constructor(script: Script, uri = "fake:") {
    this.#script = script;
    this.uri = uri;
  }

  get executions(): number {
    return this.#executions;
  }

  /** The k-th call of `run` (from 1) is `unreachable` before anything started. */
  failBefore(k: number): this {
    return this.#failAt(k, "before");
  }

  /** In the k-th call the connection is lost when the program had started but had done nothing yet. */
  failAfterStart(k: number): this {
    return this.#failAt(k, "after-start");
  }

  /**
   * In the k-th call the program runs to its end and its reply is lost. The caller sees the same error as with
   * `failAfterStart`: it cannot know which of the two it was.
   */
  failBeforeReply(k: number): this {
    return this.#failAt(k, "before-reply");
  }

  /** Every call takes this long before its program starts. */
  latency(milliseconds: number): this {
    this.#latencyMs = milliseconds;
    return this;
  }

  async run(program: string, stdin: string, options: RunOptions): Promise<RunResult> {
    if (this.#closing.signal.aborted) throw closedTargetError(this.uri);
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const limits = runLimits({ ...options, signal }, this.uri);
    this.#calls += 1;
    const fault = this.#faults.get(this.#calls);
    const context = { signal: limits.signal, onLine: options.onLine ?? (() => undefined) };
    const running = this.#execute(fault, program, stdin, context);
    this.#running.add(running);
    try {
      return await orStopped(running, limits.signal, STOP_GRACE_MS);
    } finally {
      this.#running.delete(running);
      limits.dispose();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new SdnError({ code: "cancelled", host: this.uri, cause: "the connection was closed" }));
    await Promise.allSettled([...this.#running].map((run) => orStopped(run, AbortSignal.abort(), STOP_GRACE_MS)));
  }

  #failAt(k: number, fault: Fault): this {
    this.#faults.set(k, fault);
    return this;
  }

  async #execute(fault: Fault | undefined, program: string, stdin: string, context: ScriptContext): Promise<RunResult> {
    const { signal, onLine } = context;
    signal.throwIfAborted();
    if (this.#latencyMs > 0) await delay(this.#latencyMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (fault === "before") throw brokenError(this.uri, new Error("injected"));
    this.#executions += 1;
    if (fault === "after-start") throw lostError(this.uri);
    let delivered = 0;
    const counted = (line: string) => {
      delivered += 1;
      onLine(line);
    };
    const result = await this.#play(program, stdin, { signal, onLine: counted });
    if (fault === "before-reply") throw lostError(this.uri);
    const lines = result.stdout.split("\n").slice(0, -1);
    for (const line of lines.slice(delivered)) onLine(line);
    return result;
  }

  /** A script may end an aborted execution in any way; the caller is told why it was aborted. */
  async #play(program: string, stdin: string, context: ScriptContext): Promise<RunResult> {
    try {
      return await this.#script(program, stdin, context);
    } finally {
      context.signal.throwIfAborted();
    }
  }
}
