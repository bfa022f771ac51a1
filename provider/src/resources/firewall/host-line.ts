/** What a rollout says to one host, in the host program's words. */
import { createHash, randomBytes } from "node:crypto";

import type { Compiled } from "../../compile/firewall/compile";
import { changeCommands, nextProgram, type NftCommand, type Program, replaceCommands } from "../../compile/nft/program";
import { firewallKey, firewallMark, speaksOfHosts } from "../../compile/firewall/document";
import { dynamicLines } from "../../compile/firewall/dynamic-lines";
import type { Words } from "../../compile/steps";
import { SdnError } from "../../model/error";
import type { Snapshot } from "../../model/snapshot";
import type { Fragment } from "../../render/instructions";
import { encodeText, renderLine } from "../../render/words";
import type { Target } from "../../targets/target";
import { HostSession } from "../host-session";
import { located } from "../located";
import type { FirewallHost } from "./change";
import { documentOf, type HostPlan } from "./host-plan";

/** Seconds after which a host goes back to its old rules unless it was reached anew. */
const armedFor = 60;

const nftText = (commands: readonly NftCommand[]): string => encodeText(JSON.stringify({ nftables: commands }));

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
   */
  constructor(
    private readonly host: FirewallHost,
    private readonly session: HostSession,
    private readonly dial: () => Target,
    private readonly scope: string,
  ) {}

  /** Open flows of the host itself are told only where a policy speaks of hosts: a busy one has many. */
  look(ofHosts: boolean, signal: AbortSignal): Promise<Snapshot> {
    return this.at(async () => {
      const snapshot = await lookAt(this.session, ofHosts, signal);
      if (snapshot.firewall.armed === undefined) return snapshot;
      // Disarms nothing, as nobody has this nonce yet: but what is overdue is taken back before the host looks again.
      return lookAt(this.session, ofHosts, signal, [["firewall_disarm", this.nonce]]);
    });
  }

  async check({ after }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined) return;
    await checkProgram(this.session, this.host, after.program, signal);
  }

  /** Both the old and the new rules are in force from here on, so only what both allow passes. */
  async stage({ after, before, generation }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined || before === undefined) return;
    const staged = nftText(replaceCommands(nextProgram(after.program)));
    const filled = fillText(after);
    const next = filled === undefined ? [staged] : [staged, filled];
    await this.change([this.arm(), ["firewall_next", ...next]], before, generation, signal, true).catch(cutOff);
  }

  /** From here on the host goes back to its old rules unless it is reached anew. */
  async apply(plan: HostPlan, signal: AbortSignal): Promise<void> {
    const { after, generation } = plan;
    const words = after === undefined ? [["remove_firewall"]] : changeWords(plan, after);
    await this.change([this.arm(), ...words], after, generation, signal).catch(cutOff);
  }

  /** What needs no proof: it only ends flows that the rules forbid already. */
  async amend(plan: HostPlan, signal: AbortSignal): Promise<void> {
    const { after, generation } = plan;
    if (after !== undefined) await this.change(changeWords(plan, after), after, generation, signal);
  }

  /** Nothing of the rules changes: only what the host remembers. */
  async write({ after, generation, held }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined) {
      await this.change([["remove_firewall"]], undefined, generation, signal);
      return;
    }
    const words = [
      ["firewall_settings"],
      dynamicsWord(after),
      ["firewall_table", nftText(replaceCommands(after.program))],
      ...settleWords(held),
    ];
    await this.change(words, after, generation, signal);
  }

  async prove(signal: AbortSignal): Promise<void> {
    const { session } = this.dialled();
    await this.at(() => session.ask([], signal)).catch(unreached);
  }

  /** The change is for good; what the host shows then. */
  async disarm(ofHosts: boolean, signal: AbortSignal): Promise<Snapshot> {
    const { session } = this.dialled();
    const queries = [["firewall_disarm", this.nonce], ["query_firewall"], ...(ofHosts ? [["query_own_flows"]] : [])];
    const snapshot = await this.at(() => session.ask(queries, signal)).catch(unreached);
    if (snapshot.firewall.disarmed.get(this.nonce) === true) return snapshot;
    throw new SdnError({
      code: "timeout",
      host: this.host.name,
      resource: "firewall",
      cause: `the host was not reached anew within ${armedFor} s and went back to its old rules`,
      remedy: "run again",
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

  private async change(
    words: readonly Words[],
    compiled: HostPlan["after"],
    expectedGeneration: number | undefined,
    signal: AbortSignal,
    unrecorded = false,
  ): Promise<void> {
    const document = compiled && JSON.stringify(compiled.document);
    const fragment: Fragment = {
      key: firewallKey,
      mark: firewallMark,
      hash: document === undefined ? "" : createHash("sha256").update(document).digest("hex"),
      expectedGeneration,
      words,
      intent: document,
      unrecorded,
    };
    const { result } = await this.at(() => this.session.apply(fragment, [], signal));
    if (result.ok) return;
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

/** The difference, where the host has what it says it has; else the whole. */
function changeWords({ before, held }: HostPlan, after: Compiled): readonly Words[] {
  const difference = before && changeCommands(before.program, after.program);
  return [
    ["firewall_settings"],
    dynamicsWord(after),
    ...(difference === undefined || difference.length === 0 ? [] : [["firewall_change", nftText(difference)]]),
    ["firewall_table", nftText(replaceCommands(after.program))],
    ...settleWords(held),
  ];
}
const remedies: Partial<Record<SdnError["code"], string>> = {
  stale: "another run changed it at the same time: run again",
  conflict: "the old rules are in force; run again when the other one is through",
};

/** Also where there is nothing: another program may have left something. */
const dynamicsWord = (compiled: Compiled): Words => ["firewall_dynamics", fillText(compiled) ?? "-"];

/** What the host fills in by itself. */
function fillText({ plan }: Compiled): string | undefined {
  const lines = dynamicLines(plan.dynamics);
  return lines.length === 0 ? undefined : encodeText(`${lines.map(renderLine).join("\n")}\n`);
}

/** The rules know these now. */
function settleWords(held: HostPlan["held"]): readonly Words[] {
  return [...Map.groupBy(held, ({ bridge }) => bridge)].flatMap(([bridge, places]): readonly Words[] => {
    const addresses = places.flatMap(({ address }) => address ?? []);
    return [
      ...(places.length > addresses.length ? [["firewall_settle", bridge]] : []),
      ...(addresses.length > 0 ? [["firewall_settle", bridge, addresses.join(",")]] : []),
    ];
  });
}

/** Asks again where the host itself has a policy that speaks of hosts. */
export async function lookAt(
  session: HostSession,
  ofHosts: boolean,
  signal: AbortSignal,
  first: readonly Words[] = [],
): Promise<Snapshot> {
  const ask = (withOwn: boolean): Promise<Snapshot> =>
    session.ask([...first, ["query_firewall"], ...(withOwn ? [["query_own_flows"]] : [])], signal);
  const snapshot = await ask(ofHosts);
  const policies = Object.values(documentOf(snapshot.firewall)?.policies ?? {});
  return ofHosts || !speaksOfHosts(policies.map(({ spec }) => spec)) ? snapshot : ask(true);
}

/** Whether the host's nft would take the program. Changes nothing. */
export async function checkProgram(
  session: HostSession,
  { name }: FirewallHost,
  program: Program,
  signal: AbortSignal,
): Promise<void> {
  const asker = randomBytes(4).toString("hex");
  const words = ["firewall_check", asker, nftText(replaceCommands(program))];
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
