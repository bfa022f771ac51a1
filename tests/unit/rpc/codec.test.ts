import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { decodeStruct, encodeStruct, keepAll } from "../../../provider/src/rpc/codec";
import { Archive, Asset, OutputValue, ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import type { Value } from "../../../provider/src/rpc/value";

type Json = Parameters<typeof Struct.fromJavaScript>[0];

const sig = "4dabf18193072939515e22adb298388d";
const secretSig = "1b47061264138c4ac30d75fd1eb44270";
const referenceSig = "5cf8f73096256a8f31e491e813e4eb8e";
const outputSig = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const asset = { [sig]: "c44067f5952c0a294b673a41bacd8c17", text: "x" };
const archive = { [sig]: "0def7320c3a5731c473e5ecbe6d01bc7", assets: { a: asset } };
const anUnknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** As the engine writes it, and what it means. */
const both: readonly { readonly name: string; readonly wire: unknown; readonly value: Value }[] = [
  { name: "null", wire: null, value: null },
  { name: "a boolean", wire: false, value: false },
  { name: "a number", wire: 1.5, value: 1.5 },
  { name: "the empty string", wire: "", value: "" },
  { name: "a list with null", wire: [1, null, []], value: [1, null, []] },
  { name: "an empty object", wire: {}, value: {} },
  { name: "an unknown", wire: anUnknown, value: unknown },
  { name: "a secret", wire: { [sig]: secretSig, value: { a: "x" } }, value: new Secret({ a: "x" }) },
  { name: "a secret null", wire: { [sig]: secretSig, value: null }, value: new Secret(null) },
  { name: "a secret unknown", wire: { [sig]: secretSig, value: anUnknown }, value: new Secret(unknown) },
  { name: "an unknown output", wire: { [sig]: outputSig }, value: new OutputValue(undefined, false, []) },
  { name: "an output of null", wire: { [sig]: outputSig, value: null }, value: new OutputValue(null, false, []) },
  {
    name: "a secret output with dependencies",
    wire: { [sig]: outputSig, value: ["x"], secret: true, dependencies: ["u1", "u2"] },
    value: new OutputValue(["x"], true, ["u1", "u2"]),
  },
  {
    name: "a custom resource",
    wire: { [sig]: referenceSig, urn: "u", id: "i", packageVersion: "1.0.0" },
    value: new ResourceReference("u", "i", "1.0.0"),
  },
  { name: "a component", wire: { [sig]: referenceSig, urn: "u" }, value: new ResourceReference("u", undefined, "") },
  {
    name: "a future resource",
    wire: { [sig]: referenceSig, urn: "u", id: "" },
    value: new ResourceReference("u", unknown, ""),
  },
  { name: "an asset", wire: asset, value: new Asset(asset) },
  { name: "an archive", wire: archive, value: new Archive(archive) },
  {
    name: "a secret in a list in an object",
    wire: { a: [{ [sig]: secretSig, value: 1 }] },
    value: { a: [new Secret(1)] },
  },
];

test.each(both)("reads and writes $name", ({ wire, value }) => {
  const struct = Struct.fromJavaScript({ it: wire } as Json);
  expect(decodeStruct(struct)).toEqual({ it: value });
  expect(encodeStruct({ it: value }, keepAll).toJavaScript()).toEqual({ it: wire });
});

const readOnly: readonly { readonly name: string; readonly wire: unknown; readonly value: Value }[] = [
  ...[
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
  ].map((wire) => ({ name: `the unknown ${wire}`, wire, value: unknown })),
  {
    name: "a reference whose id is an unknown",
    wire: { [sig]: referenceSig, urn: "u", id: anUnknown },
    value: new ResourceReference("u", unknown, ""),
  },
  {
    name: "a reference whose id is an output",
    wire: { [sig]: referenceSig, urn: "u", id: { [sig]: outputSig, value: "i" } },
    value: new ResourceReference("u", "i", ""),
  },
  {
    name: "a reference with name and type, which its URN holds too",
    wire: { [sig]: referenceSig, urn: "u", name: "n", type: "t" },
    value: new ResourceReference("u", undefined, ""),
  },
];

test.each(readOnly)("reads $name", ({ wire, value }) => {
  expect(decodeStruct(Struct.fromJavaScript({ it: wire } as Json))).toEqual({ it: value });
});

const adapted: readonly {
  readonly name: string;
  readonly value: Value;
  readonly without: object;
  readonly wire: unknown;
}[] = [
  { name: "a secret", value: new Secret("x"), without: { keepSecrets: false }, wire: "x" },
  {
    name: "a secret output",
    value: new OutputValue("x", true, ["u"]),
    without: { keepSecrets: false, keepOutputs: false },
    wire: "x",
  },
  { name: "an output", value: new OutputValue("x", false, ["u"]), without: { keepOutputs: false }, wire: "x" },
  { name: "an output of null", value: new OutputValue(null, false, []), without: { keepOutputs: false }, wire: null },
  {
    name: "an unknown output",
    value: new OutputValue(undefined, false, []),
    without: { keepOutputs: false },
    wire: anUnknown,
  },
  {
    name: "a secret output for a peer that knows secrets",
    value: new OutputValue("x", true, []),
    without: { keepOutputs: false },
    wire: { [sig]: secretSig, value: "x" },
  },
  {
    name: "a custom resource",
    value: new ResourceReference("u", "i", ""),
    without: { keepResources: false },
    wire: "i",
  },
  {
    name: "a future resource",
    value: new ResourceReference("u", unknown, ""),
    without: { keepResources: false },
    wire: anUnknown,
  },
  {
    name: "a component",
    value: new ResourceReference("u", undefined, ""),
    without: { keepResources: false },
    wire: "u",
  },
];

test.each(adapted)("writes $name for a peer without $without", ({ value, without, wire }) => {
  expect(encodeStruct({ it: value }, { ...keepAll, ...without }).toJavaScript()).toEqual({ it: wire });
});

test("an entry that is undefined at run time is left out", () => {
  expect(encodeStruct({ a: 1, b: undefined as unknown as Value }, keepAll).toJavaScript()).toEqual({ a: 1 });
});

test.each([
  { name: "a secret without value", wire: { [sig]: secretSig } },
  { name: "a reference without URN", wire: { [sig]: referenceSig } },
  { name: "a reference with a number as id", wire: { [sig]: referenceSig, urn: "u", id: 1 } },
  { name: "an unknown signature", wire: { [sig]: "something new" } },
])("refuses $name", ({ wire }) => {
  expect(() => decodeStruct(Struct.fromJavaScript({ it: wire }))).toThrow(/the engine sent/);
});

test("an absent struct is an empty map", () => {
  expect(decodeStruct(undefined)).toEqual({});
});
