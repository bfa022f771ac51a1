/** The port through which everything that touches a machine goes. */

export interface RunOptions {
  /** Aborting ends the remote process and rejects with code `cancelled`. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole execution, connecting included; then it rejects with code `timeout`. */
  readonly timeoutMs: number;
  /** Called for each complete line of standard output as it arrives (without its newline). */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  /** Exit status; 128 + the signal's number where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A machine on which a constant POSIX-sh program can be run as root, with data on standard input only.
 * `run` rejects with an `SdnError` (`unreachable`, `host-key`, `authentication`, `missing-capability` where root
 * cannot be had, `timeout`, `cancelled`) when the program did not run to its end; a program that ended with a
 * non-zero status is a result, not an error.
 */
export interface Target {
  /** The connection's URI, see `connectionUri`. */
  readonly uri: string;
  /** One execution. Concurrent calls share the connection. */
  run(program: string, stdin: string, options: RunOptions): Promise<RunResult>;
  /** How many times `run` started a program; tests hold the provider to it. */
  readonly executions: number;
  close(): Promise<void>;
}
