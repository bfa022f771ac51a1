/** Makes a gRPC method of an async function: abort signal, time limit, log, errors, redaction. */
import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";

import { grpcFailure } from "./errors";
import type { CallContext, Severity } from "./handlers";
import { callCancelled } from "./in-flight";
import type { CallNature } from "./in-flight";
import { Redactor } from "./redactor";
import type { Session } from "./session";

/** One call while it is worked on. */
export interface Call {
  readonly context: CallContext;
  /** Knows the secrets of this call, as soon as they were given to `learn`. */
  readonly secrets: Redactor;
  /** The resource that log lines belong to, from now on. */
  setUrn(urn: string): void;
}

export interface Method<Request, Response> {
  /** Asked once a call. Default: no limit, changes nothing. */
  readonly nature?: (request: Request) => CallNature;
  readonly run: (request: Request, call: Call) => Promise<Response>;
}

export function unary<Request, Response>(
  session: Session,
  method: Method<Request, Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const secrets = new Redactor(session.secrets);
    answer(session, method, call, secrets).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(grpcFailure(thrown, secrets.redact, session.peer)),
    );
  };
}

/** A method that has its answer at hand, whatever the provider has been told. */
export function immediate<Request, Response>(
  session: Session,
  respond: (request: Request) => Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    let response: Response;
    try {
      response = respond(call.request);
    } catch (thrown) {
      callback(grpcFailure(thrown, session.secrets.redact, session.peer));
      return;
    }
    callback(null, response);
  };
}

async function answer<Request, Response>(
  session: Session,
  method: Method<Request, Response>,
  call: ServerUnaryCall<Request, Response>,
  secrets: Redactor,
): Promise<Response> {
  const active = session.calls.begin(method.nature?.(call.request) ?? { changes: false });
  // grpc-js emits this after a normal answer too; by then nothing listens to the signal any more.
  call.on("cancelled", () => active.abort(callCancelled()));
  try {
    return await active.settle((signal) => method.run(call.request, newCall(session, signal, secrets)));
  } finally {
    active.end();
    await session.log.flush();
  }
}

function newCall(session: Session, signal: AbortSignal, secrets: Redactor): Call {
  let urn = "";
  const context: CallContext = {
    signal,
    log: (severity: Severity, message: string) => session.log.line(severity, secrets.redact(message), urn),
    status: (message: string) => session.log.status(secrets.redact(message), urn),
  };
  return {
    context,
    secrets,
    setUrn: (given) => {
      urn = given;
    },
  };
}
