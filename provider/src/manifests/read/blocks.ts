/** Blocks of addresses, as policies name them. */

import { familyBits, readAddress } from "../../model/address";
import { type Cidr, enclosingCidr } from "../../model/cidr";
import { type AddressSet, blocks, subtractAddresses } from "../../policy/address-set";
import type { Field } from "./field";
import { type Reading, warnOfUnknown } from "./reading";

/** `10.0.0.0/8`; an address inside the block names the block, as a server takes it. */
export function blockOf(field: Field): Cidr {
  const [text = "", digits = "", ...more] = field.text().split("/");
  const address = readAddress(text);
  const length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.POSITIVE_INFINITY;
  if (address === undefined || more.length > 0 || length > familyBits(address.family)) {
    throw field.refuse("the field must be a block of addresses such as 10.0.0.0/8");
  }
  return enclosingCidr(address, length);
}

/** An `ipBlock`: one block without its exceptions, which must lie in it. */
export function ipBlockOf(field: Field, reading: Reading): AddressSet {
  warnOfUnknown(field, ["cidr", "except"], reading);
  const block = blockOf(field.at("cidr"));
  const exceptions = field
    .at("except")
    .items()
    .map((item) => {
      const exception = blockOf(item);
      const inside =
        exception.family === block.family &&
        exception.prefixLength > block.prefixLength &&
        enclosingCidr({ family: block.family, value: exception.base }, block.prefixLength).base === block.base;
      if (!inside) throw item.refuse("the block must lie inside cidr and be smaller");
      return exception;
    });
  warnOfIpv6(field.at("cidr"), block, reading);
  return subtractAddresses(blocks([block]), blocks(exceptions));
}

/** `networks` of a cluster policy. */
export function networksOf(field: Field, reading: Reading): AddressSet {
  const given = field.items().map((item) => {
    const block = blockOf(item);
    warnOfIpv6(item, block, reading);
    return block;
  });
  if (given.length === 0) throw field.refuse("the field must have at least one block");
  return blocks(given);
}

function warnOfIpv6(field: Field, block: Cidr, reading: Reading): void {
  if (block.family === 6) reading.warn(field, "IPv6 addresses outside the cluster are not part of the result");
}
