import { readAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { addressToCidr, formatCidr, inCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { formatMac, parseMac } from "../model/mac";
import type { Value } from "../rpc/value";
import type { InputReader } from "./input-reader";

/** What an endpoint may say besides its own address: a virtual address that moves, or what it routes for. */
export interface AddressPair {
  readonly cidr: Cidr;
  readonly mac: string | undefined;
}

/** An address or a block. */
function parseAddresses(text: string, property: string): Cidr {
  const address = readAddress(text);
  return address === undefined ? parseCidr(text, property) : addressToCidr(address);
}

export function readAddressPairs(reader: InputReader): readonly AddressPair[] {
  return (reader.objects("allowedAddressPairs") ?? []).flatMap((pair) => {
    const cidr = pair.require("address", pair.parsed("address", parseAddresses), "an address or a CIDR");
    const mac = pair.parsed("macAddress", (text, property) => formatMac(parseMac(text, property)));
    pair.finish();
    return cidr === undefined ? [] : [{ cidr, mac }];
  });
}

/** Nobody behind a port is the gateway. */
export function refuseGateways(pairs: readonly AddressPair[], gateways: readonly (Value | undefined)[]): void {
  const known = gateways.flatMap((text) => (typeof text === "string" ? [readAddress(text)] : []));
  for (const [index, { cidr }] of pairs.entries()) {
    if (!known.some((gateway) => gateway !== undefined && inCidr(gateway, cidr))) continue;
    throw new SdnError({
      code: "invalid-input",
      property: `allowedAddressPairs[${index}].address`,
      value: formatCidr(cidr),
      cause: "has the subnet's gateway in it, which no endpoint may be",
      remedy: "write blocks without it; for an endpoint that forwards what others send, set antiSpoofing: false",
    });
  }
}
