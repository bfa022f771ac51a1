/** What a rollout says to one host, in the host program's words. */
import { randomBytes } from "node:crypto";

import type { Compiled } from "../../compile/firewall/compile";
import { nextProgram, type Program, replaceCommands } from "../../compile/nft/program";
import { firewallKey, firewallMark } from "../../compile/firewall/document";
import type { Probe } from "../../compile/firewall/probes";
import type { Words } from "../../compile/steps";
import { SdnError } from "../../model/error";
import type { FirewallState, Snapshot } from "../../model/snapshot";
import type { Fragment } from "../../render/instructions";
import type { Target } from "../../targets/target";
import { HostSession } from "../host-session";
import { located } from "../located";
import type { FirewallHost } from "./change";
import { changeWords, fillText, nftWord, patchWords } from "./change-words";
import type { HostPlan } from "./host-plan";
import { lookAt } from "./look";
import { FirewallMemory, textsOf } from "./memory";

/** Seconds after which a host goes back to its old rules unless it was reached anew. */
const armedFor = 60;

/** What the kernel must be told, and what is wrong without it. */
export const firewallSettings = [
  ["net.bridge.bridge-nf-call-iptables", "1", "packets between endpoints of one host pass the firewall by"],
  ["net.bridge.bridge-nf-call-ip6tables", "1", "IPv6 packets between endpoints of one host pass the firewall by"],
  ["net.netfilter.nf_conntrack_tcp_loose", "0", "a connection that was ended could be taken up again in the middle"],
] as const;

export class HostLine {
  private readonly nonce = randomBytes(8).toString("hex");
  private anew: { readonly target: Target; readonly session: HostSession } | undefined;

  /**
   * @param session the conversation of this run
   * @param dial opens a connection of its own
   * @param memory what hosts are known to have
   */
  constructor(
    private readonly host: FirewallHost,
    private readonly session: HostSession,
    private readonly dial: () => Target,
    private readonly scope: string,
    private readonly memory: FirewallMemory = new FirewallMemory(),
  ) {}

  /** Open flows of the host itself are told only where a policy speaks of hosts: a busy one has many. */
  look(ofHosts: boolean, signal: AbortSignal): Promise<Snapshot> {
    return this.at(async () => {
      const known = this.memory.recall(this.host.uri);
      const snapshot = await lookAt(this.session, { ofHosts, known }, signal);
      if (snapshot.firewall.armed === undefined) return snapshot;
      // Disarms nothing, as nobody has this nonce yet: but what is overdue is taken back before the host looks again.
      return lookAt(this.session, { ofHosts, known, first: [["firewall_disarm", this.nonce]] }, signal);
    });
  }

  async check({ after }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined) return;
    await checkProgram(this.session, this.host, after.program, signal);
  }

  /** Both the old and the new rules are in force from here on, so only what both allow passes. */
  async stage({ after, before, generation }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined || before === undefined) return;
    const staged = nftWord(replaceCommands(nextProgram(after.program)));
    const filled = fillText(after);
    const next = filled === undefined ? [staged] : [staged, filled];
    await this.change([this.arm(), ["firewall_next", ...next]], before, generation, signal, "unrecorded").catch(cutOff);
  }

  /** From here on the host goes back to its old rules unless it is reached anew. */
  async apply(plan: HostPlan, signal: AbortSignal): Promise<void> {
    const { after, generation } = plan;
    if (after === undefined)
      await this.change([this.arm(), ["remove_firewall"]], after, generation, signal).catch(cutOff);
    else await this.send(plan, after, [this.arm()], signal).catch(cutOff);
  }

  /** What needs no proof: it only ends flows that the rules forbid already. */
  async amend(plan: HostPlan, signal: AbortSignal): Promise<void> {
    if (plan.after !== undefined) await this.send(plan, plan.after, [], signal);
  }

  /** Nothing of the rules changes: only what the host remembers. */
  async write(plan: HostPlan, signal: AbortSignal): Promise<void> {
    const { after, generation } = plan;
    if (after === undefined) await this.change([["remove_firewall"]], undefined, generation, signal);
    else await this.send(plan, after, [], signal);
  }

  /** The new record is made on the host from the one that it has; where it has another one, the whole is sent. */
  private async send(plan: HostPlan, after: Compiled, first: readonly Words[], signal: AbortSignal): Promise<void> {
    const { before, generation } = plan;
    const patch = before && patchWords(before, after);
    const patched =
      patch !== undefined &&
      (await this.change([patch, ...first, ...changeWords(plan, after, "=")], after, generation, signal, "patched"));
    if (!patched)
      await this.change([...first, ...changeWords(plan, after, textsOf(after).word)], after, generation, signal);
    this.memory.remember(this.host.uri, after);
  }

  /** A new connection gets through, and whoever answered the host before answers now. */
  async prove({ probes }: HostPlan, signal: AbortSignal): Promise<void> {
    const { session } = this.dialled();
    const queries = probes.length === 0 ? [] : [["query_reach", ...probes.map(({ address }) => address)]];
    const { firewall } = await this.at(() => session.ask(queries, signal)).catch(unreached);
    this.refuseLost(probes, firewall);
  }

  /**
   * The change is for good; what the host shows then.
   * @param probes who has to answer first
   */
  async disarm({ after }: HostPlan, probes: readonly Probe[], signal: AbortSignal): Promise<Snapshot> {
    const { session } = this.dialled();
    const queries: readonly Words[] = [
      ["firewall_disarm", this.nonce, ...probes.map(({ address }) => address)],
      ["query_flows"],
      ...(after?.plan.own === undefined ? [] : [["query_own_flows"]]),
    ];
    const snapshot = await this.at(() => session.ask(queries, signal)).catch(unreached);
    if (snapshot.firewall.disarmed.get(this.nonce) === true) return snapshot;
    this.refuseLost(probes, snapshot.firewall);
    throw new SdnError({
      code: "timeout",
      host: this.host.name,
      resource: "firewall",
      cause: `the host was not reached anew within ${armedFor} s and went back to its old rules`,
      remedy: "run again",
    });
  }

  private refuseLost(probes: readonly Probe[], { reached }: FirewallState): void {
    const lost = probes.filter((probe) => !reached.some(({ address }) => address === probe.address));
    const [first] = lost;
    if (first === undefined) return;
    const all = lost.map(({ address, kind }) => `${address} (${kind === "gateway" ? "its gateway" : "another host"})`);
    const why = first.deniedBy === undefined ? "although its policies allow that" : `since ${first.deniedBy} denies it`;
    throw new SdnError({
      code: "remote-failure",
      host: this.host.name,
      resource: "firewall",
      cause: `the host reached ${all.join(", ")} by ICMP before the change and not after it, ${why}`,
      remedy: "the old rules are in force; allow ICMP to them, deny it by a rule of its own, or write failsafe: false",
    });
  }

  /** As far as it can be reached; else its timer does it. */
  async rollBack(): Promise<void> {
    await this.session.ask([["firewall_rollback", this.nonce]], AbortSignal.timeout(armedFor * 1000));
  }

  async close(): Promise<void> {
    await this.anew?.target.close();
    this.anew = undefined;
  }

  /** A connection of its own, one for the whole rollout. */
  private dialled(): { readonly session: HostSession } {
    if (this.anew === undefined) {
      const target = this.dial();
      this.anew = { target, session: new HostSession(target, this.scope) };
    }
    return this.anew;
  }

  private arm(): Words {
    return ["firewall_arm", this.nonce, armedFor];
  }

  /** @returns whether the host made it: what it cannot make from its record it asks for whole */
  private async change(
    words: readonly Words[],
    compiled: HostPlan["after"],
    expectedGeneration: number | undefined,
    signal: AbortSignal,
    how?: "unrecorded" | "patched",
  ): Promise<boolean> {
    const texts = compiled && textsOf(compiled);
    const fragment: Fragment = {
      key: firewallKey,
      mark: firewallMark,
      hash: texts?.hash ?? "",
      expectedGeneration,
      words,
      intent: texts?.document,
      unrecorded: how === "unrecorded",
      patched: how === "patched",
    };
    const { result, snapshot } = await this.at(() => this.session.apply(fragment, [], signal));
    if (result.ok) return true;
    if (snapshot.firewall.unpatched) return false;
    throw new SdnError({
      code: result.code,
      host: this.host.name,
      resource: "firewall",
      cause: result.message,
      remedy: remedies[result.code] ?? "the old rules are in force",
    });
  }

  private at<T>(work: () => Promise<T>): Promise<T> {
    return located(this.host.name, "firewall", work);
  }
}

const remedies: Partial<Record<SdnError["code"], string>> = {
  stale: "another run changed it at the same time: run again",
  conflict: "the old rules are in force; run again when the other one is through",
};

/** Whether the host's nft would take the program. Changes nothing. */
export async function checkProgram(
  session: HostSession,
  { name }: FirewallHost,
  program: Program,
  signal: AbortSignal,
): Promise<void> {
  const asker = randomBytes(4).toString("hex");
  const words = ["firewall_check", asker, nftWord(replaceCommands(program))];
  const { firewall } = await located(name, "firewall", () => session.ask([words], signal));
  const refusal = firewall.checks.get(asker);
  if (refusal === undefined) return;
  throw new SdnError({
    code: "remote-failure",
    host: name,
    resource: "firewall",
    cause: `nft does not take the rules: ${refusal}`,
    remedy: "nothing was changed on any host",
  });
}

function unreached(thrown: unknown): never {
  throw thrown instanceof SdnError ? unproven(thrown) : thrown;
}

/** A host that fell silent with the change: it was the change, as far as can be told. */
function cutOff(thrown: unknown): never {
  throw thrown instanceof SdnError && thrown.detail.uncertain === true ? unproven(thrown) : thrown;
}

function unproven(error: SdnError): SdnError {
  const { remedy: _remedy, ...rest } = error.detail;
  return new SdnError(
    {
      ...rest,
      cause: `the host could not be reached anew after the change: ${error.detail.cause}`,
      remedy: `it goes back to its old rules within ${armedFor} s; look for the rule that keeps this machine out`,
    },
    { cause: error },
  );
}
