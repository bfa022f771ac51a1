/** What was run where, for people who want to know why a run takes its time, and for tests that hold us to it. */
import { appendFileSync } from "node:fs";

import type { Connection } from "../model/connection";
import type { RunOptions, RunResult, Target } from "./target";

/** One line of the log, as JSON. Holds sizes and times, never contents. */
export interface ExecutionRecord {
  /** The connection's URI. */
  readonly uri: string;
  /** When it was started, ISO 8601. */
  readonly at: string;
  readonly milliseconds: number;
  /** Bytes sent as data and received as the report. */
  readonly sent: number;
  readonly received: number;
  /** Exit status; absent where the program did not run to its end. */
  readonly exitCode?: number;
}

/** Targets that write each execution to a file as it ends. */
export function logged(acquire: (connection: Connection) => Target, file: string): (connection: Connection) => Target {
  return (connection) => new LoggedTarget(acquire(connection), file);
}

class LoggedTarget implements Target {
  constructor(
    private readonly inner: Target,
    private readonly file: string,
  ) {}

  get uri(): string {
    return this.inner.uri;
  }

  get executions(): number {
    return this.inner.executions;
  }

  async run(program: string, stdin: string, options: RunOptions): Promise<RunResult> {
    const at = new Date().toISOString();
    const begun = performance.now();
    let result: RunResult | undefined;
    try {
      result = await this.inner.run(program, stdin, options);
      return result;
    } finally {
      const record: ExecutionRecord = {
        uri: this.uri,
        at,
        milliseconds: Math.round(performance.now() - begun),
        sent: Buffer.byteLength(stdin),
        received: result === undefined ? 0 : Buffer.byteLength(result.stdout),
        ...(result === undefined ? {} : { exitCode: result.exitCode }),
      };
      appendFileSync(this.file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
