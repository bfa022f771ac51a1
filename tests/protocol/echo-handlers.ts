/**
 * Small handlers to test the protocol layer with. `Thing` gives back its inputs; its input `mode` makes it misbehave.
 * `Group` is a component of things. `look` is a function.
 */
import { SdnError } from "../../provider/src/model/error";
import { diffInputs } from "../../provider/src/rpc/diff";
import { PartialFailure } from "../../provider/src/rpc/handlers";
import type {
  CallContext,
  CheckFailure,
  ComponentHandler,
  CustomResourceHandler,
  FunctionHandler,
  Handlers,
} from "../../provider/src/rpc/handlers";
import { OutputValue, unknown } from "../../provider/src/rpc/value";
import type { ValueMap } from "../../provider/src/rpc/value";
import { isList, stripSecrets } from "../../provider/src/rpc/values";

export const thing = "echo:index:Thing";
export const group = "echo:index:Group";
export const look = "echo:index:look";

/** What the handlers saw, for tests to look at. */
export class Witness {
  readonly requests: { readonly method: string; readonly request: object }[] = [];
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  config: ValueMap | undefined;
  closed = false;

  last(method: string): object | undefined {
    return this.requests.findLast((entry) => entry.method === method)?.request;
  }
}

/** Every property whose value is the text `bad`, be it secret, is a failure. */
function badOnes(inputs: ValueMap): readonly CheckFailure[] {
  return Object.entries(stripSecrets(inputs))
    .filter(([, value]) => value === "bad")
    .map(([property]) => ({ property, reason: "must not be bad" }));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new SdnError({ code: "cancelled", cause: "stopped in the middle" }));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

async function behave(context: CallContext, urn: string, inputs: ValueMap, witness: Witness): Promise<void> {
  witness.begun.push(urn);
  const { mode, text } = stripSecrets(inputs) as { readonly mode?: string; readonly text?: string };
  try {
    if (mode === "wait") await aborted(context.signal);
    if (mode === "deaf") await new Promise<never>(() => undefined);
    if (mode === "partial")
      throw new PartialFailure("half-id", inputs, { ...inputs, half: true }, [`one ${String(text)}`, "two"]);
    if (mode === "defect") throw new TypeError(`cannot read ${String(text)}`);
    if (mode === "unreachable") throw new SdnError({ code: "unreachable", host: "h1", cause: "no answer" });
    if (mode === "log") {
      context.log("warning", `first ${String(text)}`);
      context.status(`working on ${String(text)}`);
      context.log("info", "second");
    }
    if (mode === "print") console.log("printed by a library");
  } finally {
    witness.ended.push(urn);
  }
}

function thingHandler(witness: Witness): CustomResourceHandler {
  const saw = (method: string, request: object): number => witness.requests.push({ method, request });
  return {
    token: thing,
    check: async (_, request) => {
      saw("check", request);
      return { inputs: request.news, failures: badOnes(request.news) };
    },
    diff: async (_, request) => {
      saw("diff", request);
      const spec = { properties: { name: { replaceOnChanges: true } }, deleteBeforeReplace: true };
      return diffInputs(spec, request.oldInputs, request.news, request.ignoreChanges);
    },
    create: async (context, request) => {
      saw("create", request);
      await behave(context, request.urn, request.inputs, witness);
      const { preview, inputs } = request;
      return { id: preview ? unknown : "thing-id", outputs: { ...inputs, made: preview ? unknown : "yes" } };
    },
    read: async (_, request) => {
      saw("read", request);
      if (request.id === "gone") return undefined;
      const inputs = request.inputs ?? { found: request.id };
      return { id: request.id, inputs, outputs: { ...inputs, made: "yes" } };
    },
    update: async (context, request) => {
      saw("update", request);
      await behave(context, request.urn, request.news, witness);
      return { ...request.news, made: request.preview ? unknown : "yes" };
    },
    delete: async (context, request) => {
      saw("delete", request);
      await behave(context, request.urn, request.outputs, witness);
    },
  };
}

function groupHandler(): ComponentHandler {
  return {
    token: group,
    check: badOnes,
    construct: async (context, inputs) => {
      if (inputs["refuse"] === true)
        throw new SdnError({ code: "invalid-input", property: "refuse", cause: "was true" });
      context.log("info", `building ${context.name} in ${context.organization}/${context.project}/${context.stack}`);
      const members = isList(inputs["members"]) ? inputs["members"] : [];
      const dependencies = context.inputDependencies("members");
      const children = await Promise.all(
        members.map((value, at) =>
          context.child({
            type: thing,
            name: `${context.name}-${at}`,
            inputs: { value },
            dependencies,
            aliases: [`${context.name}-old-${at}`],
            deleteBeforeReplace: true,
            deletedWith: context.urn,
          }),
        ),
      );
      if (inputs["foreign"] === true) {
        const chosen = context.providerOf("chosen");
        await context.child({ type: "other:a/v1:Thing", name: `${context.name}-other`, inputs: {} });
        await context.child({
          type: "chosen:a/v1:Thing",
          name: `${context.name}-chosen`,
          inputs: {},
          ...(chosen === undefined ? {} : { provider: `${chosen}-by-handler` }),
        });
      }
      const seen = await Promise.all(children.map(({ urn }) => context.lookup(urn)));
      return {
        ids: children.map(({ id }) => id),
        seen: seen.map(({ id, outputs }) => ({ id, ...outputs })),
        first: new OutputValue(
          children[0]?.outputs["value"] ?? null,
          false,
          children.map(({ urn }) => urn).slice(0, 1),
        ),
        self: (await context.lookup(context.urn)).id,
      };
    },
  };
}

function lookHandler(): FunctionHandler {
  return {
    token: look,
    invoke: async (_, args) => {
      if (args["at"] === undefined) throw new SdnError({ code: "invalid-input", property: "at", cause: "is missing" });
      const failures = badOnes(args);
      return failures.length > 0 ? { failures } : { result: { seen: args["at"] } };
    },
  };
}

export function createEchoHandlers(witness: Witness = new Witness()): Handlers {
  return {
    packageName: "echo",
    version: "1.2.3",
    schema: () => JSON.stringify({ name: "echo", version: "1.2.3" }),
    resources: new Map([[thing, () => thingHandler(witness)]]),
    components: new Map([[group, groupHandler]]),
    functions: new Map([[look, lookHandler]]),
    checkConfig: (news) => ({ inputs: news, failures: badOnes(news) }),
    configure: (config) => {
      witness.config = config;
    },
    close: async () => {
      witness.closed = true;
    },
  };
}
