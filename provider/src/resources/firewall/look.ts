/** A look at a host's firewall. */

import type { Compiled } from "../../compile/firewall/compile";
import { speaksOfHosts } from "../../compile/firewall/document";
import type { Words } from "../../compile/steps";
import type { Snapshot } from "../../model/snapshot";
import type { HostSession } from "../host-session";
import { documentOf } from "./host-plan";
import { textsOf } from "./memory";

const ownQueries: readonly Words[] = [["query_own_flows"], ["query_reach"]];

export interface LookOptions {
  /** Whether to tell of the host's own flows, and whom it reaches. */
  readonly ofHosts: boolean;
  /** What the host may have: then it need not say its document. */
  readonly known?: Compiled | undefined;
  /** What is asked before. */
  readonly first?: readonly Words[];
}

/** Asks again where the host itself has a policy that speaks of hosts. */
export async function lookAt(
  session: HostSession,
  { ofHosts, known, first = [] }: LookOptions,
  signal: AbortSignal,
): Promise<Snapshot> {
  const query: Words = known === undefined ? ["query_firewall"] : ["query_firewall", textsOf(known).hash];
  const ask = async (withOwn: boolean): Promise<Snapshot> =>
    withKnown(await session.ask([...first, query, ...(withOwn ? ownQueries : [])], signal), known);
  const snapshot = await ask(ofHosts);
  const policies = Object.values(documentOf(snapshot.firewall)?.policies ?? {});
  return ofHosts || !speaksOfHosts(policies.map(({ spec }) => spec)) ? snapshot : ask(true);
}

/** The document that the host did not say, since who asks has it. */
function withKnown(snapshot: Snapshot, known: Compiled | undefined): Snapshot {
  const { firewall } = snapshot;
  const { record } = firewall;
  if (known === undefined || record === undefined || record.intent !== undefined) return snapshot;
  const texts = textsOf(known);
  if (record.hash !== texts.hash || !record.restorable) return snapshot;
  return { ...snapshot, firewall: { ...firewall, record: { ...record, intent: texts.document } } };
}
