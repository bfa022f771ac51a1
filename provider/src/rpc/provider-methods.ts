/** What concerns the provider as a whole: handshake, schema, configuration, functions. */
import { status } from "@grpc/grpc-js";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { SdnError } from "../model/error";
import { decodeStruct, encodeStruct } from "./codec";
import { diffInputs } from "./diff";
import { Unimplemented } from "./errors";
import { withoutValue } from "./failure-paths";
import type { CheckFailure } from "./handlers";
import { checkFailures, checkResponse, diffResponse } from "./responses";
import type { Session } from "./session";
import { handlerOf } from "./tokens";
import type { Method } from "./unary";

export class ProviderMethods {
  constructor(private readonly session: Session) {}

  readonly handshake = (request: pb.ProviderHandshakeRequest): pb.ProviderHandshakeResponse => {
    this.session.attach(request.getEngineAddress());
    return new pb.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true).setAcceptOutputs(true);
  };

  readonly attach = (request: PluginAttach): Empty => {
    this.session.attach(request.getAddress());
    return new Empty();
  };

  readonly getPluginInfo = (): PluginInfo => new PluginInfo().setVersion(this.session.handlers.version);

  readonly getSchema = (request: pb.GetSchemaRequest): pb.GetSchemaResponse => {
    if (request.getVersion() !== 0) {
      throw new SdnError({
        code: "invalid-input",
        cause: "this version of the schema format is not known",
        value: request.getVersion(),
        remedy: "ask for version 0",
      });
    }
    return new pb.GetSchemaResponse().setSchema(this.session.handlers.schema());
  };

  /** There are no mappings from other ecosystems' providers. */
  readonly getMapping = (): pb.GetMappingResponse => new pb.GetMappingResponse();
  readonly getMappings = (): pb.GetMappingsResponse => new pb.GetMappingsResponse();

  readonly parameterize = (): never => {
    throw new Unimplemented(`the ${this.session.handlers.packageName} provider takes no parameters`);
  };

  readonly call = (request: pb.CallRequest): never => {
    throw new Unimplemented(`resources of ${this.session.handlers.packageName} have no methods: ${request.getTok()}`);
  };

  readonly list = (stream: ServerWritableStream<pb.ListRequest, pb.ListResponse>): void => {
    const { packageName } = this.session.handlers;
    const details = `the ${packageName} provider does not list existing resources; import one by its id`;
    stream.emit("error", { code: status.UNIMPLEMENTED, details });
  };

  /** Answered at once; what is under way ends within 5 s. */
  readonly cancel = (): Empty => {
    this.session.calls.stop();
    return new Empty();
  };

  readonly checkConfig: Method<pb.CheckRequest, pb.CheckResponse> = {
    run: async (request, call) => {
      call.setUrn(request.getUrn());
      const news = decodeStruct(request.getNews());
      call.secrets.learn(news);
      // The engine takes the marks off secrets before it sends the configuration, so any value may be one.
      return checkResponse(
        this.session.handlers.checkConfig(news),
        this.session.peer,
        call.secrets.redact,
        (property) => (property === "" ? "" : withoutValue(property)),
      );
    },
  };

  /** No change of the configuration makes the provider another one, so none replaces what it manages. */
  readonly diffConfig: Method<pb.DiffRequest, pb.DiffResponse> = {
    run: async (request) => {
      const [olds, news] = [decodeStruct(request.getOldInputs()), decodeStruct(request.getNews())];
      return diffResponse(diffInputs({ properties: {} }, olds, news, request.getIgnorechangesList()));
    },
  };

  readonly configure: Method<pb.ConfigureRequest, pb.ConfigureResponse> = {
    run: async (request) => {
      const config = decodeStruct(request.getArgs());
      this.session.configure(config, request.getAcceptsecrets(), request.getAcceptresources());
      const [urn, id] = [request.getUrn() ?? "", request.getId() ?? ""];
      this.session.ownReference = urn === "" || id === "" ? undefined : `${urn}::${id}`;
      this.session.handlers.configure(config);
      return new pb.ConfigureResponse()
        .setSupportspreview(true)
        .setAcceptsecrets(true)
        .setAcceptresources(true)
        .setAcceptoutputs(true);
    },
  };

  readonly invoke: Method<pb.InvokeRequest, pb.InvokeResponse> = {
    run: async (request, call) => {
      const { handlers, peer } = this.session;
      const handler = handlerOf(handlers.functions, request.getTok(), "function", handlers);
      const args = decodeStruct(request.getArgs());
      call.secrets.learn(args);
      const outcome = await handler.invoke(call.context, args).catch(asFailures);
      const response = new pb.InvokeResponse();
      return "result" in outcome
        ? response.setReturn(encodeStruct(outcome.result, peer))
        : response.setFailuresList(checkFailures(outcome.failures, call.secrets.redact));
    },
  };
}

/** A single wrong argument is told in the same way as several. */
function asFailures(thrown: unknown): { readonly failures: readonly CheckFailure[] } {
  if (!(thrown instanceof SdnError) || thrown.code !== "invalid-input") throw thrown;
  const { property, ...rest } = thrown.detail;
  if (property === undefined) throw thrown;
  return { failures: [{ property, reason: new SdnError(rest).message }] };
}
