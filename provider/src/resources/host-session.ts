import type { Words } from "../compile/steps";
import { SdnError, asSdnError } from "../model/error";
import type { Snapshot } from "../model/snapshot";
import type { Fragment } from "../render/instructions";
import { renderRequest } from "../render/instructions";
import { hostProgram } from "../render/program";
import type { FragmentResult, Report } from "../render/report";
import { parseReport } from "../render/report";
import type { Target } from "../targets/target";

export interface Applied {
  readonly result: FragmentResult;
  readonly warnings: readonly string[];
  /** JSON of the intent that the host remembered until now, where it is another one. */
  readonly previous: string | undefined;
  readonly snapshot: Snapshot;
}

interface Job {
  readonly fragment: Fragment | undefined;
  readonly facts: boolean;
  readonly keep?: boolean;
  readonly queries: readonly Words[];
  readonly signal: AbortSignal;
  readonly settle: (outcome: Report | SdnError) => void;
}

interface Execution {
  readonly jobs: Job[];
  readonly onAbort: () => void;
}

/** Milliseconds without a new operation, on any host, after which a wave of the engine is taken to be complete. */
const quietTime = 100;
/** Milliseconds that the first operation of a wave waits at the most. */
const longestGathering = 1000;
const executionTimeout = 300_000;
const silenceRemembered = 30_000;

/** When the last operation arrived, on any host of the run: a wave goes to all of them. */
export class Arrivals {
  last = 0;
}

/**
 * All conversation with one host. Concurrent operations are gathered into one execution: while one runs, what arrives
 * waits for the next. So a wave of the engine costs one execution on each host, however many resources are in it.
 */
export class HostSession {
  private waiting: Job[] = [];
  private running = false;
  /** Those that the execution under way will answer. */
  private current: Execution | undefined;
  private latest: { readonly snapshot: Snapshot; readonly at: number } | undefined;
  private silent: { readonly error: SdnError; readonly at: number } | undefined;

  constructor(
    private readonly target: Target,
    private readonly scope: string,
    private readonly arrivals: Arrivals = new Arrivals(),
    private readonly now: () => number = Date.now,
  ) {}

  async apply(fragment: Fragment, queries: readonly Words[], signal: AbortSignal): Promise<Applied> {
    const report = await this.enqueue({ fragment, facts: false, queries, signal });
    const result = report.results.get(fragment.key);
    if (result === undefined)
      throw new SdnError({ code: "internal", cause: `the host said nothing of ${fragment.key}` });
    const warnings = report.warnings.filter(({ key }) => key === fragment.key).map(({ message }) => message);
    return { result, warnings, previous: report.previous.get(fragment.key), snapshot: report.snapshot };
  }

  /** `keep`: also sees to it that the host can make again by itself what is on it. */
  async read(queries: readonly Words[], signal: AbortSignal, keep = false): Promise<Snapshot> {
    const { snapshot } = await this.enqueue({ fragment: undefined, facts: true, keep, queries, signal });
    return snapshot;
  }

  /** A snapshot for one question, with facts only where they are asked for. */
  async ask(queries: readonly Words[], signal: AbortSignal, facts = false): Promise<Snapshot> {
    return (await this.enqueue({ fragment: undefined, facts, queries, signal })).snapshot;
  }

  /**
   * A snapshot that may be some seconds old: enough for the checks of a preview and to see what is in use. Facts are
   * not always in it.
   */
  async recent(queries: readonly Words[], signal: AbortSignal, maximumAge = 15_000): Promise<Snapshot> {
    // A host that just did not answer is not waited for again by those who can do without it.
    if (this.silent !== undefined && this.now() - this.silent.at <= silenceRemembered) throw this.silent.error;
    const fresh = this.latest !== undefined && this.now() - this.latest.at <= maximumAge;
    if (fresh && this.latest !== undefined && queries.length === 0) return this.latest.snapshot;
    if (queries.length > 0 || this.current === undefined) return this.read(queries, signal);
    // What the execution under way will report is newer than what would do.
    return (await this.enqueue({ fragment: undefined, facts: false, queries, signal }, this.current)).snapshot;
  }

  /** `join`: those whose answer will do. */
  private enqueue(asked: Omit<Job, "settle">, join?: Execution): Promise<Report> {
    const { signal } = asked;
    return new Promise<Report>((resolve, reject) => {
      let settled = false;
      const settle = (outcome: Report | SdnError): void => {
        if (settled) return;
        settled = true;
        signal.removeEventListener("abort", onAbort);
        if (outcome instanceof SdnError) reject(outcome);
        else resolve(outcome);
      };
      const onAbort = (): void => {
        settle(new SdnError({ code: "cancelled", cause: "the operation was cancelled", uncertain: true }));
      };
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener("abort", onAbort);
      if (join !== undefined) {
        join.jobs.push({ ...asked, settle });
        signal.addEventListener("abort", join.onAbort);
        return;
      }
      this.waiting.push({ ...asked, settle });
      this.arrivals.last = performance.now();
      if (!this.running) this.start();
    });
  }

  private start(): void {
    this.running = true;
    const first = performance.now();
    let due = first + quietTime;
    const look = (): void => {
      const now = performance.now();
      // Called late, this process was busy: operations may have arrived that it has not seen yet.
      const busy = now - due > quietTime / 2;
      const quiet = !busy && now - this.arrivals.last >= quietTime;
      if (quiet || now - first >= longestGathering) return void this.runWaiting();
      due = now + quietTime / 2;
      setTimeout(look, quietTime / 2);
    };
    setTimeout(look, quietTime);
  }

  private async runWaiting(): Promise<void> {
    const batch = this.takeBatch();
    try {
      if (batch.length > 0) await this.execute(batch);
    } finally {
      this.running = false;
      if (this.waiting.length > 0) this.start();
    }
  }

  /** Two changes of one resource must not meet in one execution: the second waits. */
  private takeBatch(): readonly Job[] {
    const keys = new Set<string>();
    const batch: Job[] = [];
    const later: Job[] = [];
    for (const job of this.waiting) {
      if (job.signal.aborted) continue;
      if (job.fragment !== undefined && keys.has(job.fragment.key)) later.push(job);
      else batch.push(job);
      if (job.fragment !== undefined) keys.add(job.fragment.key);
    }
    this.waiting = later;
    return batch;
  }

  private async execute(batch: readonly Job[]): Promise<void> {
    const abort = new AbortController();
    const jobs = [...batch];
    // The execution serves all of them: it ends early only when nobody waits for it any more.
    const onAbort = (): void => {
      if (jobs.every((job) => job.signal.aborted)) abort.abort();
    };
    this.current = { jobs, onAbort };
    for (const job of jobs) job.signal.addEventListener("abort", onAbort);
    let outcome: Report | SdnError;
    try {
      outcome = await this.converse(batch, abort.signal);
      this.silent = undefined;
    } catch (thrown) {
      outcome = asSdnError(thrown);
      if (outcome.code === "unreachable") this.silent = { error: outcome, at: this.now() };
    }
    this.current = undefined;
    for (const job of jobs) {
      job.signal.removeEventListener("abort", onAbort);
      job.settle(outcome);
    }
  }

  private async converse(batch: readonly Job[], signal: AbortSignal): Promise<Report> {
    const fragments = batch.flatMap(({ fragment }) => (fragment === undefined ? [] : [fragment]));
    const facts = this.latest?.snapshot.facts;
    if (fragments.length > 0) this.latest = undefined;
    const input = renderRequest({
      scope: this.scope,
      fragments,
      keep: batch.some((job) => job.keep === true),
      facts: batch.some((job) => job.facts),
      report: true,
      queries: unique(batch.flatMap((job) => job.queries)),
    });
    const { stdout, stderr, exitCode } = await this.target.run(hostProgram, input, {
      signal,
      timeoutMs: executionTimeout,
    });
    if (exitCode !== 0) {
      const words = stderr.trim() === "" ? `exit status ${exitCode}` : stderr.trim().slice(-500);
      throw new SdnError({ code: "remote-failure", cause: `the host's program failed: ${words}` });
    }
    const report = parseReport(stdout);
    // What a change left behind is reported with it: nobody has to look again.
    this.latest = { snapshot: { ...report.snapshot, facts: report.snapshot.facts ?? facts }, at: this.now() };
    return report;
  }
}

function unique(queries: readonly Words[]): readonly Words[] {
  return [...new Map(queries.map((words) => [words.join(" "), words])).values()];
}
