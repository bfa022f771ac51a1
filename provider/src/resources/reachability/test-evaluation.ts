/** What hosts hold, and what this run wants of them, as one picture that assertions are judged by. */

import { intentsOf, type HostView } from "../../compile/fleet-intents";
import type { Intent } from "../../compile/intent";
import { markOf, resourceKey } from "../../compile/names";
import { topologyOf } from "../../compile/topology";
import { connectionUri } from "../../model/connection";
import { SdnError } from "../../model/error";
import type { LedgerEntry, Snapshot } from "../../model/snapshot";
import { assertedMarks, judge, type Judged } from "../../reach/assertion";
import { pictureOf } from "../../reach/picture";
import type { CallContext } from "../../rpc/handlers";
import { documentOf } from "../firewall/host-plan";
import type { FirewallPreview } from "../firewall/preview";
import type { FleetMember } from "../fleet-members";
import type { Hosts } from "../hosts";
import { located } from "../located";
import type { TestInputs } from "./assertion-inputs";

/** `wanted`: as hosts will be after this run; `held`: as they are. */
export type Moment = "wanted" | "held";

interface Seen {
  readonly view: HostView & { readonly snapshot: Snapshot };
  readonly document: ReturnType<typeof documentOf>;
  readonly intents: readonly Intent[];
}

export class TestEvaluation {
  constructor(
    private readonly hosts: Hosts,
    private readonly preview: FirewallPreview,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * `undefined`: somebody whom an assertion names is not known before the change; nothing is guessed.
   *
   * @throws SdnError `invalid-input` where an end is nobody, and is not about to be
   */
  async judge(context: CallContext, { members, assertions }: TestInputs, moment: Moment): Promise<Judged | undefined> {
    const seen = await this.seen(context, members, moment);
    const topology = topologyOf(seen.map(({ view }) => view));
    const holdings = seen.map(({ view: { uri, name }, document, intents }) => ({ uri, name, document, intents }));
    try {
      const picture = pictureOf([holdings], this.now() / 1000, (last) =>
        assertions.flatMap((assertion) => assertedMarks(assertion, topology, last)),
      );
      return judge(assertions, picture, topology);
    } catch (thrown) {
      if (moment === "held" || !(thrown instanceof SdnError) || thrown.code !== "invalid-input") throw thrown;
      context.log("warning", `${thrown.message} If this run makes it, the assertions are tested then.`);
      return undefined;
    }
  }

  private async seen(context: CallContext, members: readonly FleetMember[], moment: Moment): Promise<readonly Seen[]> {
    const found = await Promise.all(
      members.map((member) => (moment === "held" ? this.held(context, member) : this.wanted(context, member))),
    );
    return found.filter((one) => one !== undefined);
  }

  private async held(context: CallContext, { name, connection }: FleetMember): Promise<Seen> {
    const uri = connectionUri(connection);
    const read = (): Promise<Snapshot> => this.hosts.session(connection).read([["query_firewall"]], context.signal);
    const snapshot = await located(name ?? uri, "reachability", read);
    const view = { name: name ?? snapshot.facts?.hostname ?? uri, uri, snapshot, problem: undefined };
    return { view, document: documentOf(snapshot.firewall), intents: intentsOf(snapshot) };
  }

  /** A host that does not answer is told of by a warning, and nothing on it is known. */
  private async wanted(context: CallContext, { name, connection }: FleetMember): Promise<Seen | undefined> {
    const uri = connectionUri(connection);
    const found = await this.preview.foresee(context, { name: name ?? uri, uri, connection });
    if (found === undefined) return undefined;
    const { snapshot, document, intents } = found;
    const ledger = new Map(intents.map((intent): [string, LedgerEntry] => [resourceKey(intent), entryOf(intent)]));
    const view = { name: name ?? uri, uri, snapshot: { ...snapshot, ledger }, problem: undefined };
    return { view, document, intents };
  }
}

/** As a host would keep it. */
const entryOf = (intent: Intent): LedgerEntry => ({
  resource: resourceKey(intent),
  generation: 0,
  hash: "",
  mark: markOf(intent),
  intent: JSON.stringify(intent),
  restorable: true,
});
