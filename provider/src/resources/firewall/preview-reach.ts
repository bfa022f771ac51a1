/**
 * What a changed policy or a changed label opens and closes, said in a preview at the resource. Policies that are
 * previewed together are looked at together: computed once for all hosts, from what these said already.
 */

import { changed, emptyDocument, type FirewallDocument } from "../../compile/firewall/document";
import type { PolicySpec } from "../../compile/firewall/intent";
import { endpointName } from "../../compile/firewall/world-names";
import type { Intent } from "../../compile/intent";
import { bounded, changeLines, sentence } from "../../reach/change-text";
import { differences } from "../../reach/difference";
import type { Decision } from "../../reach/line";
import { markOf } from "../../reach/mark";
import type { NamedMark } from "../../reach/naming";
import { type Picture, pictureOf } from "../../reach/picture";
import type { Pair } from "../../reach/reach";
import type { Realm } from "../../reach/realm";
import { risksOf } from "../../reach/risks";
import { unmatchedRules } from "../../reach/unmatched";
import type { CallContext } from "../../rpc/handlers";
import type { FirewallChange, FirewallHost } from "./change";
import { Gathering } from "./gathering";

/** Lines of flows at one resource. */
const mostLines = 20;

/** A host as a preview has looked at it. */
export interface LookedAt {
  readonly host: FirewallHost;
  /** What it holds. */
  readonly document: FirewallDocument | undefined;
  /** What it has, or will have. */
  readonly intents: readonly Intent[];
}

interface Request {
  readonly context: CallContext;
  readonly change: FirewallChange;
  readonly hosts: readonly LookedAt[];
  readonly settle: () => void;
}

export class ReachPreview {
  private readonly gathering = new Gathering<Request>((wave) => this.sayAll(wave));

  /** @param wanted what this run wants on the host, by its URI */
  constructor(
    private readonly wanted: (uri: string) => readonly FirewallChange[],
    private readonly now: () => number,
  ) {}

  async say(context: CallContext, change: FirewallChange, hosts: readonly LookedAt[]): Promise<void> {
    if (hosts.length === 0) return;
    await new Promise<void>((settle) => this.gathering.add({ context, change, hosts, settle }));
  }

  private sayAll(wave: readonly Request[]): Promise<void> {
    try {
      const hosts = new Map(wave.flatMap((request) => request.hosts.map((one) => [one.host.uri, one] as const)));
      const seen = seenOf(
        [...hosts.values()],
        (uri) => this.wanted(uri),
        wave.map(({ change }) => change),
        this.now() / 1000,
      );
      for (const { context, change } of wave) sayOne(context, change, seen);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      for (const { context } of wave) context.log("warning", `what it opens and closes could not be found out: ${why}`);
    } finally {
      for (const { settle } of wave) settle();
    }
    return Promise.resolve();
  }
}

interface Seen extends Picture {
  /** Policies as hosts hold them, by name. */
  readonly earlier: ReadonlyMap<string, PolicySpec>;
}

function seenOf(
  hosts: readonly LookedAt[],
  wanted: (uri: string) => readonly FirewallChange[],
  changes: readonly FirewallChange[],
  now: number,
): Seen {
  const before = hosts.map(({ host: { uri, name }, document, intents }) => ({ uri, name, document, intents }));
  const after = before.map((one) => ({
    ...one,
    document: withWanted(one.document, wanted(one.uri)),
  }));
  const picture = pictureOf([before, after], now, (realms) => changedEndpoints(changes, realms));
  const earlier = before.flatMap(({ document }) =>
    Object.entries(document?.policies ?? {}).map(([name, { spec }]) => [name, spec] as const),
  );
  return { ...picture, earlier: new Map(earlier) };
}

export const withWanted = (
  document: FirewallDocument | undefined,
  wanted: readonly FirewallChange[],
): FirewallDocument => changed(document ?? emptyDocument, wanted.map(entryOf));

/** As it will be, whoever wrote it: whether the change may be made was found out before. */
function entryOf(change: FirewallChange): Parameters<typeof changed>[1][number] {
  const { key, owner } = change;
  if (change.kind === "policy") {
    return { kind: "policy", key, entry: change.spec && { owner, generation: 0, spec: change.spec } };
  }
  return { kind: "member", key, entry: change.spec && { owner, generation: 0, spec: change.spec } };
}

/** Whose labels change is told apart from all others. */
function changedEndpoints(changes: readonly FirewallChange[], realms: readonly Realm[]): readonly NamedMark[] {
  const [realm] = realms;
  if (realm === undefined) return [];
  return changes.flatMap((change): readonly NamedMark[] => {
    if (change.kind !== "member" || change.spec === undefined) return [];
    const { vni, name } = change.spec;
    const key = memberMark(change);
    return [{ mark: markOf(key, { kind: "endpoint", name: endpointName(vni, name) }, realm), text: name }];
  });
}

const memberMark = ({ key }: FirewallChange): string => `endpoint ${key}`;

function sayOne(context: CallContext, change: FirewallChange, { reach, naming, versions, earlier }: Seen): void {
  const changes = differences(reach, 0, 1, concernsOf(change));
  const lines = changeLines(reach, naming, changes).map(sentence);
  if (lines.length > 0) context.log("info", `with this change:\n${bounded(lines, mostLines).join("\n")}`);
  if (change.kind !== "policy" || change.spec === undefined) return;
  const { spec } = change;
  const after = versions.at(-1) ?? [];
  for (const risk of after.slice(0, 1).flatMap((realm) => risksOf(spec, earlier.get(spec.name), realm))) {
    context.log(risk.kind === "empty-group" ? "info" : "warning", risk.sentence);
  }
  for (const { rule, by, same } of unmatchedRules(reach.classes, after, 1, spec.name)) {
    const why = same
      ? `is the same as ${by.join(", ")}`
      : `can never match: ${by.join(", ")} before it takes all of it`;
    context.log("warning", `rule ${rule} ${why}`);
  }
}

/** A flow is told at the policy that decides about it, before or after, and at who gets other labels. */
function concernsOf(change: FirewallChange): (pair: Pair, before: Decision, after: Decision) => boolean {
  if (change.kind === "member") {
    const key = memberMark(change);
    return ({ from, to }) => from.sets.has(key) || to.sets.has(key);
  }
  return (_pair, before, after) => [...before.by, ...after.by].some((ref) => ref.startsWith(`${change.key}/`));
}
