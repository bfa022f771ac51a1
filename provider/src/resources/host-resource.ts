import { foreignOf, foreignSentences } from "../compile/foreign";
import type { AdoptedIntent, Intent, SegmentIntent } from "../compile/intent";
import { markOf, resourceKey } from "../compile/names";
import { driftOf, leavings, queriesOf, stepsOf } from "../compile/plan";
import { differencesOf } from "../compile/steps";
import { adoptedLinkDifferences } from "../compile/steps/adoption";
import type { Connection } from "../model/connection";
import { connectionUri } from "../model/connection";
import { SdnError } from "../model/error";
import type { Snapshot } from "../model/snapshot";
import type { DiffSpec } from "../rpc/diff";
import { diffInputs } from "../rpc/diff";
import { PartialFailure } from "../rpc/handlers";
import type {
  CallContext,
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CustomResourceHandler,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import { connectionFromUri, connectionValue, readConnectionValue } from "./connection-inputs";
import { adviceOn, damagedRecord, recordDrift, unsettled } from "./drift";
import { applyChange, hashOf, removeChange } from "./host-change";
import { isHeld } from "../compile/firewall/hold";
import { concernsFirewall } from "../compile/firewall/site";
import type { FirewallFleet } from "./firewall/fleet";
import type { Known } from "./host-change";
import type { Hosts } from "./hosts";
import { scopeOf } from "./hosts";
import { InputReader } from "../inputs/input-reader";
import { ownerOf } from "./owner";
import { generationOf } from "./generation";
import { located, namedHost } from "./located";
import { overlapWarnings } from "./overlap-warnings";
import { narrowPathMessage, narrowPaths } from "./path-proof";
import { precheck } from "./precheck";
import type { SpecOf } from "./spec-inputs";
import { wholeIntent } from "./whole-intent";

/** What makes one kind of per-host resource. */
export interface HostResourceKind<I extends Intent> {
  readonly token: string;
  readonly kind: I["kind"];
  readonly readSpec: (reader: InputReader) => SpecOf<I> | undefined;
  /** Properties of `spec` whose change makes it another thing. */
  readonly identity: readonly (keyof SpecOf<I> & string)[];
  /** Whether a replacement would carry the same name on the host. */
  readonly sameName: boolean;
}

interface Parsed<I extends Intent> {
  readonly connection: Connection;
  readonly host: string;
  readonly intent: I;
}

/** A resource that is an intent on one host. Everything but the shape of its `spec` is the same for all of them. */
export class HostResource<I extends Intent> implements CustomResourceHandler {
  readonly token: string;
  private readonly diffSpec: DiffSpec;

  constructor(
    private readonly kind: HostResourceKind<I>,
    private readonly hosts: Hosts,
    private readonly firewalls: FirewallFleet,
  ) {
    this.token = kind.token;
    const identity = kind.identity.map((name) => [name, { replaceOnChanges: true }] as const);
    this.diffSpec = {
      properties: { spec: { properties: Object.fromEntries(identity) } },
      deleteBeforeReplace: kind.sameName,
    };
  }

  /** The parsed inputs, or `undefined` while something of them is unknown. Throws all problems at once. */
  private parse(urn: string, inputs: ValueMap): Parsed<I> | undefined {
    const { reader, parsed } = this.readInputs(urn, inputs);
    reader.problems.throwIfAny();
    return parsed;
  }

  private readInputs(urn: string, inputs: ValueMap): { reader: InputReader; parsed: Parsed<I> | undefined } {
    const reader = InputReader.of(inputs);
    const connectionReader = reader.object("connection");
    const connection = reader.require(
      "connection",
      connectionReader === undefined ? undefined : readConnectionValue(connectionReader),
      "a Host's connection",
    );
    const host = reader.require("host", reader.text("host"), "the host's name");
    const specReader = reader.object("spec");
    const spec = reader.require(
      "spec",
      specReader === undefined ? undefined : this.kind.readSpec(specReader),
      "the intent",
    );
    reader.finish();
    if (connection === undefined || host === undefined || spec === undefined || reader.unknowns.size > 0) {
      return { reader, parsed: undefined };
    }
    this.hosts.note(connection);
    // The kind's own reader gives exactly the rest of the intent.
    const intent = { ...spec, kind: this.kind.kind, owner: ownerOf(urn), scope: scopeOf(connection) } as unknown as I;
    if (intent.kind === "segment") this.hosts.noteName(intent.underlay, host);
    return { reader, parsed: { connection, host, intent } };
  }

  check(_context: CallContext, { urn, news }: CheckRequest): Promise<CheckResult> {
    const { reader, parsed } = this.readInputs(urn, news);
    if (parsed !== undefined) this.hosts.declared.note(connectionUri(parsed.connection), parsed.intent);
    return Promise.resolve({ inputs: news, failures: reader.problems.list });
  }

  diff(_context: CallContext, { olds, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const result = diffInputs(this.diffSpec, oldInputs, news, ignoreChanges);
    if (!hasDrift(olds)) return Promise.resolve(result);
    const detailedDiff = new Map([...result.detailedDiff, ["drift", { kind: "delete", inputDiff: false } as const]]);
    return Promise.resolve({ ...result, changes: true, detailedDiff });
  }

  async create(context: CallContext, { urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const parsed = this.parse(urn, inputs);
    if (parsed === undefined) {
      if (preview) return { id: unknown, outputs: { ...inputs, generation: unknown, drift: [] } };
      throw new SdnError({ code: "internal", cause: "inputs are unknown outside a preview" });
    }
    const id = `${connectionUri(parsed.connection)}#${resourceKey(parsed.intent)}`;
    if (preview) {
      const snapshot = await this.previewCheck(context, parsed);
      if (snapshot !== undefined) sayAdoption(context, parsed, snapshot);
      return { id: unknown, outputs: { ...inputs, generation: 1, drift: [] } };
    }
    return { id, outputs: await kept(id, inputs, () => this.apply(context, parsed, nothingKnown, inputs)) };
  }

  async update(context: CallContext, request: UpdateRequest): Promise<ValueMap> {
    const { urn, id, olds, oldInputs, news, preview } = request;
    const parsed = this.parse(urn, news);
    if (parsed === undefined || preview) {
      if (parsed !== undefined) await this.previewCheck(context, parsed);
      return { ...news, generation: olds["generation"] ?? null, drift: [] };
    }
    const before = this.parse(urn, oldInputs)?.intent;
    const known = { before, generation: generationOf(olds), drifted: hasDrift(olds) };
    return kept(id, news, () => this.apply(context, parsed, known, news));
  }

  /** A host that cannot be asked now may be back when the change is made: that is a warning, not an error. */
  private async previewCheck(
    context: CallContext,
    { connection, host, intent }: Parsed<I>,
  ): Promise<Snapshot | undefined> {
    let snapshot: Snapshot;
    try {
      snapshot = await this.hosts.session(connection).recent(precheck.queries(intent), context.signal);
    } catch (thrown) {
      if (!(thrown instanceof SdnError) || thrown.code !== "unreachable") throw thrown;
      context.log(
        "warning",
        `${namedHost(thrown, host).message} It was not checked whether this change fits the host.`,
      );
      return undefined;
    }
    const others = this.hosts.declared.others(connectionUri(connection), intent, snapshot.ledger);
    precheck.run(intent, snapshot, host, others).throwIfAny();
    for (const message of overlapWarnings(intent, snapshot)) {
      if (this.hosts.firstOf(connectionUri(connection), message)) context.log("warning", `host ${host}: ${message}`);
    }
    return snapshot;
  }

  private async apply(
    context: CallContext,
    { connection, host, intent }: Parsed<I>,
    known: Known,
    inputs: ValueMap,
  ): Promise<ValueMap> {
    const whole = wholeIntent(intent, this.hosts.vteps);
    context.status(`applying to ${host}`);
    const place = { session: this.hosts.session(connection), host, intent, whole };
    const { generation, snapshot } = await this.hosts.progress.during(host, context, () =>
      applyChange(context, place, known),
    );
    // Proof: what was just read back is what was asked for.
    const drift = driftOf(whole, snapshot);
    if (drift.length > 0) {
      throw new SdnError({
        code: "remote-failure",
        host,
        resource: intent.label,
        cause: `the host took the change, but then showed: ${drift.join("; ")}`,
        remedy: "something else on the host undoes it; find that and run again",
      });
    }
    if (intent.kind === "segment") this.warnOfNarrowPaths(context, host, intent, snapshot);
    await this.settleFirewall(context, { connection, host, intent }, snapshot);
    return { ...inputs, generation, drift: [] };
  }

  /** What rules speak of came, changed or went: until they follow, the host lets nothing of it through. */
  private async settleFirewall(
    context: CallContext,
    { connection, host, intent }: Parsed<I>,
    snapshot: Snapshot,
  ): Promise<void> {
    if (snapshot.firewall.record === undefined || !concernsFirewall(intent)) return;
    await this.firewalls.settle(context, { name: host, uri: connectionUri(connection), connection });
  }

  /** Once a pair of hosts and run, however many segments they share. */
  private warnOfNarrowPaths(context: CallContext, host: string, intent: SegmentIntent, snapshot: Snapshot): void {
    for (const path of narrowPaths(snapshot)) {
      if (!this.hosts.firstOf(intent.underlay, path.peer)) continue;
      const other = this.hosts.nameAt(path.peer) ?? path.peer;
      context.log("warning", narrowPathMessage(host, other, intent, path));
    }
  }

  async read(context: CallContext, { urn, id, inputs, state }: ReadRequest): Promise<ReadResult> {
    if (inputs === undefined || inputs["spec"] === undefined) return this.import(context, urn, id);
    const parsed = this.parse(urn, inputs);
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    const { connection, host, intent } = parsed;
    const read = (): Promise<Snapshot> => this.hosts.session(connection).read(queriesOf(intent), context.signal);
    const snapshot = await located(host, intent.label, () => this.hosts.progress.during(host, context, read));
    const entry = snapshot.ledger.get(resourceKey(intent));
    const drift = driftOf(wholeIntent(intent, this.hosts.vteps), snapshot);
    const damaged = snapshot.damaged.has(resourceKey(intent));
    if (entry === undefined && !damaged && nothingLeft(intent, snapshot)) return undefined;
    const foreign = foreignSentences(foreignOf(intent, snapshot));
    const found = [
      ...drift,
      ...foreign,
      ...(isHeld(intent, snapshot.firewall.held) ? [unsettled] : []),
      ...(damaged ? [damagedRecord] : recordDrift(intent, entry, generationOf(state ?? {}))),
    ];
    for (const sentence of found) context.log("warning", `host ${host}: ${sentence}. ${adviceOn(sentence)}`);
    const generation = entry?.generation ?? state?.["generation"] ?? 0;
    return { id, inputs, outputs: { ...inputs, generation, drift: found } };
  }

  /** From the id alone: what the host remembers of the resource. */
  private async import(context: CallContext, urn: string, id: string): Promise<ReadResult> {
    const [uri = "", key = ""] = id.split("#");
    const connection = this.hosts.known(uri) ?? connectionFromUri(uri);
    if (connection === undefined || !key.startsWith(`${this.kind.kind}-`)) {
      throw new SdnError({
        code: "invalid-input",
        property: "id",
        value: id,
        cause: "is not an id of this resource",
        remedy: `write HOST#${this.kind.kind}-VNI, for example ssh://root@192.0.2.11:22#${this.kind.kind}-4097`,
      });
    }
    const snapshot = await this.hosts.session(connection).read([], context.signal);
    const entry = snapshot.ledger.get(key);
    if (entry === undefined) return undefined;
    const { kind: _kind, owner, scope: _scope, ...spec } = JSON.parse(entry.intent) as I & ValueMap;
    if (owner !== ownerOf(urn)) {
      throw new SdnError({ code: "conflict", resource: id, cause: `belongs to ${owner}, not to ${ownerOf(urn)}` });
    }
    const host = snapshot.facts?.hostname ?? uri;
    const inputs = { connection: connectionValue(connection), host, spec: spec as ValueMap };
    return { id, inputs, outputs: { ...inputs, generation: entry.generation, drift: [] } };
  }

  async delete(context: CallContext, { urn, inputs, outputs }: DeleteRequest): Promise<void> {
    const parsed = this.parse(urn, inputs);
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    const { connection, host, intent } = parsed;
    this.hosts.declared.forget(connectionUri(connection), intent);
    if (this.hosts.isRetired(connection)) {
      const stays = leavings(intent);
      context.log("warning", `host ${host} is retired: ${intent.label} is forgotten, and on it stay ${stays}`);
      return;
    }
    const place = { session: this.hosts.session(connection), host, intent, whole: intent };
    const snapshot = await this.hosts.progress.during(host, context, () =>
      removeChange(context, place, generationOf(outputs)),
    );
    await this.settleFirewall(context, parsed, snapshot);
  }
}

/**
 * Where it is not known whether the host took the change, Pulumi keeps the resource as it may be now: else nobody
 * would remove it when the program no longer wants it. The next run makes it what it should be.
 */
async function kept(id: string, inputs: ValueMap, work: () => Promise<ValueMap>): Promise<ValueMap> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof SdnError) || thrown.detail.uncertain !== true) throw thrown;
    throw new PartialFailure(id, inputs, { ...inputs, drift: [] }, [thrown.message]);
  }
}

const nothingKnown: Known = { before: undefined, generation: undefined, drifted: false };
const hasDrift = ({ drift }: ValueMap): boolean => Array.isArray(drift) && drift.length > 0;

/** A resource that is new to this state and not to the host, where a state was lost or an import was written. */
function sayAdoption(context: CallContext, { host, intent }: Parsed<Intent>, snapshot: Snapshot): void {
  const entry = snapshot.ledger.get(resourceKey(intent));
  if (entry === undefined) {
    if (intent.kind === "adopted") sayForeignAdoption(context, host, intent, snapshot);
    return;
  }
  const becomes = entry.hash === hashOf(intent) ? "and nothing on it changes" : "and changed to what is asked for";
  context.log("info", `host ${host}: ${resourceKey(intent)} is there already: it is adopted, ${becomes}`);
}

/** What somebody else made is taken in: what the first `up` does to it, in full. */
function sayForeignAdoption(context: CallContext, host: string, intent: AdoptedIntent, snapshot: Snapshot): void {
  const changes = stepsOf(intent).flatMap((step) => {
    const link = step.kind === "adopted-link" ? snapshot.host.links.get(step.name) : undefined;
    if (step.kind !== "adopted-link") return differencesOf(step, snapshot);
    return link === undefined ? [] : adoptedLinkDifferences(step, link);
  });
  const marked = "it is adopted: it gets our mark";
  const rest = changes.length === 0 ? "and nothing else of it changes" : `and is changed: ${changes.join("; ")}`;
  context.log("info", `host ${host}: ${intent.label} is somebody's; ${marked}, ${rest}`);
}

/** Whether nothing at all is left of what the resource made. */
function nothingLeft(intent: Intent, snapshot: Snapshot): boolean {
  const mark = markOf(intent);
  const ours = [snapshot.host, ...snapshot.namespaces.values()].some(({ links }) =>
    [...links.values()].some((link) => link.alias === mark),
  );
  return !ours && !snapshot.dockerNetworks.some((network) => network.mark === mark);
}
