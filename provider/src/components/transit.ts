import { formatAddress } from "../model/address";
import { parseCidr } from "../model/cidr";
import type { Value } from "../rpc/value";
import { unknown } from "../rpc/value";

/** Addresses of a fabric's transit space that each VNI has: a link's two, and six for translations (decision 0012). */
export const transitBlock = 8;

/** The first two addresses of a VNI's block. */
export function transitPair(pool: Value, vni: Value): readonly [Value, Value] {
  if (typeof pool !== "string" || typeof vni !== "number") return [unknown, unknown];
  const { base, family } = parseCidr(pool, "transitCidr");
  const first = base + BigInt(transitBlock) * BigInt(vni);
  return [formatAddress({ family, value: first }), formatAddress({ family, value: first + 1n })];
}
