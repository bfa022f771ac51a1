/** Handlers' results as protocol messages. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";

import { encodeStruct } from "./codec";
import type { EncodeOptions } from "./codec";
import type { CheckFailure, CheckResult, DiffResult, PropertyDiffKind } from "./handlers";
import { parsePath } from "./property-path";

const kinds: Readonly<Record<PropertyDiffKind, pb.PropertyDiff.Kind>> = {
  add: pb.PropertyDiff.Kind.ADD,
  "add-replace": pb.PropertyDiff.Kind.ADD_REPLACE,
  delete: pb.PropertyDiff.Kind.DELETE,
  "delete-replace": pb.PropertyDiff.Kind.DELETE_REPLACE,
  update: pb.PropertyDiff.Kind.UPDATE,
  "update-replace": pb.PropertyDiff.Kind.UPDATE_REPLACE,
};

/** `path` gives the name under which a failure is told to the engine; see failure-paths.ts. */
export function checkResponse(
  result: CheckResult,
  peer: EncodeOptions,
  redact: (text: string) => string,
  path: (property: string) => string,
): pb.CheckResponse {
  const inputs = encodeStruct(result.inputs, peer);
  const told = result.failures.map(({ property, reason }) => ({ property: path(property), reason }));
  return new pb.CheckResponse().setInputs(inputs).setFailuresList(checkFailures(told, redact));
}

export function checkFailures(failures: readonly CheckFailure[], redact: (text: string) => string): pb.CheckFailure[] {
  return failures.map(({ property, reason }) => new pb.CheckFailure().setProperty(property).setReason(redact(reason)));
}

export function diffResponse(result: DiffResult): pb.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
  const response = new pb.DiffResponse()
    .setChanges(result.changes ? DIFF_SOME : DIFF_NONE)
    .setHasdetaileddiff(true)
    .setDeletebeforereplace(result.deleteBeforeReplace);
  const [diffs, replaces] = [new Set<string>(), new Set<string>()];
  for (const [path, { kind, inputDiff }] of result.detailedDiff) {
    response.getDetaileddiffMap().set(path, new pb.PropertyDiff().setKind(kinds[kind]).setInputdiff(inputDiff));
    const property = String(parsePath(path)?.[0] ?? path);
    diffs.add(property);
    if (kind.endsWith("-replace")) replaces.add(property);
  }
  return response.setDiffsList([...diffs]).setReplacesList([...replaces]);
}
