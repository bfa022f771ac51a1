import type { VtepBook } from "../ipam/vtep-book";
import { formatAddress, parseAddress } from "../model/address";
import { withoutPeer } from "../model/peer-set";
import type { Value } from "../rpc/value";
import { unknown } from "../rpc/value";
import type { Member } from "./member";

/** Up to so many peers are named one by one, and a preview shows which of them come and go. */
const mostNamed = 32;

/** What the segment on a host holds of the others: their addresses or, of many, a digest of them. */
export function peersOf(members: readonly Member[], vteps: VtepBook): (member: Member) => Value {
  if (members.length <= mostNamed + 1) {
    return (member) => members.filter((other) => other !== member).map(({ underlayAddress }) => underlayAddress);
  }
  const addresses = members.map(({ underlayAddress }) => underlayAddress).filter((one) => typeof one === "string");
  if (addresses.length < members.length) return () => unknown;
  const all = vteps.note(addresses.map(canonical));
  return ({ underlayAddress }) => {
    if (typeof underlayAddress !== "string") return unknown;
    const { count, digest } = withoutPeer(all, canonical(underlayAddress));
    return { count, digest };
  };
}

const canonical = (address: string): string => formatAddress(parseAddress(address, "underlayAddress"));
