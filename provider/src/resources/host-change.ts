/** One change of one resource on its host, until nothing is left of what was there before. */
import { holdWords } from "../compile/firewall/hold";
import { foreignOf, foreignWords } from "../compile/foreign";
import type { Intent } from "../compile/intent";
import { markOf, resourceKey } from "../compile/names";
import { applyWords, leftoverWords, queriesOf, removeAllWords } from "../compile/plan";
import type { Words } from "../compile/steps";
import { SdnError } from "../model/error";
import { hash64 } from "../model/hash";
import { isPeerList } from "../model/peer-set";
import type { Snapshot } from "../model/snapshot";
import type { Fragment } from "../render/instructions";
import { isWord } from "../render/words";
import type { CallContext } from "../rpc/handlers";
import type { HostSession } from "./host-session";
import { located } from "./located";
import { pathQueries } from "./path-proof";

export interface Place {
  readonly session: HostSession;
  /** The host as the user named it. */
  readonly host: string;
  readonly intent: Intent;
  /** The intent with what it refers to; the same where it refers to nothing. */
  readonly whole: Intent;
}

interface Done {
  readonly generation: number;
  readonly previous: string | undefined;
  readonly snapshot: Snapshot;
}

/** What is known of the resource before a change of it. */
export interface Known {
  readonly before: Intent | undefined;
  readonly generation: number | undefined;
  /** Whether the last look found the host other than it should be. */
  readonly drifted: boolean;
}

/** From what is known to the place's own intent. Throws what the host refused. */
export async function applyChange(
  context: CallContext,
  place: Place,
  { before, generation, drifted }: Known,
): Promise<Done> {
  const { intent, whole } = place;
  const foreign = drifted ? await foreignRemovals(context, place) : [];
  const words = [...holdWords(before, intent), ...applyWords(before, whole), ...foreign];
  const fragment = fragmentOf(intent, words, generation);
  const done = await converse(context, place, fragment, proofsOf(before, intent, whole));
  const leftovers = leftoversOf(done.previous, intent, before, intent);
  if (leftovers.length === 0) return done;
  const again = [...leftovers, ...applyWords(undefined, whole)];
  return converse(context, place, fragmentOf(intent, again, done.generation));
}

/**
 * What somebody put into our tables is looked for anew: the refresh that found it may be long ago. With the lock of the
 * host, so that no other run is in the middle of making what would look foreign.
 */
async function foreignRemovals(context: CallContext, { session, host, intent }: Place): Promise<readonly Words[]> {
  if (intent.kind !== "router" && intent.kind !== "segment") return [];
  const snapshot = await located(host, intent.label, () => session.read([], context.signal, true));
  // What cannot be named safely stays, and is said again.
  return foreignWords(foreignOf(intent, snapshot)).filter((words) => words.every((word) => isWord(String(word))));
}

/** Everything of the intent away. */
export async function removeChange(
  context: CallContext,
  place: Place,
  expectedGeneration: number | undefined,
): Promise<Snapshot> {
  const { intent } = place;
  const removal = removalOf(intent, removeAllWords(intent), expectedGeneration);
  const done = await converse(context, place, removal).catch((thrown: unknown) => {
    throw thrown instanceof SdnError && thrown.code === "unreachable" ? goneForGood(thrown) : thrown;
  });
  const leftovers = leftoversOf(done.previous, intent, intent);
  if (leftovers.length === 0) return done.snapshot;
  return (await converse(context, place, removalOf(intent, leftovers, undefined))).snapshot;
}

function goneForGood(error: SdnError): SdnError {
  const { remedy = "run again when it is back", ...rest } = error.detail;
  const retire = "if it is gone for good, keep its Host in the program with retired: true for one run";
  return new SdnError({ ...rest, remedy: `${remedy}; ${retire}` }, { cause: error });
}

/** What is tried out beyond reading back, in the same execution. */
function proofsOf(before: Intent | undefined, intent: Intent, whole: Intent): readonly Words[] {
  if (intent.kind !== "segment" || whole.kind !== "segment" || !isPeerList(whole.peers)) return [];
  const earlier = before?.kind === "segment" ? before : undefined;
  // Of many peers only a digest is remembered: the same one is the same peers.
  const same = JSON.stringify(earlier?.peers) === JSON.stringify(intent.peers);
  const known = same ? whole.peers : earlier !== undefined && isPeerList(earlier.peers) ? earlier.peers : [];
  return pathQueries(earlier && { ...earlier, peers: known }, { ...whole, peers: whole.peers });
}

async function converse(
  context: CallContext,
  { session, host, intent }: Place,
  fragment: Fragment,
  proofs: readonly Words[] = [],
): Promise<Done> {
  const queries = fragment.intent === undefined ? [] : [...queriesOf(intent), ...proofs];
  const { result, warnings, previous, snapshot } = await located(host, intent.label, () =>
    session.apply(fragment, queries, context.signal),
  );
  for (const warning of warnings) context.log("warning", `host ${host}: ${warning}`);
  if (!result.ok) throw failure(result, host, intent);
  return { generation: result.generation, previous, snapshot };
}

function fragmentOf(intent: Intent, words: Fragment["words"], expectedGeneration: number | undefined): Fragment {
  const hash = hashOf(intent);
  const json = JSON.stringify(intent);
  return { key: resourceKey(intent), mark: markOf(intent), hash, expectedGeneration, words, intent: json };
}

/** In the ledger and in requests: the same where the same is asked for. */
export function hashOf(intent: Intent): string {
  return hash64(JSON.stringify(intent)).toString(16);
}

function removalOf(intent: Intent, words: Fragment["words"], expectedGeneration: number | undefined): Fragment {
  return { key: resourceKey(intent), mark: markOf(intent), hash: "", expectedGeneration, words, intent: undefined };
}

/** What the host had of a version that this state never knew: a run that was cut off, or another one's. */
function leftoversOf(
  previous: string | undefined,
  intent: Intent,
  ...known: readonly (Intent | undefined)[]
): Fragment["words"] {
  if (previous === undefined) return [];
  const had = JSON.parse(previous) as Intent;
  return had.kind === intent.kind ? leftoverWords(had, ...known) : [];
}

function failure(
  result: { readonly code: SdnError["code"]; readonly message: string },
  host: string,
  intent: Intent,
): SdnError {
  return new SdnError({
    code: result.code,
    host,
    resource: intent.label,
    cause: result.message,
    remedy: remedies[result.code] ?? "nothing of this change was kept on the host; run again when the cause is gone",
  });
}

const remedies: Partial<Record<SdnError["code"], string>> = {
  conflict: "remove or rename what is in the way, or let this network use another VNI (Fabric.vniRange)",
  stale: "run `pulumi refresh`, look at what the other run changed, and run again",
  "not-found": "create it first, or let the resource that creates it come before this one (dependsOn)",
};
