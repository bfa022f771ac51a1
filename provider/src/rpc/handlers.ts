/** What the protocol layer asks of the provider: one handler a token. The layer knows nothing else about `sdn`. */
import type { Unknown, Value, ValueMap } from "./value";

export type Severity = "debug" | "info" | "warning" | "error";

/** Given to every handler call. */
export interface CallContext {
  /** Aborted when the engine cancels the call, its time-out passes, or the provider is told to stop. */
  readonly signal: AbortSignal;
  /** A line in the engine's log, at the resource where there is one. */
  log(severity: Severity, message: string): void;
  /** A status line that the next one replaces (progress). */
  status(message: string): void;
}

export interface CheckFailure {
  /** Property path in Pulumi's notation. */
  readonly property: string;
  readonly reason: string;
}

export interface CheckRequest {
  readonly urn: string;
  /** Inputs of the last run; `undefined` for a new resource. */
  readonly olds: ValueMap | undefined;
  readonly news: ValueMap;
}

export interface CheckResult {
  readonly inputs: ValueMap;
  readonly failures: readonly CheckFailure[];
}

export interface DiffRequest {
  readonly urn: string;
  readonly id: string;
  /** Outputs of the last run or refresh. */
  readonly olds: ValueMap;
  readonly oldInputs: ValueMap;
  readonly news: ValueMap;
  readonly ignoreChanges: readonly string[];
}

export type PropertyDiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface PropertyDiff {
  readonly kind: PropertyDiffKind;
  /** Whether the difference is between old inputs and new ones (else between state and new inputs). */
  readonly inputDiff: boolean;
}

export interface DiffResult {
  readonly changes: boolean;
  /** Property path → what happens there. */
  readonly detailedDiff: ReadonlyMap<string, PropertyDiff>;
  readonly deleteBeforeReplace: boolean;
}

export interface CreateRequest {
  readonly urn: string;
  readonly inputs: ValueMap;
  readonly preview: boolean;
}

export interface CreateResult {
  /** `unknown` only in a preview. */
  readonly id: string | Unknown;
  readonly outputs: ValueMap;
}

export interface ReadRequest {
  readonly urn: string;
  readonly id: string;
  /** `undefined` in an import. */
  readonly inputs: ValueMap | undefined;
  readonly state: ValueMap | undefined;
}

/** `undefined` as a whole means: the resource does not exist. */
export type ReadResult = { readonly id: string; readonly inputs: ValueMap; readonly outputs: ValueMap } | undefined;

export interface UpdateRequest {
  readonly urn: string;
  readonly id: string;
  readonly olds: ValueMap;
  readonly oldInputs: ValueMap;
  readonly news: ValueMap;
  readonly preview: boolean;
}

export interface DeleteRequest {
  readonly urn: string;
  readonly id: string;
  readonly outputs: ValueMap;
  readonly inputs: ValueMap;
}

/**
 * Thrown by create and update when the resource exists now but is not as asked (initialisation failed):
 * the engine keeps id and state, and the next run tries an update.
 */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly inputs: ValueMap,
    readonly outputs: ValueMap,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join("; "));
    this.name = "PartialFailure";
  }
}

export interface CustomResourceHandler {
  readonly token: string;
  check(context: CallContext, request: CheckRequest): Promise<CheckResult>;
  diff(context: CallContext, request: DiffRequest): Promise<DiffResult>;
  create(context: CallContext, request: CreateRequest): Promise<CreateResult>;
  read(context: CallContext, request: ReadRequest): Promise<ReadResult>;
  /** Returns the new outputs. */
  update(context: CallContext, request: UpdateRequest): Promise<ValueMap>;
  delete(context: CallContext, request: DeleteRequest): Promise<void>;
}

export interface ChildRequest {
  readonly type: string;
  readonly name: string;
  readonly inputs: ValueMap;
  readonly dependencies?: readonly string[];
  /** Old names of this child, so that renaming in a new version is no replacement. */
  readonly aliases?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  /** A child that has no children of its own to wait for ends with its parent's deletion. */
  readonly deletedWith?: string;
  /** The provider that makes it, of another package than ours. Default: the one that the component was given. */
  readonly provider?: string;
}

export interface RegisteredResource {
  readonly urn: string;
  /** `unknown` in preview; empty for a component. */
  readonly id: string | Unknown;
  /** Outputs with unknowns and secrets kept. */
  readonly outputs: ValueMap;
}

export interface ConstructContext extends CallContext {
  /** Name, type and URN of the component itself, already registered with all options that the user gave. */
  readonly name: string;
  readonly urn: string;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  readonly dryRun: boolean;
  /** Registers a custom child (parent: this component, its provider options passed on) and waits for its outputs. */
  child(request: ChildRequest): Promise<RegisteredResource>;
  /** The provider of a package that the user gave to the component. */
  providerOf(packageName: string): string | undefined;
  /** Current outputs of another resource of the stack, unknowns and secrets kept. */
  lookup(urn: string): Promise<RegisteredResource>;
  /** URNs that an input depends on. */
  inputDependencies(property: string): readonly string[];
}

export interface ComponentHandler {
  readonly token: string;
  /**
   * All problems of the inputs, found before anything is registered. The layer refuses the construct with all of them
   * at once.
   */
  check(inputs: ValueMap): readonly CheckFailure[];
  /** Registers the children and returns the component's outputs; the layer registers those. */
  construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap>;
}

export interface FunctionHandler {
  readonly token: string;
  invoke(
    context: CallContext,
    args: ValueMap,
  ): Promise<{ readonly result: ValueMap } | { readonly failures: readonly CheckFailure[] }>;
}

export interface Handlers {
  readonly packageName: string;
  readonly version: string;
  /** The package schema, JSON text; asked for lazily because it is large. */
  schema(): string;
  readonly resources: ReadonlyMap<string, () => CustomResourceHandler>;
  readonly components: ReadonlyMap<string, () => ComponentHandler>;
  readonly functions: ReadonlyMap<string, () => FunctionHandler>;
  /** Provider configuration; every failure at once. */
  checkConfig(news: ValueMap): CheckResult;
  configure(config: ValueMap): void;
  /** Ends what is under way within 5 s and closes connections. */
  close(): Promise<void>;
}

export type { Value, ValueMap };
