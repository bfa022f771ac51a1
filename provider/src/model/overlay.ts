import { parseAddress } from "./address";

/** Bytes that VXLAN adds to a frame on an underlay of this address's family (RFC 7348): 50 on IPv4, 70 on IPv6. */
export function overlayOverhead(underlayAddress: string): number {
  return parseAddress(underlayAddress, "underlayAddress").family === 4 ? 50 : 70;
}
