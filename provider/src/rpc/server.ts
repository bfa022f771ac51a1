/** The provider's gRPC server. */
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";

import { channelOptions } from "./channel";
import type { Handlers, Severity } from "./handlers";
import { providerService } from "./provider-service";
import { Session } from "./session";

export interface ServeOptions {
  /** `host:port` of the engine, where it is known before the handshake. */
  readonly engineAddress?: string | undefined;
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
}

export interface Server {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** A line in the engine's log that belongs to no call. */
  log(severity: Severity, message: string): Promise<void>;
  /** Ends every call and the handlers within 5 s, then the server. Can be called again. */
  close(): Promise<void>;
}

/** Milliseconds for the calls under way, and for the handlers, to end. */
const shutdownDeadline = 4500;
/** Milliseconds for the last answers to leave. */
const replyDeadline = 200;

/** Serves the provider protocol on 127.0.0.1. Rejects where the port is taken. */
export async function serve(handlers: Handlers, options: ServeOptions = {}): Promise<Server> {
  const session = new Session(handlers);
  if (options.engineAddress !== undefined) session.attach(options.engineAddress);
  const server = new GrpcServer(channelOptions);
  server.addService(ResourceProviderService, providerService(session));
  const port = await listen(server, options.port ?? 0);
  let closing: Promise<void> | undefined;
  return {
    port,
    log: async (severity, message) => {
      session.log.line(severity, session.secrets.redact(message), "");
      await session.log.flush();
    },
    close: () => (closing ??= shutDown(server, session)),
  };
}

function listen(server: GrpcServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

async function shutDown(server: GrpcServer, session: Session): Promise<void> {
  session.calls.stop();
  await within(shutdownDeadline, Promise.all([session.calls.idle(), session.handlers.close()]));
  // The engine keeps its connection open: it is given the time to read the last answers, not the time to hang up.
  await within(replyDeadline, new Promise<void>((resolve) => server.tryShutdown(() => resolve())));
  server.forceShutdown();
  session.log.close();
}

/** Ends with `work`, however it ends, or when the time is over. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
