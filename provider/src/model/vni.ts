/** VXLAN network identifiers (RFC 7348, section 5: 24 bits). */

import { SdnError } from "./error";
import { shown } from "./shown";

/** Lowest and highest usable VNI. 0 is valid on the wire but many devices give it a meaning of their own. */
export const minimumVni = 1;
export const maximumVni = 16_777_215;

/** Both ends belong to the range. */
export interface VniRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A whole number from 1 to 16777215, as a number or in decimal digits.
 *
 * @throws SdnError `invalid-input`
 */
export function parseVni(value: number | string, property: string): number {
  const vni = typeof value === "string" ? (/^[1-9]\d*$/.test(value) ? Number(value) : Number.NaN) : value;
  if (Number.isInteger(vni) && vni >= minimumVni && vni <= maximumVni) return vni;
  throw new SdnError({
    code: "invalid-input",
    cause: "the value is not a VXLAN network identifier",
    remedy: `write a whole number from ${minimumVni} to ${maximumVni}`,
    property,
    value: typeof value === "string" ? shown(value) : Number.isFinite(value) ? value : String(value),
  });
}

/**
 * `4096-12287`, or an object with both ends.
 *
 * @throws SdnError `invalid-input`; for an object's end, with the property path of that end
 */
export function parseVniRange(value: string | VniRange, property: string): VniRange {
  const range = typeof value === "string" ? readRange(value, property) : readEnds(value, property);
  if (range.start <= range.end) return range;
  throw new SdnError({
    code: "invalid-input",
    cause: "the value is a VNI range that ends before it starts",
    remedy: `write ${range.end}-${range.start}`,
    property,
    value: typeof value === "string" ? shown(value) : formatVniRange(range),
  });
}

export function formatVniRange(range: VniRange): string {
  return `${range.start}-${range.end}`;
}

function readEnds(value: VniRange, property: string): VniRange {
  return { start: parseVni(value.start, `${property}.start`), end: parseVni(value.end, `${property}.end`) };
}

function readRange(text: string, property: string): VniRange {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (match?.[1] !== undefined && match[2] !== undefined) {
    return { start: parseVni(match[1], property), end: parseVni(match[2], property) };
  }
  throw new SdnError({
    code: "invalid-input",
    cause: "the value is not a range of VXLAN network identifiers",
    remedy: "write the first and the last one with a hyphen between them, such as 4096-12287",
    property,
    value: shown(text),
  });
}
