import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { decodeStruct, encodeStruct, keepAll } from "../../../provider/src/rpc/codec";
import { OutputValue, Secret } from "../../../provider/src/rpc/value";
import type { ValueMap } from "../../../provider/src/rpc/value";
import {
  containsSecret,
  containsUnknown,
  deepEqual,
  mapValue,
  settleOutputs,
  stripSecrets,
} from "../../../provider/src/rpc/values";
import { anyMap, anyValue, seed } from "./arbitraries";

function overTheWire(map: ValueMap, options = keepAll): ValueMap {
  return decodeStruct(Struct.deserializeBinary(encodeStruct(map, options).serializeBinary()));
}

test("what is encoded and decoded is the same, in bytes", () => {
  fc.assert(
    fc.property(anyMap, (map) => {
      const back = overTheWire(map);
      expect(back).toEqual(map);
      expect(deepEqual(back, map)).toBe(true);
    }),
    { seed, numRuns: 500 },
  );
});

test("a peer that knows no outputs gets their secrets, unknowns and plain values", () => {
  fc.assert(
    fc.property(anyMap, (map) => {
      expect(overTheWire(map, { ...keepAll, keepOutputs: false })).toEqual(settleOutputs(map));
    }),
    { seed, numRuns: 300 },
  );
});

test("a peer that knows no secrets gets none, and loses nothing else", () => {
  fc.assert(
    fc.property(anyMap, (map) => {
      const back = overTheWire(map, { ...keepAll, keepSecrets: false, keepOutputs: false });
      expect(containsSecret(back)).toBe(false);
      expect(back).toEqual(stripSecrets(map));
      expect(containsUnknown(back)).toBe(containsUnknown(map));
    }),
    { seed, numRuns: 300 },
  );
});

test("stripSecrets leaves no secret and no output, and doing it again changes nothing", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const stripped = stripSecrets(value);
      mapValue(stripped, (node) => {
        expect(node instanceof Secret || node instanceof OutputValue).toBe(false);
        return node;
      });
      expect(deepEqual(stripSecrets(stripped), stripped)).toBe(true);
    }),
    { seed, numRuns: 300 },
  );
});

test("deepEqual agrees with structural equality", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (left, right) => {
      expect(deepEqual(left, left)).toBe(true);
      expect(deepEqual(left, right)).toBe(deepEqual(right, left));
    }),
    { seed, numRuns: 300 },
  );
});
