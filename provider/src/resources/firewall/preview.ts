/**
 * What a preview says of a policy: what would make it fail on any host is an error now, and what a person should know
 * before saying yes is written at the resource. Nothing is changed.
 */

import type { PolicySpec } from "../../compile/firewall/intent";
import { programSize } from "../../compile/firewall/size";
import { SdnError } from "../../model/error";
import type { Snapshot } from "../../model/snapshot";
import type { CallContext } from "../../rpc/handlers";
import type { Hosts } from "../hosts";
import { namedHost } from "../located";
import type { FirewallChange, FirewallHost } from "./change";
import type { HostPlan } from "./host-plan";
import { documentOf, hostState, planHost } from "./host-plan";
import { checkProgram } from "./host-line";
import { lookAt } from "./look";
import { foreignSentences } from "./foreign-rules";
import { openFlowSentences } from "./open-flows";
import { type LookedAt, ReachPreview, withWanted } from "./preview-reach";
import { unseenQuery, unseenSentences } from "./unseen-flows";

/** Milliseconds for which what a host said is good enough for the other policies of the same preview. */
const freshFor = 15_000;

interface Look {
  readonly at: number;
  readonly snapshot: Promise<Snapshot>;
}

/** A host as a run will leave it. */
export interface Foreseen extends Pick<LookedAt, "document" | "intents"> {
  readonly snapshot: Snapshot;
}

export class FirewallPreview {
  /** What this run wants on each host, by URI and then by kind and key. */
  private readonly wanted = new Map<string, Map<string, FirewallChange>>();
  private readonly looks = new Map<string, Look>();
  private readonly said = new Set<string>();
  private readonly reach: ReachPreview;

  constructor(
    private readonly hosts: Hosts,
    private readonly now: () => number = Date.now,
  ) {
    this.reach = new ReachPreview((uri) => this.wantedOn(uri), now);
  }

  note(change: FirewallChange, hosts: readonly FirewallHost[]): void {
    for (const { uri } of hosts) {
      const entries = this.wanted.get(uri) ?? new Map<string, FirewallChange>();
      this.wanted.set(uri, entries.set(`${change.kind} ${change.key}`, change));
    }
  }

  forget(change: FirewallChange, hosts: readonly FirewallHost[]): void {
    for (const { uri } of hosts) this.wanted.get(uri)?.delete(`${change.kind} ${change.key}`);
  }

  /** @throws SdnError what would make the change fail */
  async look(context: CallContext, change: FirewallChange, hosts: readonly FirewallHost[]): Promise<void> {
    if (change.kind === "policy" && change.spec !== undefined) this.sayExpired(context, change.spec);
    const outcomes = await Promise.allSettled(hosts.map((host) => this.lookAt(context, change, host)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const seen = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? (outcome.value ?? []) : []));
    await this.reach.say(context, change, seen);
  }

  /** The host as this run will leave it; `undefined`: it does not answer. */
  async foresee(context: CallContext, host: FirewallHost): Promise<Foreseen | undefined> {
    const snapshot = await this.reached(context, host, "What is on it is not known.");
    if (snapshot === undefined) return undefined;
    const intents = this.hosts.declared.all(host.uri, snapshot.ledger);
    return { snapshot, intents, document: withWanted(documentOf(snapshot.firewall), this.wantedOn(host.uri)) };
  }

  private wantedOn(uri: string): readonly FirewallChange[] {
    return [...(this.wanted.get(uri)?.values() ?? [])];
  }

  /** `undefined`: it does not answer. */
  private async lookAt(
    context: CallContext,
    change: FirewallChange,
    host: FirewallHost,
  ): Promise<LookedAt | undefined> {
    const snapshot = await this.reached(context, host, "It was not checked whether this change fits the host.");
    if (snapshot === undefined) return undefined;
    const others = this.wantedOn(host.uri).filter(({ kind, key }) => kind !== change.kind || key !== change.key);
    const numbered = [change, ...others.map((one) => ({ ...one, expected: undefined }))].map((one) => ({
      change: one,
      generation: (one.expected ?? 0) + 1,
    }));
    const intents = this.hosts.declared.all(host.uri, snapshot.ledger);
    const plan = planHost(host, hostState(snapshot, intents), numbered, { now: Math.floor(this.now() / 1000) });
    await this.tryOut(context, plan);
    if (change.kind === "policy") this.sayPlan(context, change.key, plan, snapshot);
    return { host, document: documentOf(snapshot.firewall), intents };
  }

  private async reached(context: CallContext, host: FirewallHost, without: string): Promise<Snapshot | undefined> {
    try {
      return await this.recent(context, host);
    } catch (thrown) {
      if (!(thrown instanceof SdnError) || thrown.code !== "unreachable") throw thrown;
      context.log("warning", `${namedHost(thrown, host.name).message} ${without}`);
      return undefined;
    }
  }

  /** The host's own nft says whether it would take the rules. */
  private async tryOut(context: CallContext, { host, after, rules }: HostPlan): Promise<void> {
    if (after === undefined || !rules) return;
    await checkProgram(this.hosts.session(host.connection), host, after.program, context.signal);
  }

  private recent(context: CallContext, { uri, name, connection }: FirewallHost): Promise<Snapshot> {
    const known = this.looks.get(uri);
    if (known !== undefined && this.now() - known.at < freshFor) return known.snapshot;
    const read = (): Promise<Snapshot> =>
      lookAt(
        this.hosts.session(connection),
        { ofHosts: true, first: [["query_foreign"], unseenQuery] },
        context.signal,
      );
    const snapshot = this.hosts.progress.during(name, context, read);
    // One that failed is asked again by the next policy.
    snapshot.catch(() => this.looks.delete(uri));
    this.looks.set(uri, { at: this.now(), snapshot });
    return snapshot;
  }

  private sayExpired(context: CallContext, { rules, name }: PolicySpec): void {
    for (const rule of rules) {
      if (rule.expires === undefined || Date.parse(rule.expires) > this.now()) continue;
      context.log("warning", `rule ${name}/${rule.name} expired at ${rule.expires}: it matches nothing any more`);
    }
  }

  private sayPlan(context: CallContext, policy: string, plan: HostPlan, snapshot: Snapshot): void {
    const { host, before, after } = plan;
    if (after === undefined) return;
    const warn = (sentence: string): void => context.log("warning", `host ${host.name}: ${sentence}`);
    for (const sentence of openFlowSentences(before, after, policy)) warn(sentence);
    for (const { address, deniedBy } of plan.probes) {
      if (deniedBy === undefined) continue;
      warn(`${address} answers it now; ${deniedBy} denies that, so the change would be taken back`);
    }
    const { elements, byPolicy } = programSize(after.program);
    const own = byPolicy.get(policy) ?? 0;
    context.log("info", `host ${host.name}: ${own} elements for this policy, ${elements} for all of them together`);
    // Once a host and run: it does not depend on the policy.
    if (this.said.has(host.uri)) return;
    this.said.add(host.uri);
    if ((before?.policies.length ?? 0) === 0)
      for (const sentence of unseenSentences(after.plan, snapshot)) warn(sentence);
    for (const sentence of foreignSentences(snapshot)) context.log("info", `host ${host.name}: ${sentence}`);
  }
}
