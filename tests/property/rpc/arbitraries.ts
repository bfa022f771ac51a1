/** Generators of property values. */
import fc from "fast-check";

import { signatureKey, signatures, unknownSentinels } from "../../../provider/src/rpc/signatures";
import { Archive, Asset, OutputValue, ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import type { Value, ValueMap } from "../../../provider/src/rpc/value";

/** Kept so that a failure today is a failure tomorrow. */
export const seed = 20_240_611;

/** `__proto__` is lost in the generated protobuf code; the signature key would make a plain map something else. */
export const key = fc.string({ maxLength: 8 }).filter((text) => text !== "__proto__" && text !== signatureKey);

const text = fc.string().filter((content) => !unknownSentinels.has(content));

const scalar: fc.Arbitrary<Value> = fc.oneof(fc.constant(null), fc.boolean(), fc.double({ noNaN: true }), text);

const urn = fc.string({ minLength: 1, maxLength: 8 }).map((name) => `urn:pulumi:dev::shop::echo:index:Thing::${name}`);

const reference = fc
  .tuple(
    urn,
    fc.oneof(fc.constant(undefined), fc.constant(unknown), fc.constant("an-id")),
    fc.constantFrom("", "1.0.0"),
  )
  .map(([of, id, version]) => new ResourceReference(of, id, version));

const asset = fc
  .tuple(fc.string(), fc.string())
  .map(([content, hash]) => ({ [signatureKey]: signatures.asset, text: content, hash }));
const archive = fc
  .dictionary(key, asset, { noNullPrototype: true })
  .map((assets) => ({ [signatureKey]: signatures.archive, assets }));

const values = fc.letrec<{ value: Value; plain: Value }>((tie) => ({
  plain: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("plain"), { maxLength: 4 }),
    fc.dictionary(key, tie("plain"), { maxKeys: 4, noNullPrototype: true }),
  ),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.constant(unknown),
    reference,
    asset.map((wire) => new Asset(wire)),
    archive.map((wire) => new Archive(wire)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    tie("value").map((inner) => new Secret(inner)),
    fc
      .tuple(fc.option(tie("value"), { nil: undefined }), fc.boolean(), fc.uniqueArray(urn, { maxLength: 3 }))
      .map(([inner, secret, dependencies]) => new OutputValue(inner, secret, dependencies)),
  ),
}));

export const anyValue: fc.Arbitrary<Value> = values.value;
/** Without marks: what JSON can say. */
export const plainValue: fc.Arbitrary<Value> = values.plain;
export const anyMap: fc.Arbitrary<ValueMap> = fc.dictionary(key, anyValue, { maxKeys: 5, noNullPrototype: true });
export const plainMap: fc.Arbitrary<ValueMap> = fc.dictionary(key, plainValue, { maxKeys: 5, noNullPrototype: true });
