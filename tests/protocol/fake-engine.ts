/** An engine as far as a provider sees it: it takes log lines. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

export interface FakeEngine {
  /** `host:port`. */
  readonly address: string;
  /** Every line so far, ephemeral ones too, in the order of arrival. */
  readonly logs: readonly LogRequest.AsObject[];
  close(): void;
}

export async function startEngine(): Promise<FakeEngine> {
  const logs: LogRequest.AsObject[] = [];
  const server = new Server();
  const service: Pick<IEngineServer, "log"> = {
    log: (call, respond) => {
      logs.push(call.request.toObject());
      respond(null, new Empty());
    },
  };
  server.addService(EngineService, { ...service });
  return { address: await bind(server), logs, close: () => server.forceShutdown() };
}

/** Binds a server to a free port of 127.0.0.1. */
export function bind(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}
