/** The firewalls of this run's hosts. What arrives together is one rollout, and one rollout follows another. */

import { SdnError, asSdnError } from "../../model/error";
import type { CallContext } from "../../rpc/handlers";
import type { Hosts } from "../hosts";
import { scopeOf } from "../hosts";
import type { FirewallChange, FirewallHost } from "./change";
import { Gathering } from "./gathering";
import { HostLine } from "./host-line";
import { FirewallMemory } from "./memory";
import { Rollout } from "./rollout";
import type { RolloutRequest } from "./rollout-plan";

export interface FirewallOutcome {
  readonly generation: number;
  /** Hosts that may not have it, and why. */
  readonly missed: readonly { readonly host: FirewallHost; readonly error: SdnError }[];
}

interface Waiting extends RolloutRequest {
  readonly context: CallContext;
  readonly settle: (outcome: FirewallOutcome | SdnError) => void;
}

export class FirewallFleet {
  private readonly memory = new FirewallMemory();
  private readonly gathering = new Gathering<Waiting>((wave) => this.rollOut(wave));

  constructor(
    private readonly hosts: Hosts,
    private readonly now: () => number = Date.now,
  ) {}

  /** Puts an entry in, changes it or takes it out, on all the hosts. Rejects where any of them refuses. */
  change(context: CallContext, change: FirewallChange, hosts: readonly FirewallHost[]): Promise<FirewallOutcome> {
    return this.enqueue(context, change, hosts);
  }

  /** What the host has was changed: its rules follow, where it has any. */
  async settle(context: CallContext, host: FirewallHost): Promise<void> {
    try {
      const { missed } = await this.enqueue(context, undefined, [host]);
      const [first] = missed;
      if (first !== undefined) throw first.error;
    } catch (thrown) {
      // The host has that change already, so Pulumi's state must know of it.
      throw new SdnError({ ...asSdnError(thrown).detail, uncertain: true }, { cause: thrown });
    }
  }

  private enqueue(
    context: CallContext,
    change: FirewallChange | undefined,
    hosts: readonly FirewallHost[],
  ): Promise<FirewallOutcome> {
    if (context.signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const settle = (outcome: FirewallOutcome | SdnError): void => {
        if (outcome instanceof SdnError) reject(outcome);
        else resolve(outcome);
      };
      this.gathering.add({ context, change, hosts, settle });
    });
  }

  private async rollOut(wave: readonly Waiting[]): Promise<void> {
    // A change that nobody waits for any more is none; one that is under way ends early when nobody waits.
    const waiting = wave.filter(({ context, settle }) => {
      if (context.signal.aborted) settle(cancelled());
      return !context.signal.aborted;
    });
    if (waiting.length === 0) return;
    const abort = new AbortController();
    const onAbort = (): void => {
      if (waiting.every(({ context }) => context.signal.aborted)) abort.abort();
    };
    for (const { context } of waiting) context.signal.addEventListener("abort", onAbort);
    const lines = new Map<string, HostLine>();
    const say = (message: string): void => waiting.forEach(({ context }) => context.status(message));
    const rollout = new Rollout(waiting, (host) => this.lineOf(host, lines), say, abort.signal, this.now, this.memory);
    try {
      const { generations, missed, refused } = await rollout.run();
      for (const request of waiting) {
        const { hosts, settle } = request;
        const refusal = refused.get(request);
        if (refusal !== undefined) {
          settle(refusal);
          continue;
        }
        settle({
          generation: generations.get(request) ?? 0,
          missed: hosts.flatMap((host) => {
            const error = missed.get(host.uri);
            return error === undefined ? [] : [{ host, error }];
          }),
        });
      }
    } catch (thrown) {
      for (const { settle } of waiting) settle(asSdnError(thrown));
    } finally {
      for (const { context } of waiting) context.signal.removeEventListener("abort", onAbort);
    }
  }

  private lineOf(host: FirewallHost, lines: Map<string, HostLine>): HostLine {
    const known = lines.get(host.uri);
    if (known !== undefined) return known;
    const { connection } = host;
    const line = new HostLine(
      host,
      this.hosts.session(connection),
      () => this.hosts.dial(connection),
      scopeOf(connection),
      this.memory,
    );
    lines.set(host.uri, line);
    return line;
  }
}

const cancelled = (): SdnError => new SdnError({ code: "cancelled", cause: "the operation was cancelled" });
