import type { Cidr } from "../model/cidr";
import { formatCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import type { Value } from "../rpc/value";
import type { InputReader } from "./input-reader";

/** Addresses that belong to somebody else, as only people know: a cluster's pods, a company's sites. */
export interface ReservedCidr {
  readonly cidr: Cidr;
  readonly reason: string;
}

export function readReservedCidrs(reader: InputReader): readonly ReservedCidr[] {
  return (reader.objects("reservedCidrs") ?? []).flatMap((inner) => {
    const cidr = inner.require("cidr", inner.parsed("cidr", parseCidr), "the addresses");
    const reason = inner.require("reason", inner.parsed("reason", parseReason), "whose they are, in a few words");
    inner.finish();
    return cidr === undefined || reason === undefined ? [] : [{ cidr, reason }];
  });
}

export const reservedValue = (reserved: readonly ReservedCidr[]): readonly Value[] =>
  reserved.map(({ cidr, reason }) => ({ cidr: formatCidr(cidr), reason }));

export function parseReason(text: string, property: string): string {
  // A terminal that shows it would do what they say.
  const hasControls = /\p{Cc}/u.test(text.trim());
  if (text.trim() !== "" && text.length <= 200 && !hasControls) return text.trim();
  const cause =
    text.trim() === "" ? "is empty" : hasControls ? "has control characters" : "is longer than 200 characters";
  throw new SdnError({ code: "invalid-input", property, cause, remedy: "say it in a few words" });
}
