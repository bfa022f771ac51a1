import { SdnError } from "../../../../provider/src/model/error";
import { diffInputs } from "../../../../provider/src/rpc/diff";
import type {
  CallContext,
  CheckFailure,
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
  ValueMap,
} from "../../../../provider/src/rpc/handlers";
import { isValueMap, type Value } from "../../../../provider/src/rpc/value";
import { containsUnknown, isList, stripSecrets } from "../../../../provider/src/rpc/values";
import type { ApplyOptions, KubernetesClient, KubernetesObject } from "../../kubernetes/client";

const replaces = { replaceOnChanges: true };
const identity = {
  properties: {
    apiVersion: replaces,
    kind: replaces,
    metadata: { properties: { name: replaces, namespace: replaces } },
  },
  deleteBeforeReplace: true,
};

/** An object of the cluster, of whichever kind. */
export class KubernetesResource implements CustomResourceHandler {
  constructor(
    readonly token: string,
    private readonly client: KubernetesClient,
  ) {}

  check(_: CallContext, { news }: CheckRequest): Promise<CheckResult> {
    const { apiVersion, kind, metadata } = news;
    const group = text(apiVersion).includes("/") ? "" : "core/";
    const failures: CheckFailure[] = [];
    if (this.token !== `kubernetes:${group}${text(apiVersion)}:${text(kind)}`) {
      failures.push({ property: "kind", reason: `stand-in: ${this.token} is of another kind or version` });
    }
    if (!isValueMap(metadata) || text(metadata["name"]) === "") {
      failures.push({ property: "metadata.name", reason: "stand-in: is required, it makes up no names" });
    }
    return Promise.resolve({ inputs: news, failures });
  }

  /** What of the last known object was asked for, against what is asked for now. */
  diff(_: CallContext, { olds, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const live = pruned(stripSecrets(olds), stripSecrets(oldInputs)) as ValueMap;
    return Promise.resolve(diffInputs(identity, live, stripSecrets(news), ignoreChanges));
  }

  async create(_: CallContext, { inputs, preview }: CreateRequest): Promise<CreateResult> {
    if (preview) return { id: "", outputs: await this.tried(inputs) };
    const object = objectOf(inputs);
    if ((await this.reached(() => this.client.read(object))) !== undefined) {
      throw new SdnError({ code: "conflict", cause: `stand-in: ${nameOf(object)} exists already` });
    }
    return { id: nameOf(object), outputs: await this.applied(object, {}) };
  }

  async read(_: CallContext, { id, inputs, state = {} }: ReadRequest): Promise<ReadResult> {
    const live = await this.reached(() => this.client.read(objectOf(inputs ?? state)));
    if (live === undefined) return undefined;
    const outputs = outputsOf(live);
    return {
      id,
      inputs: inputs === undefined ? outputs : (pruned(outputs, stripSecrets(inputs)) as ValueMap),
      outputs,
    };
  }

  async update(_: CallContext, { news, preview }: UpdateRequest): Promise<ValueMap> {
    return preview ? this.tried(news) : this.applied(objectOf(news), {});
  }

  async delete(_: CallContext, { outputs }: DeleteRequest): Promise<void> {
    await this.reached(() => this.client.remove(objectOf(outputs)));
  }

  /** A preview has the server try it, where there is anything to try; else it shows what was asked for. */
  private async tried(inputs: ValueMap): Promise<ValueMap> {
    if (containsUnknown(inputs)) return inputs;
    const object = objectOf(inputs);
    const path = await this.client.collection(object.apiVersion, object.kind).catch(() => undefined);
    const { namespace } = object.metadata;
    const place = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace ?? "default" } };
    if (path === undefined || (await this.client.read(place)) === undefined) return inputs;
    return this.applied(object, { force: true, dryRun: true });
  }

  private async applied(object: KubernetesObject, options: Partial<ApplyOptions>): Promise<ValueMap> {
    const annotations = object.metadata.annotations ?? {};
    const manager = annotations["pulumi.com/patchFieldManager"] ?? "standin";
    const force = annotations["pulumi.com/patchForce"] === "true";
    return outputsOf(await this.reached(() => this.client.apply(object, { manager, force, ...options })));
  }

  /** A cluster that does not answer is an error. */
  private async reached<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown.message : String(thrown);
      const isGone = /ECONN|ETIMEDOUT|socket hang up|does not answer/.test(cause);
      const place = isGone ? "configured Kubernetes cluster is unreachable: " : "";
      throw new SdnError({ code: isGone ? "unreachable" : "remote-failure", cause: `stand-in: ${place}${cause}` });
    }
  }
}

const objectOf = (inputs: ValueMap): KubernetesObject => stripSecrets(inputs) as unknown as KubernetesObject;

function outputsOf(object: KubernetesObject): ValueMap {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata } as unknown as ValueMap;
}

const nameOf = ({ metadata: { name, namespace } }: KubernetesObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");

/** The parts of a live value that a shape speaks of. */
function pruned(live: Value, shape: Value): Value {
  if (isList(live) && isList(shape)) return live.map((item, at) => pruned(item, shape[at] ?? item));
  if (!isValueMap(live) || !isValueMap(shape)) return live;
  return Object.fromEntries(
    Object.entries(live).flatMap(([key, value]) => {
      const wanted = shape[key];
      return wanted === undefined ? [] : [[key, pruned(value, wanted)] as const];
    }),
  );
}
