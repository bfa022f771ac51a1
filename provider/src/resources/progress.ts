/** How far a fleet is: while many hosts are worked on, one line says how many are done and which is waited for. */
import type { CallContext } from "../rpc/handlers";

/** Milliseconds between two looks, so at most two messages a second. */
const interval = 500;

interface Waiting {
  readonly host: string;
  readonly context: Pick<CallContext, "status" | "log">;
}

interface HostProgress {
  readonly startedAt: number;
  /** When its last operation ended; `undefined` while one is under way. */
  endedAt: number | undefined;
}

/**
 * A wave begins with the first operation on an idle fleet and ends when none is under way. Status lines go to a
 * resource that waits for the slowest host: there the display is not settled yet.
 */
export class FleetProgress {
  private readonly waiting = new Set<Waiting>();
  private readonly hosts = new Map<string, HostProgress>();
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;
  private said = "";

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Does the work, counted as one operation on the host. */
  async during<T>(host: string, context: Waiting["context"], work: () => Promise<T>): Promise<T> {
    const waiting = { host, context };
    this.begin(waiting);
    try {
      return await work();
    } finally {
      this.end(waiting);
    }
  }

  private begin(waiting: Waiting): void {
    if (this.waiting.size === 0) this.startedAt = this.now();
    this.waiting.add(waiting);
    const before = this.hosts.get(waiting.host);
    if (before === undefined) this.hosts.set(waiting.host, { startedAt: this.now(), endedAt: undefined });
    else before.endedAt = undefined;
    this.timer ??= setInterval(() => this.say(), interval);
    this.timer.unref();
  }

  private end(waiting: Waiting): void {
    this.waiting.delete(waiting);
    const stillBusy = [...this.waiting].some(({ host }) => host === waiting.host);
    const progress = this.hosts.get(waiting.host);
    if (!stillBusy && progress !== undefined) progress.endedAt = this.now();
    if (this.waiting.size === 0) this.finish(waiting.context);
  }

  private say(): void {
    const [slowest, ...others] = [...this.hosts].filter(([, { endedAt }]) => endedAt === undefined);
    if (slowest === undefined || this.hosts.size < 2) return;
    const [host, { startedAt }] = slowest;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    const done = this.hosts.size - others.length - 1;
    const message = `${done} of ${this.hosts.size} hosts done; waiting for ${host} (${seconds(this.now() - startedAt)} s)${more}`;
    if (message === this.said) return;
    this.said = message;
    [...this.waiting].find((one) => one.host === host)?.context.status(message);
  }

  /** The wave is over: what it took, for those who look at the log. */
  private finish(context: Waiting["context"]): void {
    clearInterval(this.timer);
    this.timer = undefined;
    const times = [...this.hosts].map(([host, { startedAt, endedAt = startedAt }]) => ({
      host,
      time: endedAt - startedAt,
    }));
    times.sort((one, other) => other.time - one.time);
    const [slowest] = times;
    if (slowest !== undefined && times.length > 1) {
      const whole = seconds(this.now() - this.startedAt, 1);
      context.log(
        "debug",
        `${times.length} hosts done in ${whole} s; slowest ${slowest.host} (${seconds(slowest.time, 1)} s)`,
      );
    }
    this.hosts.clear();
    this.said = "";
  }
}

const seconds = (milliseconds: number, digits = 0): string => (milliseconds / 1000).toFixed(digits);
