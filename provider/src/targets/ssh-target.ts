import { connectionUri, type SshConnection } from "../model/connection";
import { SdnError } from "../model/error";
import { Limiter } from "./limiter";
import { closedTargetError } from "./local-target";
import { orStopped, runLimits, STOP_GRACE_MS, type RunLimits } from "./run-limits";
import { connectSsh, type SshLink } from "./ssh-connection";
import { endpointName } from "./ssh-errors";
import { ChannelRefused, executeOverSsh } from "./ssh-execution";
import type { RunOptions, RunResult, Target } from "./target";

/** sshd's MaxSessions is 10 by default; two are left for ending programs. */
export const CONCURRENT_PROGRAMS = 8;

/**
 * A machine reached over SSH. One connection, made when first needed, shared by concurrent executions, made anew
 * when it broke. Host keys are strict, see `host-key.ts`. Any user but root needs `sudo -n`.
 */
export function openSshTarget(connection: SshConnection): Target {
  return new SshTarget(connection);
}

class SshTarget implements Target {
  readonly uri: string;
  readonly #connection: SshConnection;
  readonly #host: string;
  readonly #limiter = new Limiter(CONCURRENT_PROGRAMS);
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #link: Promise<SshLink> | undefined;
  #executions = 0;

  constructor(connection: SshConnection) {
    this.uri = connectionUri(connection);
    this.#connection = connection;
    this.#host = endpointName(connection.address, connection.port);
  }

  get executions(): number {
    return this.#executions;
  }

  async run(program: string, stdin: string, options: RunOptions): Promise<RunResult> {
    if (this.#closing.signal.aborted) throw closedTargetError(this.#host);
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const limits = runLimits({ ...options, signal }, this.#host);
    const running = this.#runWhenFree(program, stdin, limits, options.onLine);
    this.#running.add(running);
    try {
      // Twice the grace: once for a start that is under way, once for the end of what started.
      return await orStopped(running, limits.signal, 2 * STOP_GRACE_MS);
    } finally {
      this.#running.delete(running);
      limits.dispose();
    }
  }

  /** Ends what still runs (it rejects with `cancelled`) and the connection. A closed target is not opened again. */
  async close(): Promise<void> {
    this.#closing.abort(new SdnError({ code: "cancelled", host: this.#host, cause: "the connection was closed" }));
    await Promise.allSettled(
      [...this.#running].map((running) => orStopped(running, AbortSignal.abort(), 2 * STOP_GRACE_MS)),
    );
    const link = await this.#link?.catch(() => undefined);
    link?.end();
  }

  async #runWhenFree(
    program: string,
    stdin: string,
    limits: RunLimits,
    onLine: RunOptions["onLine"],
  ): Promise<RunResult> {
    for (;;) {
      const release = await this.#limiter.acquire(limits.signal);
      try {
        const link = await orStopped(this.#connected(), limits.signal);
        return await executeOverSsh({
          link,
          host: this.#host,
          user: this.#connection.user,
          program,
          stdin,
          limits,
          onStart: () => (this.#executions += 1),
          ...(onLine && { onLine }),
        });
      } catch (thrown) {
        if (!(thrown instanceof ChannelRefused)) throw thrown;
        if (this.#limiter.active <= 1) throw noChannelError(this.#host, thrown);
        // The server takes fewer at a time than we thought: wait for one of the others to end.
        this.#limiter.lowerTo(this.#limiter.active - 1);
      } finally {
        release();
      }
    }
  }

  /** The connection in use, or a new one; those who ask meanwhile wait for the same. */
  #connected(): Promise<SshLink> {
    this.#link ??= this.#connect();
    return this.#link;
  }

  async #connect(): Promise<SshLink> {
    try {
      const link = await connectSsh(this.#connection, this.#closing.signal);
      link.onGone(() => (this.#link = undefined));
      return link;
    } catch (thrown) {
      // The next execution tries again; what failed now is told to all who waited.
      this.#link = undefined;
      throw thrown;
    }
  }
}

function noChannelError(host: string, thrown: Error): SdnError {
  return new SdnError(
    {
      code: "missing-capability",
      host,
      cause: `the server opens no session for a program (${thrown.message})`,
      remedy: "see MaxSessions and ForceCommand in its sshd_config, and whether the key is restricted",
    },
    { cause: thrown },
  );
}
