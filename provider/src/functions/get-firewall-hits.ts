import type { FirewallHits, RuleHits } from "../compile/firewall/hits";
import { firewallHits, neverMatched } from "../compile/firewall/hits";
import type { HostView } from "../compile/fleet-intents";
import { InputReader } from "../inputs/input-reader";
import { hitsTable, timeText } from "../render/hits-table";
import { documentOf } from "../resources/firewall/host-plan";
import type { Hosts } from "../resources/hosts";
import type { CallContext, FunctionHandler } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { readFleet } from "./fleet";
import { readMembers } from "../resources/fleet-members";
import { nameOrText } from "../inputs/name-or-text";
import type { Outcome } from "./outcome";
import { unknownResult } from "./outcome";
import { plain } from "./plain";

/** What a host has to be asked for. */
export const hitQueries = [["query_firewall_hits"]] as const;

/** What the rules of the hosts' firewalls have counted until now. */
export class GetFirewallHits implements FunctionHandler {
  readonly token = "sdn:index:getFirewallHits";

  constructor(private readonly hosts: Hosts) {}

  async invoke(context: CallContext, args: ValueMap): Promise<Outcome> {
    const reader = InputReader.of(args);
    const members = readMembers(reader, this.hosts);
    const policy = nameOrText(reader, "policy");
    reader.finish();
    if (!reader.problems.empty) return { failures: reader.problems.list };
    if (reader.unknowns.size > 0) return unknownResult("rules", "drops", "neverMatched", "table");
    const views = await readFleet(this.hosts, members, context.signal, { withDrift: false, queries: hitQueries });
    for (const { name, problem } of views) {
      if (problem !== undefined)
        context.log("warning", `host ${name} was not read, so its hits are missing: ${problem}`);
    }
    return { result: hitsValue(hitsOf(views, policy)) };
  }
}

export function hitsOf(views: readonly HostView[], policy: string | undefined): FirewallHits {
  const hosts = views.flatMap(({ name, snapshot }) => {
    if (snapshot === undefined) return [];
    return [{ name, document: documentOf(snapshot.firewall), hits: snapshot.firewall.hits ?? [] }];
  });
  return firewallHits(hosts, policy);
}

/** As the schema has it. */
export function hitsValue(hits: FirewallHits): ValueMap {
  return plain({
    rules: hits.rules.map(withTimes),
    drops: hits.drops.map(withTimes),
    neverMatched: neverMatched(hits.rules),
    table: hitsTable(hits),
  });
}

function withTimes<T extends Pick<RuleHits, "since" | "last">>({ since, last, ...rest }: T) {
  return { ...rest, since: momentOf(since), lastHit: momentOf(last) };
}

const momentOf = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : timeText(seconds);
