/** As much of Pulumi's engine as the handlers can tell: state, check, diff, preview, refresh and destroy. */
import { PartialFailure } from "../../provider/src/rpc/handlers";
import type { ChildRequest, ConstructContext, Handlers, RegisteredResource } from "../../provider/src/rpc/handlers";
import type { ValueMap } from "../../provider/src/rpc/value";
import { ResourceReference, Unknown, unknown } from "../../provider/src/rpc/value";
import { containsUnknown, deepEqual } from "../../provider/src/rpc/values";
import { FakeCall } from "./world";

export interface Stored {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: ValueMap;
  readonly outputs: ValueMap;
  /** Whether its making failed half-way: the next run updates it, whatever its inputs say. */
  readonly unfinished?: boolean;
}

export type Program = (run: Run) => Promise<void>;

export class InvalidInputs extends Error {
  constructor(
    readonly urn: string,
    readonly failures: readonly { readonly property: string; readonly reason: string }[],
  ) {
    super(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  }
}

export class Engine {
  /** In the order of creation. */
  readonly state: Map<string, Stored>;
  private readonly going = new Set<Promise<unknown>>();
  /** What users give to components with the option `providers`, by package. */
  readonly providers: Readonly<Record<string, string>> = { kubernetes: "urn:of:a:provider::id" };

  constructor(
    readonly handlers: Handlers,
    readonly project = "shop",
    readonly stack = "dev",
    state: ReadonlyMap<string, Stored> = new Map(),
  ) {
    this.state = new Map(state);
  }

  /** After a failure: what was under way meanwhile is through. */
  async settled(): Promise<void> {
    while (this.going.size > 0) await Promise.allSettled([...this.going]);
  }

  follow<T>(work: Promise<T>): Promise<T> {
    this.going.add(work);
    const done = (): void => void this.going.delete(work);
    work.then(done, done);
    return work;
  }

  async up(program: Program): Promise<Run> {
    const run = new Run(this, false);
    await program(run).catch((thrown: unknown) => {
      run.over = true;
      throw thrown;
    });
    for (const stored of [...this.state.values()].reverse())
      if (!run.seen.has(stored.urn)) await this.remove(stored, run);
    return run;
  }

  async preview(program: Program): Promise<Run> {
    const run = new Run(this, true);
    await program(run);
    return run;
  }

  /** Reads every resource; the ones that are gone leave the state. */
  async refresh(): Promise<FakeCall> {
    const call = new FakeCall();
    await Promise.all(
      [...this.state.values()].map(async ({ urn, type, id, inputs, outputs }) => {
        const read = await this.resource(type).read(call, { urn, id, inputs, state: outputs });
        if (read === undefined) this.state.delete(urn);
        else this.state.set(urn, { urn, type, ...read });
      }),
    );
    return call;
  }

  async destroy(): Promise<Run> {
    return this.up(() => Promise.resolve());
  }

  private async remove(stored: Stored, run: Run): Promise<void> {
    await this.resource(stored.type).delete(run.call, stored);
    run.done.push(`delete ${nameIn(stored.urn)}`);
    this.state.delete(stored.urn);
  }

  resource(type: string): ReturnType<NonNullable<ReturnType<Handlers["resources"]["get"]>>> {
    const make = type.startsWith("kubernetes:") ? () => otherPackage(type) : this.handlers.resources.get(type);
    if (make === undefined) throw new Error(`no resource ${type}`);
    return make();
  }
}

/** A resource of another package's provider, as far as we can tell: what it is given is there. */
const otherPackage = (token: string): ReturnType<NonNullable<ReturnType<Handlers["resources"]["get"]>>> => ({
  token,
  check: (_, { news }) => Promise.resolve({ inputs: news, failures: [] }),
  diff: (_, { oldInputs, news }) => {
    const changes = !deepEqual(oldInputs, news);
    const detailedDiff = new Map(changes ? [["spec", { kind: "update", inputDiff: true } as const]] : []);
    return Promise.resolve({ changes, detailedDiff, deleteBeforeReplace: false });
  },
  create: (_, { urn, inputs }) => Promise.resolve({ id: urn, outputs: inputs }),
  read: (_, { id, inputs = {}, state = {} }) => Promise.resolve({ id, inputs, outputs: state }),
  update: (_, { news }) => Promise.resolve(news),
  delete: () => Promise.resolve(),
});

/** `Segment web-h1` of a URN. */
export const nameIn = (urn: string): string => urn.replace(/^.*:([A-Za-z]+)::/, "$1 ");

/** One `up` or `preview`. */
export class Run {
  /** `create`, `update`, `replace` or `delete` and the resource; what stays the same is not in it. */
  readonly done: string[] = [];
  readonly seen = new Set<string>();
  readonly outputs = new Map<string, RegisteredResource>();
  readonly call = new FakeCall();
  /** After a failure the engine begins nothing new. */
  over = false;

  constructor(
    private readonly engine: Engine,
    readonly preview: boolean,
  ) {}

  /** Registers a resource of the program; its reference, as other resources take it. */
  async add(type: string, name: string, inputs: ValueMap): Promise<ResourceReference> {
    const made = await this.register(type, type, name, inputs);
    return new ResourceReference(made.urn, made.id, "");
  }

  outputsOf(reference: ResourceReference): ValueMap {
    return this.outputs.get(reference.urn)?.outputs ?? {};
  }

  private async register(type: string, path: string, name: string, inputs: ValueMap): Promise<RegisteredResource> {
    const urn = `urn:pulumi:${this.engine.stack}::${this.engine.project}::${path}::${name}`;
    if (this.over) throw new Error("the run has failed and is over");
    if (this.seen.has(urn)) throw new Error(`Duplicate resource URN ${urn}`);
    this.seen.add(urn);
    const component = this.engine.handlers.components.get(type)?.();
    const made =
      component === undefined
        ? await this.engine.follow(this.custom(urn, type, inputs))
        : { urn, id: "", outputs: await this.construct(component, urn, path, name, inputs) };
    this.outputs.set(urn, made);
    return made;
  }

  private async construct(
    component: ReturnType<NonNullable<ReturnType<Handlers["components"]["get"]>>>,
    urn: string,
    path: string,
    name: string,
    inputs: ValueMap,
  ): Promise<ValueMap> {
    const failures = component.check(inputs);
    if (failures.length > 0) throw new InvalidInputs(urn, failures);
    const context: ConstructContext = {
      signal: this.call.signal,
      log: (severity, message) => {
        this.call.log(severity, message);
      },
      status: () => undefined,
      name,
      urn,
      project: this.engine.project,
      stack: this.engine.stack,
      organization: "organization",
      dryRun: this.preview,
      child: (request: ChildRequest) =>
        this.register(request.type, `${path}$${request.type}`, request.name, request.inputs),
      lookup: (other) => {
        const found = this.outputs.get(other);
        return found === undefined ? Promise.reject(new Error(`no resource ${other}`)) : Promise.resolve(found);
      },
      inputDependencies: () => [],
      providerOf: (packageName) => this.engine.providers[packageName],
    };
    return component.construct(context, inputs);
  }

  private async custom(urn: string, type: string, news: ValueMap): Promise<RegisteredResource> {
    const { call, preview, engine } = this;
    const handler = engine.resource(type);
    const old = engine.state.get(urn);
    const { inputs, failures } = await handler.check(call, { urn, olds: old?.inputs, news });
    if (failures.length > 0) throw new InvalidInputs(urn, failures);
    if (!preview && containsUnknown(inputs)) throw new Error(`${urn} has unknown inputs outside of a preview`);
    if (old === undefined) return this.create(urn, type, inputs);
    const { id } = old;
    const asked = { urn, id, olds: old.outputs, oldInputs: old.inputs, news: inputs };
    const diff = await handler.diff(call, { ...asked, ignoreChanges: [] });
    if (!diff.changes && old.unfinished !== true) return old;
    if ([...diff.detailedDiff.values()].some(({ kind }) => kind.endsWith("-replace"))) {
      this.done.push(`replace ${nameIn(urn)}`);
      if (!preview) await handler.delete(call, old);
      return this.create(urn, type, inputs, false);
    }
    this.done.push(`update ${nameIn(urn)}: ${[...diff.detailedDiff.keys()].join(" ")}`);
    const outputs = await handler.update(call, { ...asked, preview }).catch(this.halfDone(urn, type));
    if (!preview) engine.state.set(urn, { urn, type, id, inputs, outputs });
    return { urn, id, outputs };
  }

  private async create(urn: string, type: string, inputs: ValueMap, note = true): Promise<RegisteredResource> {
    const { preview, engine } = this;
    if (note) this.done.push(`create ${nameIn(urn)}`);
    const { id, outputs } = await engine
      .resource(type)
      .create(this.call, { urn, inputs, preview })
      .catch(this.halfDone(urn, type));
    if (preview) return { urn, id: unknown, outputs };
    if (id instanceof Unknown || containsUnknown(outputs)) throw new Error(`${urn} has unknown outputs`);
    engine.state.set(urn, { urn, type, id, inputs, outputs });
    return { urn, id, outputs };
  }

  /** What exists now but is not as asked is kept, and the next run goes on with it. */
  private halfDone(urn: string, type: string): (thrown: unknown) => never {
    return (thrown) => {
      if (thrown instanceof PartialFailure) {
        const { id, inputs, outputs } = thrown;
        this.engine.state.set(urn, { urn, type, id, inputs, outputs, unfinished: true });
      }
      throw thrown;
    };
  }
}
