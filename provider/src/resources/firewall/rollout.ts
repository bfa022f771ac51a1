/**
 * One change of many hosts' firewalls: looked at on all of them before it is made on any, undone on all of them where
 * one refuses, and made for good only when each of them was reached anew. docs/firewall.md has the phases. From the
 * first host on that keeps it, it stands: one that does not follow is named, and the next run goes on there.
 */

import { changedDirections } from "../../compile/firewall/directions";
import { speaksOfHosts } from "../../compile/firewall/document";
import { asSdnError, SdnError } from "../../model/error";
import type { Snapshot } from "../../model/snapshot";
import type { FirewallHost } from "./change";
import type { HostLine } from "./host-line";
import type { HostPlan } from "./host-plan";
import { lateCuts } from "./host-plan";
import type { FirewallMemory } from "./memory";
import { planRollout, type Present, type RolloutRequest } from "./rollout-plan";

export interface RolloutResult {
  /** By the place of the request's change. */
  readonly generations: ReadonlyMap<RolloutRequest, number>;
  /** Hosts that may not have it, by URI: they did not answer, or did not follow when the change stood. */
  readonly missed: ReadonlyMap<string, SdnError>;
  /** What could not be planned beside the others, and was left out. */
  readonly refused: ReadonlyMap<RolloutRequest, SdnError>;
}

/** What is said on the way. */
export type Say = (message: string) => void;

export class Rollout {
  private readonly missed = new Map<string, SdnError>();
  private refused: RolloutResult["refused"] = new Map();
  private plans: readonly HostPlan[] = [];

  constructor(
    private readonly requests: readonly RolloutRequest[],
    private readonly lineOf: (host: FirewallHost) => HostLine,
    private readonly say: Say,
    private readonly signal: AbortSignal,
    private readonly now: () => number,
    private readonly memory: FirewallMemory,
  ) {}

  async run(): Promise<RolloutResult> {
    const generations = await this.plan();
    const ruled = this.plans.filter((plan) => plan.rules);
    await this.check(ruled);
    await this.change(ruled);
    await this.write(
      this.plans.filter((plan) => plan.record && !plan.rules),
      ruled.length > 0,
    );
    return { generations, missed: this.missed, refused: this.refused };
  }

  private hosts(): readonly FirewallHost[] {
    return [...new Map(this.requests.flatMap(({ hosts }) => hosts.map((host) => [host.uri, host]))).values()];
  }

  private async plan(): Promise<ReadonlyMap<RolloutRequest, number>> {
    this.say(`looking at the firewalls of ${count(this.hosts())}`);
    const found = await Promise.all(this.hosts().map(async (host) => [host, await this.look(host)] as const));
    const present = found.filter((one): one is Present => one[1] !== undefined);
    for (const [host, snapshot] of present) refuseArmed(host, snapshot);
    const options = { memory: this.memory, now: Math.floor(this.now() / 1000) };
    const { generations, plans, refused } = planRollout(this.requests, present, options);
    this.plans = plans;
    this.refused = refused;
    return generations;
  }

  private async look(host: FirewallHost): Promise<Snapshot | undefined> {
    try {
      const policies = this.requests.flatMap(({ change }) => (change?.kind === "policy" ? (change.spec ?? []) : []));
      return await this.lineOf(host).look(speaksOfHosts(policies), this.signal);
    } catch (thrown) {
      if (!(thrown instanceof SdnError) || thrown.code !== "unreachable") throw thrown;
      this.missed.set(host.uri, thrown);
      return undefined;
    }
  }

  /** Every host says that it would take its program, before any of them gets one. */
  private async check(plans: readonly HostPlan[]): Promise<void> {
    // A single host's transaction is refused as a whole by itself.
    if (plans.length < 2) return;
    this.say(`trying the rules on ${count(plans)}, changing nothing`);
    await all(plans, (plan) => this.lineOf(plan.host).check(plan, this.signal));
  }

  private async change(plans: readonly HostPlan[]): Promise<void> {
    if (plans.length === 0) return;
    try {
      if (needsConjunction(plans)) {
        this.say(`closing on ${count(plans)}: what only one of the old and the new rules allows`);
        await all(plans, (plan) => this.lineOf(plan.host).stage(plan, this.signal));
        await this.prove(plans);
      }
      this.say(`changing the rules of ${count(plans)}`);
      await all(plans, (plan) => this.lineOf(plan.host).apply(plan, this.signal));
      if (plans.length > 1) await this.prove(plans);
      await this.disarm(plans);
    } catch (thrown) {
      this.say(`taking the rules of ${count(plans)} back`);
      // Who does not answer goes back by its own timer.
      await Promise.allSettled(plans.map((plan) => this.lineOf(plan.host).rollBack()));
      throw thrown;
    } finally {
      await Promise.allSettled(plans.map((plan) => this.lineOf(plan.host).close()));
    }
  }

  /** The way that the operator came must still be there: each host is reached by a connection of its own. */
  private async prove(plans: readonly HostPlan[]): Promise<void> {
    this.say(`reaching ${count(plans)} anew`);
    await all(plans, (plan) => this.lineOf(plan.host).prove(plan, this.signal));
  }

  /** One that cannot be disarmed has its old rules again before the next run asks. */
  private async disarm(plans: readonly HostPlan[]): Promise<void> {
    // Several hosts were proved together before.
    const isProof = plans.length === 1;
    const left = await this.finish(
      plans,
      (line, plan) => this.disarmOne(line, plan, isProof ? plan.probes : []),
      false,
    );
    await Promise.allSettled(left.map((host) => this.lineOf(host).rollBack()));
  }

  /** Flows that were opened by the old rules while the new ones were on their way end, too. */
  private async disarmOne(line: HostLine, plan: HostPlan, probes: HostPlan["probes"]): Promise<void> {
    const late = lateCuts(plan, await line.disarm(plan, probes, this.signal));
    if (late === undefined) return;
    // The change itself is made, and stays: these flows end with the next one.
    await line.amend(late, this.signal).catch((thrown: unknown) => {
      this.say(`flows that the rules forbid stay open on ${plan.host.name}: ${asSdnError(thrown).message}`);
    });
  }

  /** Entries that change no rule. */
  private async write(plans: readonly HostPlan[], stands: boolean): Promise<void> {
    await this.finish(plans, (line, plan) => line.write(plan, this.signal), stands);
  }

  /**
   * What cannot be taken back. Hosts that failed are left behind where others have it or may have it; else that is the
   * failure of the whole.
   */
  private async finish(
    plans: readonly HostPlan[],
    work: (line: HostLine, plan: HostPlan) => Promise<void>,
    stands: boolean,
  ): Promise<readonly FirewallHost[]> {
    const outcomes = await Promise.allSettled(plans.map((plan) => work(this.lineOf(plan.host), plan)));
    const failures = plans.flatMap(({ host }, index) => {
      const outcome = outcomes[index];
      return outcome?.status === "rejected" ? [{ host, error: asSdnError(outcome.reason) }] : [];
    });
    const [first] = failures;
    const known = failures.every(({ error }) => error.detail.uncertain !== true);
    if (first !== undefined && !stands && known && failures.length === plans.length) throw first.error;
    for (const { host, error } of failures) this.missed.set(host.uri, error);
    return failures.map(({ host }) => host);
  }
}

/** What is there now may be gone in a minute. */
function refuseArmed(host: FirewallHost, { firewall }: Snapshot): void {
  const { armed } = firewall;
  if (armed === undefined) return;
  const until = new Date(armed.deadline * 1000).toISOString().slice(11, 19);
  throw new SdnError({
    code: "conflict",
    host: host.name,
    resource: "firewall",
    cause: `the change of another run waits for its proof until ${until} UTC`,
    remedy: "run again then: it is kept or taken back by that time",
  });
}

/**
 * While some hosts have the old rules and some the new ones, a packet may pass one's egress and the other's ingress.
 * Where only one of the two directions changes, that is always as the old or as the new rules want it.
 */
function needsConjunction(plans: readonly HostPlan[]): boolean {
  if (plans.length < 2 || !plans.some(({ before, after }) => hasPolicies(before) && hasPolicies(after))) return false;
  const directions = new Set(
    plans.flatMap(({ before, after }) => [...changedDirections(before?.program, after?.program)]),
  );
  return directions.size > 1;
}

const hasPolicies = (compiled: HostPlan["before"]): boolean => (compiled?.policies.length ?? 0) > 0;

/** Waits for all, then throws what the first one threw: none is left behind at work. */
async function all<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(work));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

const count = (items: readonly unknown[]): string => `${items.length} ${items.length === 1 ? "host" : "hosts"}`;
