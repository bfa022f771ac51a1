/** The life of a custom resource: Check, Diff, Create, Read, Update, Delete. */
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";

import { SdnError } from "../model/error";
import { decodeStruct, encodeStruct } from "./codec";
import { resourceFailurePath } from "./failure-paths";
import type { CustomResourceHandler } from "./handlers";
import type { CallNature, TimeLimit } from "./in-flight";
import { checkResponse, diffResponse } from "./responses";
import type { Session } from "./session";
import { handlerOf, typeOfUrn } from "./tokens";
import type { Call, Method } from "./unary";
import type { ValueMap } from "./value";

interface Addressed {
  getUrn(): string;
  getType(): string;
}

export class ResourceMethods {
  constructor(private readonly session: Session) {}

  readonly check: Method<pb.CheckRequest, pb.CheckResponse> = {
    run: async (request, call) => {
      const { handler, urn } = this.begin(request, call);
      const [olds, news] = [presentMap(request.getOlds()), decodeStruct(request.getNews())];
      call.secrets.learn(olds ?? {}, news);
      const result = await handler.check(call.context, { urn, olds, news });
      // Whether the engine prints from what it sent or from what it gets back, neither may show a secret.
      const path = (property: string): string =>
        resourceFailurePath(resourceFailurePath(property, news), result.inputs);
      return checkResponse(result, this.session.peer, call.secrets.redact, path);
    },
  };

  readonly diff: Method<pb.DiffRequest, pb.DiffResponse> = {
    run: async (request, call) => {
      const { handler, urn } = this.begin(request, call);
      const [olds, oldInputs] = [decodeStruct(request.getOlds()), decodeStruct(request.getOldInputs())];
      const news = decodeStruct(request.getNews());
      call.secrets.learn(olds, oldInputs, news);
      const ignoreChanges = request.getIgnorechangesList();
      return diffResponse(
        await handler.diff(call.context, { urn, id: request.getId(), olds, oldInputs, news, ignoreChanges }),
      );
    },
  };

  readonly create: Method<pb.CreateRequest, pb.CreateResponse> = {
    nature: (request) => changing("create", request.getTimeout(), request.getPreview()),
    run: async (request, call) => {
      const { handler, urn } = this.begin(request, call);
      const [inputs, preview] = [decodeStruct(request.getProperties()), request.getPreview()];
      call.secrets.learn(inputs);
      const { id, outputs } = await handler.create(call.context, { urn, inputs, preview });
      const known = typeof id === "string" ? id : "";
      if (!preview && known === "") throw defect(urn, "its id is not known after it was created");
      return new pb.CreateResponse().setId(known).setProperties(encodeStruct(outputs, this.session.peer));
    },
  };

  readonly read: Method<pb.ReadRequest, pb.ReadResponse> = {
    nature: (request) => ({ limit: limitOf("read", request.getTimeout()), changes: false }),
    run: async (request, call) => {
      const { handler, urn } = this.begin(request, call);
      const [inputs, state] = [presentMap(request.getInputs()), presentMap(request.getProperties())];
      call.secrets.learn(inputs ?? {}, state ?? {});
      const found = await handler.read(call.context, { urn, id: request.getId(), inputs, state });
      const response = new pb.ReadResponse();
      // An empty id is how the protocol says that the resource does not exist.
      if (found === undefined) return response;
      const { peer } = this.session;
      return response
        .setId(found.id)
        .setInputs(encodeStruct(found.inputs, peer))
        .setProperties(encodeStruct(found.outputs, peer));
    },
  };

  readonly update: Method<pb.UpdateRequest, pb.UpdateResponse> = {
    nature: (request) => changing("update", request.getTimeout(), request.getPreview()),
    run: async (request, call) => {
      const { handler, urn } = this.begin(request, call);
      const [olds, oldInputs] = [decodeStruct(request.getOlds()), decodeStruct(request.getOldInputs())];
      const [news, preview] = [decodeStruct(request.getNews()), request.getPreview()];
      call.secrets.learn(olds, oldInputs, news);
      const outputs = await handler.update(call.context, { urn, id: request.getId(), olds, oldInputs, news, preview });
      return new pb.UpdateResponse().setProperties(encodeStruct(outputs, this.session.peer));
    },
  };

  readonly delete: Method<pb.DeleteRequest, Empty> = {
    nature: (request) => changing("delete", request.getTimeout(), false),
    run: async (request, call) => {
      const { handler, urn } = this.begin(request, call);
      const [outputs, inputs] = [decodeStruct(request.getProperties()), decodeStruct(request.getOldInputs())];
      call.secrets.learn(outputs, inputs);
      await handler.delete(call.context, { urn, id: request.getId(), outputs, inputs });
      return new Empty();
    },
  };

  private begin(request: Addressed, call: Call): { handler: CustomResourceHandler; urn: string } {
    const urn = request.getUrn();
    call.setUrn(urn);
    const { handlers } = this.session;
    const token = request.getType() === "" ? typeOfUrn(urn) : request.getType();
    return { handler: handlerOf(handlers.resources, token, "resource", handlers), urn };
  }
}

/** The engine sends an empty map where it has none: for a new resource in Check, in an import in Read. */
function presentMap(struct: Struct | undefined): ValueMap | undefined {
  const map = decodeStruct(struct);
  return Object.keys(map).length === 0 ? undefined : map;
}

function changing(option: TimeLimit["option"], seconds: number, preview: boolean): CallNature {
  return { limit: limitOf(option, seconds), changes: !preview };
}

/** 0 is how the protocol says that there is no limit. */
function limitOf(option: TimeLimit["option"], seconds: number): TimeLimit | undefined {
  return seconds > 0 ? { option, seconds } : undefined;
}

function defect(resource: string, cause: string): SdnError {
  return new SdnError({ code: "internal", resource, cause });
}
