import { status } from "@grpc/grpc-js";

import { InputPropertiesError } from "@pulumi/pulumi/proto/errors_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";

import { SdnError } from "../../../provider/src/model/error";
import type { SdnErrorCode } from "../../../provider/src/model/error";
import { keepAll } from "../../../provider/src/rpc/codec";
import { Abandoned, grpcFailure, InvalidInputs, Unimplemented } from "../../../provider/src/rpc/errors";
import { Secret } from "../../../provider/src/rpc/value";

const same = (text: string): string => text;
/** The codes that make the engine say that it does not know what exists. */
const stateUnknown = [status.INTERNAL, status.UNKNOWN, status.DATA_LOSS];

const codes: readonly (readonly [SdnErrorCode, status])[] = [
  ["invalid-input", status.INVALID_ARGUMENT],
  ["missing-capability", status.FAILED_PRECONDITION],
  ["conflict", status.FAILED_PRECONDITION],
  ["exhausted", status.FAILED_PRECONDITION],
  ["stale", status.FAILED_PRECONDITION],
  ["not-found", status.FAILED_PRECONDITION],
  ["host-key", status.FAILED_PRECONDITION],
  ["authentication", status.FAILED_PRECONDITION],
  ["unreachable", status.UNAVAILABLE],
  ["timeout", status.DEADLINE_EXCEEDED],
  ["cancelled", status.CANCELLED],
  ["remote-failure", status.ABORTED],
];

test.each(codes)("%s is a plain failure with code %s", (code, expected) => {
  const failure = grpcFailure(new SdnError({ code, host: "h1", cause: "why", remedy: "do this" }), same, keepAll);
  expect(failure.code).toBe(expected);
  expect(stateUnknown).not.toContain(failure.code);
  expect(failure.details).toBe("host h1: why. Do this.");
});

test("a defect leaves the state unknown", () => {
  expect(grpcFailure(new TypeError("x is not a function"), same, keepAll).code).toBe(status.INTERNAL);
  expect(grpcFailure("just a text", same, keepAll).details).toContain("just a text");
});

test("an operation that was given up leaves the state unknown only where it changes something", () => {
  const reason = new SdnError({ code: "timeout", cause: "too slow" });
  expect(grpcFailure(new Abandoned(reason, true), same, keepAll).code).toBe(status.UNKNOWN);
  expect(grpcFailure(new Abandoned(reason, true), same, keepAll).details).toMatch(/too slow.*pulumi refresh/);
  expect(grpcFailure(new Abandoned(reason, false), same, keepAll).code).toBe(status.DEADLINE_EXCEEDED);
});

test("a method that does not exist", () => {
  expect(grpcFailure(new Unimplemented("no such thing"), same, keepAll).code).toBe(status.UNIMPLEMENTED);
});

test("messages go through the redactor", () => {
  const redact = (text: string): string => text.replaceAll("hunter2", "[secret]");
  const failure = grpcFailure(new SdnError({ code: "conflict", cause: "hunter2 is taken" }), redact, keepAll);
  expect(failure.details).toBe("[secret] is taken.");
});

describe("the engine prints the value at a failure's path, so a path to a secret leads nowhere", () => {
  const inputs = { plain: [1], secret: new Secret("x"), nested: { in: new Secret("x"), beside: 1 } };

  test.each([
    ["plain[0]", "plain[0]"],
    ["absent", "absent"],
    ["secret", "secret (value not shown)"],
    ["nested", "nested (value not shown)"],
    ["nested.beside", "nested.beside (value not shown)"],
    ["", "(value not shown)"],
    ["secret[", "secret[ (value not shown)"],
    ["toString", "toString"],
  ])("%s becomes %s", (property, path) => {
    const failure = grpcFailure(new InvalidInputs("x", [{ property, reason: "why" }], inputs), same, keepAll);
    const [bytes] = failure.metadata.get("grpc-status-details-bin") as Buffer[];
    const [any] = Status.deserializeBinary(bytes ?? Buffer.alloc(0)).getDetailsList();
    const detail = any?.unpack(InputPropertiesError.deserializeBinary, "pulumirpc.InputPropertiesError");
    expect(detail?.getErrorsList().map((error) => error.getPropertyPath())).toEqual([path]);
  });
});
