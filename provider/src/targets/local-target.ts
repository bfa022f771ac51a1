import { connectionUri } from "../model/connection";
import { SdnError } from "../model/error";
import { runProcess, type ProcessPlace } from "./process-runner";
import type { RunOptions, RunResult, Target } from "./target";

/** The machine that runs Pulumi itself; as root, or by `sudo -n`. */
export function openLocalTarget(): Target {
  // Where Pulumi itself runs in an SSH session, that session is the one not to be cut off.
  const sshConnection = process.env["SSH_CONNECTION"] ?? "";
  return new ProcessTarget(connectionUri({ kind: "local" }), { through: [], sshConnection });
}

/** A target whose programs are child processes of ours. */
export class ProcessTarget implements Target {
  readonly uri: string;
  readonly #place: ProcessPlace;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #executions = 0;

  constructor(uri: string, place: Omit<ProcessPlace, "host" | "onStart">) {
    this.uri = uri;
    // Without the colon that ends `local:`, which would stand twice in messages.
    this.#place = { ...place, host: uri.replace(/:$/, ""), onStart: () => (this.#executions += 1) };
  }

  get executions(): number {
    return this.#executions;
  }

  async run(program: string, stdin: string, options: RunOptions): Promise<RunResult> {
    if (this.#closing.signal.aborted) throw closedTargetError(this.uri);
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const running = runProcess(this.#place, program, stdin, { ...options, signal });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Ends what still runs (it rejects with `cancelled`). A closed target is not opened again. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }
}

export function closedTargetError(host: string): SdnError {
  return new SdnError({ code: "internal", host, cause: "the connection was used after it had been closed" });
}
