import type { MemberSpec, PolicySpec } from "../../compile/firewall/intent";
import { SdnError } from "../../model/error";
import type { DiffSpec } from "../../rpc/diff";
import { diffInputs } from "../../rpc/diff";
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
} from "../../rpc/handlers";
import { PartialFailure } from "../../rpc/handlers";
import type { Value, ValueMap } from "../../rpc/value";
import { unknown } from "../../rpc/value";
import { generationOf } from "../generation";
import type { Hosts } from "../hosts";
import { ownerOf } from "../owner";
import type { FirewallChange, FirewallHost } from "./change";
import type { EntryInputs } from "./entry-inputs";
import { readEntryInputs } from "./entry-inputs";
import { importEntry } from "./entry-import";
import { readEntry } from "./entry-reading";
import type { FirewallFleet, FirewallOutcome } from "./fleet";
import { hitsValue, unusedSentence } from "./hits-value";
import type { FirewallPreview } from "./preview";

/** What makes one kind of entry. */
export interface EntryKind<Spec extends PolicySpec | MemberSpec> {
  readonly token: string;
  readonly kind: FirewallChange["kind"];
  /** Its place in a host's document. */
  readonly key: (spec: Spec) => string;
  /** As messages and ids name it. */
  readonly noun: string;
  /** Properties of `spec` whose change makes it another thing. */
  readonly identity: readonly (keyof Spec & string)[];
  /** Throws what is wrong with it. */
  readonly check: (spec: Spec) => void;
}

/** A policy or a labelled endpoint, on all hosts that have to know it. */
export class EntryResource<Spec extends PolicySpec | MemberSpec> implements CustomResourceHandler {
  readonly token: string;
  private readonly diffSpec: DiffSpec;

  constructor(
    private readonly kind: EntryKind<Spec>,
    private readonly hosts: Hosts,
    private readonly fleet: FirewallFleet,
    private readonly preview: FirewallPreview,
  ) {
    this.token = kind.token;
    const identity = kind.identity.map((name) => [name, { replaceOnChanges: true }] as const);
    this.diffSpec = { properties: { spec: { properties: Object.fromEntries(identity) } } };
  }

  check(_context: CallContext, { urn, news }: CheckRequest): Promise<CheckResult> {
    const { reader, parsed } = this.readInputs(news);
    if (parsed !== undefined) this.preview.note(this.change(urn, parsed.spec, undefined), parsed.hosts);
    return Promise.resolve({ inputs: news, failures: reader.problems.list });
  }

  diff(_context: CallContext, { olds, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const result = diffInputs(this.diffSpec, oldInputs, news, ignoreChanges);
    const wrong = ["drift", "pending"].filter((name) => listOf(olds[name]).length > 0);
    if (wrong.length === 0) return Promise.resolve(result);
    const repairs = wrong.map((name) => [name, { kind: "delete", inputDiff: false } as const] as const);
    return Promise.resolve({ ...result, changes: true, detailedDiff: new Map([...result.detailedDiff, ...repairs]) });
  }

  async create(context: CallContext, { urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const parsed = this.parse(inputs);
    if (parsed === undefined) {
      sayUnknown(context);
      return { id: unknown, outputs: { generation: unknown, ...settledOutputs } };
    }
    if (preview) {
      await this.preview.look(context, this.change(urn, parsed.spec, undefined), parsed.hosts);
      return { id: unknown, outputs: { generation: unknown, ...settledOutputs } };
    }
    const id = this.idOf(parsed);
    const outcome = await this.fleet.change(context, this.change(urn, parsed.spec, undefined), parsed.hosts);
    return { id, outputs: this.outputs(id, inputs, outcome) };
  }

  async update(context: CallContext, request: UpdateRequest): Promise<ValueMap> {
    const { urn, id, olds, oldInputs, news, preview } = request;
    const parsed = this.parse(news);
    const generation = generationOf(olds);
    if (parsed === undefined) {
      sayUnknown(context);
      return { generation: unknown, ...settledOutputs };
    }
    const change = { ...this.change(urn, parsed.spec, generation), repair: listOf(olds["drift"]).length > 0 };
    if (preview) {
      await this.preview.look(context, change, parsed.hosts);
      return { generation: unknown, ...settledOutputs };
    }
    const [outcome] = await Promise.all([
      this.fleet.change(context, change, parsed.hosts),
      this.leave(context, urn, oldInputs, parsed.hosts, generation),
    ]);
    return this.outputs(id, news, outcome);
  }

  /** What is no longer among the hosts forgets it. */
  private async leave(
    context: CallContext,
    urn: string,
    oldInputs: ValueMap,
    staying: readonly FirewallHost[],
    generation: number | undefined,
  ): Promise<void> {
    const before = this.readInputs(oldInputs).parsed;
    if (before === undefined) return;
    const uris = new Set(staying.map(({ uri }) => uri));
    const gone = before.hosts.filter(({ uri }) => !uris.has(uri));
    await this.remove(context, this.removal(urn, before.spec, generation), gone);
  }

  async read(context: CallContext, { urn, id, inputs, state }: ReadRequest): Promise<ReadResult> {
    if (inputs === undefined || inputs["spec"] === undefined)
      return importEntry(context, this.hosts, this.kind, urn, id);
    const parsed = this.parse(inputs);
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    const generation = generationOf(state ?? {});
    const change = this.change(urn, parsed.spec, generation);
    const found = await readEntry(context, this.hosts, change, parsed.hosts);
    if (found === undefined) return undefined;
    for (const { host, sentence, advice } of found.drift)
      context.log("warning", `host ${host}: ${sentence}. ${advice}`);
    for (const { host, sentence } of found.notes) context.log("info", `host ${host}: ${sentence}`);
    const drift = found.drift.map(({ host, sentence }) => `${host}: ${sentence}`);
    const unused = unusedSentence(found.hits, Date.now() / 1000);
    if (unused !== undefined) context.log("info", `rules of ${change.label} that ${unused}`);
    const hits = this.kind.kind === "policy" ? { hits: hitsValue(found.hits) } : {};
    return { id, inputs, outputs: { generation: found.generation, drift, pending: [], ...hits } };
  }

  async delete(context: CallContext, { urn, inputs, outputs }: DeleteRequest): Promise<void> {
    const parsed = this.parse(inputs);
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    this.preview.forget(this.change(urn, parsed.spec, undefined), parsed.hosts);
    await this.remove(context, this.removal(urn, parsed.spec, generationOf(outputs)), parsed.hosts);
  }

  private async remove(context: CallContext, change: FirewallChange, hosts: readonly FirewallHost[]): Promise<void> {
    const asked = hosts.filter(({ name, connection }) => {
      if (!this.hosts.isRetired(connection)) return true;
      context.log("warning", `host ${name} is retired: ${change.label} stays in its firewall`);
      return false;
    });
    if (asked.length === 0) return;
    const { missed } = await this.fleet.change(context, change, asked);
    const [first] = missed;
    if (first === undefined) return;
    const { remedy = "run again when it is back", ...rest } = first.error.detail;
    const retire = "if it is gone for good, keep its Host in the program with retired: true for one run";
    throw new SdnError({ ...rest, resource: change.label, remedy: `${remedy}; ${retire}` });
  }

  private readInputs(inputs: ValueMap): ReturnType<typeof readEntryInputs<Spec>> {
    return readEntryInputs<Spec>(inputs, this.kind.check);
  }

  /** `undefined` while something is unknown. Throws all problems at once. */
  private parse(inputs: ValueMap): EntryInputs<Spec> | undefined {
    const { reader, parsed } = this.readInputs(inputs);
    reader.problems.throwIfAny();
    return parsed;
  }

  private change(urn: string, spec: Spec, expected: number | undefined): FirewallChange {
    const { kind, noun, key } = this.kind;
    const label = `${noun} ${spec.label}`;
    // A kind's spec is the one of its changes.
    return { kind, key: key(spec), owner: ownerOf(urn), label, expected, repair: false, spec } as FirewallChange;
  }

  private removal(urn: string, spec: Spec, expected: number | undefined): FirewallChange {
    return { ...this.change(urn, spec, expected), spec: undefined };
  }

  private idOf({ hosts, spec }: EntryInputs<Spec>): string {
    return `${hosts.map(({ uri }) => uri).join(",")}#${this.kind.kind}-${this.kind.key(spec)}`;
  }

  /** Hosts that were missed are told apart from a failure: the others have it, and the next run goes on. */
  private outputs(id: string, inputs: ValueMap, { generation, missed }: FirewallOutcome): ValueMap {
    const pending = missed.map(({ host }) => host.name);
    const outputs = { generation, ...settledOutputs, pending };
    if (pending.length === 0) return outputs;
    throw new PartialFailure(
      id,
      inputs,
      outputs,
      missed.map(({ error }) => error.message),
    );
  }
}

/** Inputs are not said again: the state has them, and of a large fleet its connections are most of it. */
const settledOutputs = { drift: [], pending: [] } as const;

/** Nothing is guessed. */
function sayUnknown(context: CallContext): void {
  context.log(
    "info",
    "something that it names is known only after other changes, so what it opens and closes is unknown",
  );
}

const listOf = (value: Value | undefined): readonly Value[] =>
  Array.isArray(value) ? (value as readonly Value[]) : [];
