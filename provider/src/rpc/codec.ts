/**
 * Property values to and from `google.protobuf.Struct`, as the engine marshals them
 * (Pulumi's `pkg/resource/plugin/rpc.go`). Decoding keeps everything; encoding adapts to what the peer accepts.
 *
 * Limits: the generated protobuf code loses a map key `__proto__`.
 */
import { ListValue, NullValue, Struct, Value as WireValue } from "google-protobuf/google/protobuf/struct_pb";

import { SdnError } from "../model/error";
import { signatureKey, signatures, unknownSentinel, unknownSentinels } from "./signatures";
import { Archive, Asset, isValueMap, OutputValue, ResourceReference, Secret, unknown, Unknown } from "./value";
import type { Value, ValueMap } from "./value";
import { isList, settled } from "./values";

/** What the peer understands. */
export interface EncodeOptions {
  /** Else a secret is sent as its content. */
  readonly keepSecrets: boolean;
  /** Else an output is sent as the secret, unknown or plain value that it stands for. */
  readonly keepOutputs: boolean;
  /** Else a reference is sent as the resource's id, that of a component as its URN. */
  readonly keepResources: boolean;
}

export const keepAll: EncodeOptions = { keepSecrets: true, keepOutputs: true, keepResources: true };

/** An absent struct is an empty map. Throws `internal` where the wire breaks the format. */
export function decodeStruct(struct: Struct | undefined): ValueMap {
  const entries: [string, Value][] = [];
  struct?.getFieldsMap().forEach((value, key) => entries.push([key, decodeValue(value)]));
  return Object.fromEntries(entries);
}

export function decodeValue(wire: WireValue): Value {
  switch (wire.getKindCase()) {
    case WireValue.KindCase.BOOL_VALUE:
      return wire.getBoolValue();
    case WireValue.KindCase.NUMBER_VALUE:
      return wire.getNumberValue();
    case WireValue.KindCase.STRING_VALUE:
      return unknownSentinels.has(wire.getStringValue()) ? unknown : wire.getStringValue();
    case WireValue.KindCase.LIST_VALUE:
      return (wire.getListValue()?.getValuesList() ?? []).map(decodeValue);
    case WireValue.KindCase.STRUCT_VALUE:
      return decodeObject(wire.getStructValue() ?? new Struct());
    case WireValue.KindCase.NULL_VALUE:
    case WireValue.KindCase.KIND_NOT_SET:
      return null;
  }
}

export function encodeStruct(map: ValueMap, options: EncodeOptions): Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const [key, value] of Object.entries(map) as [string, Value | undefined][]) {
    if (value !== undefined) fields.set(key, encodeValue(value, options));
  }
  return struct;
}

export function encodeValue(value: Value, options: EncodeOptions): WireValue {
  if (isList(value)) {
    return new WireValue().setListValue(new ListValue().setValuesList(value.map((item) => encodeValue(item, options))));
  }
  if (value instanceof Unknown) return new WireValue().setStringValue(unknownSentinel);
  if (value instanceof Secret) {
    if (!options.keepSecrets) return encodeValue(value.value, options);
    return signed(signatures.secret, { value: value.value }, options);
  }
  if (value instanceof OutputValue) return encodeOutput(value, options);
  if (value instanceof ResourceReference) return encodeReference(value, options);
  if (value instanceof Asset || value instanceof Archive) return WireValue.fromJavaScript(asJson(value.wire));
  if (isValueMap(value)) return new WireValue().setStructValue(encodeStruct(value, options));
  return encodeScalar(value);
}

function encodeScalar(value: null | boolean | number | string): WireValue {
  if (value === null) return new WireValue().setNullValue(NullValue.NULL_VALUE);
  if (typeof value === "boolean") return new WireValue().setBoolValue(value);
  if (typeof value === "number") return new WireValue().setNumberValue(value);
  return new WireValue().setStringValue(value);
}

function encodeOutput(output: OutputValue, options: EncodeOptions): WireValue {
  if (!options.keepOutputs) return encodeValue(settled(output), options);
  const fields: Record<string, Value> = {};
  if (output.value !== undefined) fields["value"] = output.value;
  if (output.secret) fields["secret"] = true;
  if (output.dependencies.length > 0) fields["dependencies"] = output.dependencies;
  return signed(signatures.output, fields, options);
}

function encodeReference(reference: ResourceReference, options: EncodeOptions): WireValue {
  const { urn, id, packageVersion } = reference;
  if (!options.keepResources) return encodeValue(id ?? urn, options);
  const fields: Record<string, Value> = { urn };
  // The empty string is how the engine itself writes an id that is not known yet.
  if (id !== undefined) fields["id"] = id instanceof Unknown ? "" : id;
  if (packageVersion !== "") fields["packageVersion"] = packageVersion;
  return signed(signatures.resourceReference, fields, options);
}

function signed(signature: string, fields: ValueMap, options: EncodeOptions): WireValue {
  return new WireValue().setStructValue(encodeStruct({ [signatureKey]: signature, ...fields }, options));
}

function decodeObject(struct: Struct): Value {
  const mark = struct.getFieldsMap().get(signatureKey);
  if (mark === undefined) return decodeStruct(struct);
  switch (mark.getStringValue()) {
    case signatures.secret:
      return new Secret(decodeValue(field(struct, "value") ?? malformed("a secret without value")));
    case signatures.output:
      return decodeOutput(struct);
    case signatures.resourceReference:
      return decodeReference(struct);
    case signatures.asset:
      return new Asset(struct.toJavaScript());
    case signatures.archive:
      return new Archive(struct.toJavaScript());
    default:
      return malformed("an object with an unknown signature");
  }
}

function decodeOutput(struct: Struct): OutputValue {
  const content = field(struct, "value");
  const dependencies = field(struct, "dependencies")?.getListValue()?.getValuesList() ?? [];
  return new OutputValue(
    content === undefined ? undefined : decodeValue(content),
    field(struct, "secret")?.getBoolValue() ?? false,
    dependencies.map((urn) => urn.getStringValue()),
  );
}

function decodeReference(struct: Struct): ResourceReference {
  const urn = field(struct, "urn")?.getStringValue() ?? malformed("a resource reference without URN");
  const id = field(struct, "id");
  return new ResourceReference(
    urn,
    id === undefined ? undefined : referencedId(decodeValue(id)),
    field(struct, "packageVersion")?.getStringValue() ?? "",
  );
}

function referencedId(id: Value): string | Unknown {
  const content = id instanceof OutputValue ? settled(id) : id;
  if (content instanceof Unknown || content === "") return unknown;
  return typeof content === "string" ? content : malformed("a resource reference whose id is no string");
}

function field(struct: Struct, key: string): WireValue | undefined {
  return struct.getFieldsMap().get(key);
}

/** Assets are kept as they came, so what is inside is JSON already. */
function asJson(wire: Readonly<Record<string, unknown>>): Parameters<typeof WireValue.fromJavaScript>[0] {
  return wire as Parameters<typeof WireValue.fromJavaScript>[0];
}

function malformed(what: string): never {
  throw new SdnError({ code: "internal", cause: `the engine sent ${what}` });
}
