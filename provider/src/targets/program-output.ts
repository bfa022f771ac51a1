/** Collects what a program prints, without what stands before its start marker. */

import { deferred } from "./deferred";
import { asSdnError, SdnError } from "../model/error";
import { parseStartMarker, START_MARKER, type StartedProgram } from "./remote-program";
import type { RunResult } from "./target";

/** More than any read of a host answers; beyond it something runs wild and would fill our memory. */
export const OUTPUT_LIMIT = 256 * 1024 * 1024;

/** How much of what precedes the marker is kept: far more than a greeting. */
const COMPLAINT_LIMIT = 64 * 1024;

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Output is UTF-8; bytes that are not become U+FFFD. Characters and lines may arrive in any pieces. */
export class ProgramOutput {
  readonly #stdout: MarkedStream;
  readonly #stderr: MarkedStream;
  #onLine: ((line: string) => void) | undefined;
  readonly #fail: (error: SdnError) => void;
  readonly #started = deferred<StartedProgram>();
  #program: StartedProgram | undefined;
  #openLine: Buffer[] = [];
  #size = 0;

  /** `fail` is called when the output is too long or `onLine` throws: the program is to be ended then. */
  constructor(onLine: ((line: string) => void) | undefined, fail: (error: SdnError) => void) {
    this.#onLine = onLine;
    this.#fail = fail;
    this.#stdout = new MarkedStream(() => undefined);
    this.#stderr = new MarkedStream((line) => {
      this.#program = parseStartMarker(line) ?? { processId: 0 };
      this.#started.resolve(this.#program);
    });
  }

  /** The program, once it began. */
  get program(): StartedProgram | undefined {
    return this.#program;
  }

  /** Resolves when the program begins; never rejects. */
  get whenStarted(): Promise<StartedProgram> {
    return this.#started.promise;
  }

  /** What was said instead of beginning. */
  get complaint(): string {
    return this.#stderr.beforeMarker + this.#stdout.beforeMarker;
  }

  addStdout(chunk: Buffer): void {
    const output = this.#stdout.add(chunk);
    if (this.#measure(output) && this.#onLine !== undefined) this.#splitLines(output, this.#onLine);
  }

  addStderr(chunk: Buffer): void {
    this.#measure(this.#stderr.add(chunk));
  }

  result(exitCode: number): RunResult {
    return { exitCode, stdout: this.#stdout.text(), stderr: this.#stderr.text() };
  }

  #measure(output: Buffer): boolean {
    this.#size += output.length;
    if (this.#size <= OUTPUT_LIMIT) return true;
    this.#stdout.discard();
    this.#stderr.discard();
    this.#fail(new SdnError({ code: "remote-failure", cause: `a program printed more than ${OUTPUT_LIMIT} bytes` }));
    return false;
  }

  #splitLines(output: Buffer, onLine: (line: string) => void): void {
    let begin = 0;
    for (let end = output.indexOf(NEWLINE); end !== -1; end = output.indexOf(NEWLINE, begin)) {
      const line = Buffer.concat([...this.#openLine, output.subarray(begin, end)]).toString("utf8");
      this.#openLine = [];
      begin = end + 1;
      try {
        onLine(line);
      } catch (thrown) {
        this.#onLine = undefined;
        this.#fail(asSdnError(thrown));
        return;
      }
    }
    if (begin < output.length) this.#openLine.push(output.subarray(begin));
  }
}

/** One stream: everything up to and including the marker's line is kept apart. */
class MarkedStream {
  readonly #onMarker: (line: string) => void;
  #before: Buffer = NOTHING;
  #marked = false;
  #chunks: Buffer[] = [];

  constructor(onMarker: (line: string) => void) {
    this.#onMarker = onMarker;
  }

  get beforeMarker(): string {
    return this.#before.toString("utf8");
  }

  /** The part of `chunk` that is the program's. */
  add(chunk: Buffer): Buffer {
    const output = this.#marked ? chunk : this.#search(chunk);
    if (output.length > 0) this.#chunks.push(output);
    return output;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  discard(): void {
    this.#chunks = [];
  }

  #search(chunk: Buffer): Buffer {
    // The marker comes first but for a login shell's greeting, so this buffer stays short.
    const all = Buffer.concat([this.#before, chunk]);
    const begin = all.indexOf(START_MARKER);
    const end = begin === -1 ? -1 : all.indexOf(NEWLINE, begin);
    if (end === -1) {
      this.#before = Buffer.from(all.subarray(-COMPLAINT_LIMIT));
      return NOTHING;
    }
    this.#marked = true;
    this.#before = all.subarray(0, begin);
    this.#onMarker(all.subarray(begin, end).toString("utf8"));
    return all.subarray(end + 1);
  }
}
