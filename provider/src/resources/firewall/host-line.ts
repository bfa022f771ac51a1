/** What a rollout says to one host, in the host program's words. */
import { createHash, randomBytes } from "node:crypto";

import { changeCommands, nextProgram, type NftCommand, type Program, replaceCommands } from "../../compile/nft/program";
import { firewallKey, firewallMark } from "../../compile/firewall/document";
import type { Words } from "../../compile/steps";
import { SdnError } from "../../model/error";
import type { Snapshot } from "../../model/snapshot";
import type { Fragment } from "../../render/instructions";
import { encodeText } from "../../render/words";
import type { Target } from "../../targets/target";
import { HostSession } from "../host-session";
import { located } from "../located";
import type { FirewallHost } from "./change";
import type { HostPlan } from "./host-plan";

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

  look(signal: AbortSignal): Promise<Snapshot> {
    return this.at(async () => {
      const snapshot = await this.session.ask([["query_firewall"]], signal);
      if (snapshot.firewall.armed === undefined) return snapshot;
      // Disarms nothing, as nobody has this nonce yet: but what is overdue is taken back before the host looks again.
      return this.session.ask([["firewall_disarm", this.nonce], ["query_firewall"]], signal);
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
    await this.change([this.arm(), ["firewall_next", staged]], before, generation, signal, true);
  }

  async apply({ before, after, generation, held }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined) {
      await this.change([this.arm(), ["remove_firewall"]], undefined, generation, signal);
      return;
    }
    const difference = before && changeCommands(before.program, after.program);
    const words: readonly Words[] = [
      this.arm(),
      ["firewall_settings"],
      ...(difference === undefined || difference.length === 0 ? [] : [["firewall_change", nftText(difference)]]),
      ["firewall_table", nftText(replaceCommands(after.program))],
      ...settleWords(held),
    ];
    await this.change(words, after, generation, signal);
  }

  /** Nothing of the rules changes: only what the host remembers. */
  async write({ after, generation, held }: HostPlan, signal: AbortSignal): Promise<void> {
    if (after === undefined) {
      await this.change([["remove_firewall"]], undefined, generation, signal);
      return;
    }
    const words = [
      ["firewall_settings"],
      ["firewall_table", nftText(replaceCommands(after.program))],
      ...settleWords(held),
    ];
    await this.change(words, after, generation, signal);
  }

  async prove(signal: AbortSignal): Promise<void> {
    if (this.anew === undefined) {
      const target = this.dial();
      this.anew = { target, session: new HostSession(target, this.scope) };
    }
    const { session } = this.anew;
    await this.at(() => session.ask([], signal)).catch((thrown: unknown) => {
      throw thrown instanceof SdnError ? unproven(thrown) : thrown;
    });
  }

  async disarm(signal: AbortSignal): Promise<void> {
    const target = this.anew?.target ?? this.dial();
    const session = this.anew?.session ?? new HostSession(target, this.scope);
    this.anew = { target, session };
    const { firewall } = await this.at(() => session.ask([["firewall_disarm", this.nonce]], signal)).catch(
      (thrown: unknown) => {
        throw thrown instanceof SdnError ? unproven(thrown) : thrown;
      },
    );
    if (firewall.disarmed.get(this.nonce) === true) return;
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

const remedies: Partial<Record<SdnError["code"], string>> = {
  stale: "another run changed it at the same time: run again",
  conflict: "the old rules are in force; run again when the other one is through",
};

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
