/**
 * Failures as gRPC statuses.
 *
 * The engine reads INTERNAL, UNKNOWN and DATA_LOSS as "nobody knows what exists now" and warns of a corrupt state; any
 * other code as "the operation failed and nothing came to be" (`resourceStateAndError` in Pulumi's provider_plugin.go).
 * So only defects, and operations that were given up while they ran, get one of those three.
 */
import { Metadata, status } from "@grpc/grpc-js";
import { InputPropertiesError } from "@pulumi/pulumi/proto/errors_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";

import { asSdnError } from "../model/error";
import type { SdnError, SdnErrorCode } from "../model/error";
import { encodeStruct } from "./codec";
import type { EncodeOptions } from "./codec";
import { componentFailurePath } from "./failure-paths";
import { PartialFailure } from "./handlers";
import type { CheckFailure } from "./handlers";
import type { ValueMap } from "./value";

/** All problems of a component's or function's inputs. */
export class InvalidInputs extends Error {
  constructor(
    /** What the inputs are of, for example `sdn:index:Subnet "web"`. */
    readonly subject: string,
    readonly failures: readonly CheckFailure[],
    /** The inputs that fail, so that none of their secrets is shown. */
    readonly inputs: ValueMap,
  ) {
    super(`${subject} has ${failures.length} ${failures.length === 1 ? "problem" : "problems"} in its inputs`);
    this.name = "InvalidInputs";
  }
}

/** An operation that did not end soon enough after it was told to; what it did is not known. */
export class Abandoned extends Error {
  constructor(
    readonly reason: SdnError,
    /** Whether the operation changes things. */
    readonly changes: boolean,
  ) {
    super(reason.message);
    this.name = "Abandoned";
  }
}

/** The method is part of the protocol, but this provider has no use for it. */
export class Unimplemented extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Unimplemented";
  }
}

export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

const codes: Readonly<Record<SdnErrorCode, status>> = {
  "invalid-input": status.INVALID_ARGUMENT,
  "missing-capability": status.FAILED_PRECONDITION,
  conflict: status.FAILED_PRECONDITION,
  exhausted: status.FAILED_PRECONDITION,
  stale: status.FAILED_PRECONDITION,
  "not-found": status.FAILED_PRECONDITION,
  "host-key": status.FAILED_PRECONDITION,
  authentication: status.FAILED_PRECONDITION,
  unreachable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  "remote-failure": status.ABORTED,
  internal: status.INTERNAL,
};

/** Anything thrown as what gRPC sends. `redact` takes secrets out of every text that a person will read. */
export function grpcFailure(thrown: unknown, redact: (text: string) => string, peer: EncodeOptions): GrpcFailure {
  if (thrown instanceof PartialFailure) return partialFailure(thrown, redact, peer);
  if (thrown instanceof InvalidInputs) return invalidInputs(thrown, redact);
  if (thrown instanceof Unimplemented) return failure(status.UNIMPLEMENTED, redact(thrown.message));
  if (thrown instanceof Abandoned) return abandoned(thrown, redact);
  const error = asSdnError(thrown);
  return failure(codes[error.code], redact(error.message));
}

function partialFailure(thrown: PartialFailure, redact: (text: string) => string, peer: EncodeOptions): GrpcFailure {
  const detail = new ErrorResourceInitFailed()
    .setId(thrown.id)
    .setProperties(encodeStruct(thrown.outputs, peer))
    .setInputs(encodeStruct(thrown.inputs, peer))
    .setReasonsList(thrown.reasons.map(redact));
  // Without its detail this failure would be an unknown state, so its code says that.
  return failure(status.UNKNOWN, redact(thrown.message), "pulumirpc.ErrorResourceInitFailed", detail.serializeBinary());
}

function invalidInputs(thrown: InvalidInputs, redact: (text: string) => string): GrpcFailure {
  const detail = new InputPropertiesError();
  for (const { property, reason } of thrown.failures) {
    const path = componentFailurePath(property, thrown.inputs);
    const error = new InputPropertiesError.PropertyError().setPropertyPath(path).setReason(redact(reason));
    detail.addErrors(error);
  }
  const message = redact(thrown.message);
  return failure(status.INVALID_ARGUMENT, message, "pulumirpc.InputPropertiesError", detail.serializeBinary());
}

function abandoned(thrown: Abandoned, redact: (text: string) => string): GrpcFailure {
  if (!thrown.changes) return failure(codes[thrown.reason.code], redact(thrown.message));
  const message = `${thrown.message} It did not stop in time and may still have effects; run pulumi refresh.`;
  return failure(status.UNKNOWN, redact(message));
}

function failure(code: status, message: string, detailType?: string, detail?: Uint8Array): GrpcFailure {
  const metadata = new Metadata();
  if (detailType !== undefined && detail !== undefined) {
    const any = new Any();
    any.pack(detail, detailType);
    const rich = new Status().setCode(code).setMessage(message).setDetailsList([any]);
    metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
  }
  return { code, details: message, metadata };
}
