/** A client of the provider protocol with promises, and readers of its error details. */
import { credentials } from "@grpc/grpc-js";
import type { ClientUnaryCall, ServiceError } from "@grpc/grpc-js";
import { InputPropertiesError } from "@pulumi/pulumi/proto/errors_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { type Empty } from "google-protobuf/google/protobuf/empty_pb";

import { channelOptions } from "../../provider/src/rpc/channel";
import { decodeStruct } from "../../provider/src/rpc/codec";
import type { ValueMap } from "../../provider/src/rpc/value";

/** Aborting the signal cancels the call, as the engine does. */
type Rpc<Request, Response> = (request: Request, signal?: AbortSignal) => Promise<Response>;

export interface ProviderClient {
  readonly handshake: Rpc<pb.ProviderHandshakeRequest, pb.ProviderHandshakeResponse>;
  readonly attach: Rpc<PluginAttach, Empty>;
  readonly getPluginInfo: Rpc<Empty, PluginInfo>;
  readonly getSchema: Rpc<pb.GetSchemaRequest, pb.GetSchemaResponse>;
  readonly getMapping: Rpc<pb.GetMappingRequest, pb.GetMappingResponse>;
  readonly getMappings: Rpc<pb.GetMappingsRequest, pb.GetMappingsResponse>;
  readonly parameterize: Rpc<pb.ParameterizeRequest, pb.ParameterizeResponse>;
  readonly checkConfig: Rpc<pb.CheckRequest, pb.CheckResponse>;
  readonly diffConfig: Rpc<pb.DiffRequest, pb.DiffResponse>;
  readonly configure: Rpc<pb.ConfigureRequest, pb.ConfigureResponse>;
  readonly check: Rpc<pb.CheckRequest, pb.CheckResponse>;
  readonly diff: Rpc<pb.DiffRequest, pb.DiffResponse>;
  readonly create: Rpc<pb.CreateRequest, pb.CreateResponse>;
  readonly read: Rpc<pb.ReadRequest, pb.ReadResponse>;
  readonly update: Rpc<pb.UpdateRequest, pb.UpdateResponse>;
  readonly delete: Rpc<pb.DeleteRequest, Empty>;
  readonly construct: Rpc<pb.ConstructRequest, pb.ConstructResponse>;
  readonly invoke: Rpc<pb.InvokeRequest, pb.InvokeResponse>;
  readonly call: Rpc<pb.CallRequest, pb.CallResponse>;
  readonly cancel: Rpc<Empty, Empty>;
  /** Rejects with the error of the stream, else resolves with what it carried. */
  list(request: pb.ListRequest): Promise<readonly pb.ListResponse[]>;
  close(): void;
}

/** `address` is `host:port`. */
export function connectProvider(address: string): ProviderClient {
  const client = new ResourceProviderClient(address, credentials.createInsecure(), channelOptions);
  return {
    handshake: rpc((request, done) => client.handshake(request, done)),
    attach: rpc((request, done) => client.attach(request, done)),
    getPluginInfo: rpc((request, done) => client.getPluginInfo(request, done)),
    getSchema: rpc((request, done) => client.getSchema(request, done)),
    getMapping: rpc((request, done) => client.getMapping(request, done)),
    getMappings: rpc((request, done) => client.getMappings(request, done)),
    parameterize: rpc((request, done) => client.parameterize(request, done)),
    checkConfig: rpc((request, done) => client.checkConfig(request, done)),
    diffConfig: rpc((request, done) => client.diffConfig(request, done)),
    configure: rpc((request, done) => client.configure(request, done)),
    check: rpc((request, done) => client.check(request, done)),
    diff: rpc((request, done) => client.diff(request, done)),
    create: rpc((request, done) => client.create(request, done)),
    read: rpc((request, done) => client.read(request, done)),
    update: rpc((request, done) => client.update(request, done)),
    delete: rpc((request, done) => client.delete(request, done)),
    construct: rpc((request, done) => client.construct(request, done)),
    invoke: rpc((request, done) => client.invoke(request, done)),
    call: rpc((request, done) => client.call(request, done)),
    cancel: rpc((request, done) => client.cancel(request, done)),
    list: (request) =>
      new Promise((resolve, reject) => {
        const found: pb.ListResponse[] = [];
        const stream = client.list(request);
        stream.on("data", (item: pb.ListResponse) => found.push(item));
        stream.on("error", reject);
        stream.on("end", () => resolve(found));
      }),
    close: () => client.close(),
  };
}

function rpc<Request, Response>(
  start: (request: Request, done: (error: ServiceError | null, response: Response) => void) => ClientUnaryCall,
): Rpc<Request, Response> {
  return (request, signal) =>
    new Promise((resolve, reject) => {
      const call = start(request, (error, response) => (error === null ? resolve(response) : reject(error)));
      signal?.addEventListener("abort", () => call.cancel(), { once: true });
    });
}

/** A failed call, read as the engine reads it. */
export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly inputErrors: readonly { readonly property: string; readonly reason: string }[];
  readonly initFailed:
    | {
        readonly id: string;
        readonly inputs: ValueMap;
        readonly outputs: ValueMap;
        readonly reasons: readonly string[];
      }
    | undefined;
}

/** Waits for a call to fail; throws where it does not. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown as ServiceError,
  );
  if (error === undefined) throw new Error("the call did not fail");
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const details = bytes === undefined ? [] : Status.deserializeBinary(bytes as Buffer).getDetailsList();
  const inputs = details.map((any) =>
    any.unpack(InputPropertiesError.deserializeBinary, "pulumirpc.InputPropertiesError"),
  );
  const [init] = details.map((any) =>
    any.unpack(pb.ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed"),
  );
  return {
    code: error.code,
    message: error.details,
    inputErrors: inputs
      .flatMap((detail) => detail?.getErrorsList() ?? [])
      .map((item) => ({ property: item.getPropertyPath(), reason: item.getReason() })),
    initFailed: init ? readInitFailed(init) : undefined,
  };
}

function readInitFailed(init: pb.ErrorResourceInitFailed): NonNullable<Failure["initFailed"]> {
  return {
    id: init.getId(),
    inputs: decodeStruct(init.getInputs()),
    outputs: decodeStruct(init.getProperties()),
    reasons: init.getReasonsList(),
  };
}
