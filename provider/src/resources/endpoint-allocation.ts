import type { AddressBook } from "../ipam/address-book";
import { allocateEndpointAddress } from "../ipam/endpoint";
import { subnetLayout } from "../ipam/layout";
import type { Address } from "../model/address";
import { formatAddress, parseAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { addressToCidr, firstAddress } from "../model/cidr";
import { SdnError } from "../model/error";
import { formatMac, macFromHash, macFromIpv4, parseMac } from "../model/mac";
import type { Value, ValueMap } from "../rpc/value";
import type { AllocationKind, Asker } from "./allocation";
import { hold } from "./allocation";
import type { CommonInputs } from "../inputs/spaces";
import { parseFamilyCidr, readCommon } from "../inputs/spaces";
import type { InputReader } from "../inputs/input-reader";

interface Family {
  readonly cidr: Cidr | undefined;
  readonly hostRangePrefixLength: number | undefined;
  readonly wanted: Address | undefined;
}

interface EndpointInputs extends CommonInputs {
  /** URN of the subnet: the domain in which addresses are unique. */
  readonly subnet: string;
  readonly ipv4: Family;
  readonly ipv6: Family;
  readonly mac: string | undefined;
}

function parseFamilyAddress(family: 4 | 6): (text: string, property: string) => Address {
  return (text, property) => {
    const address = parseAddress(text, property);
    if (address.family === family) return address;
    throw new SdnError({ code: "invalid-input", property, value: text, cause: `is not an IPv${family} address` });
  };
}

function read(reader: InputReader): EndpointInputs | undefined {
  const common = readCommon(reader);
  const subnet = reader.require("subnet", reader.text("subnet"), "the subnet's URN");
  const ipv4: Family = {
    cidr: reader.parsed("cidr", parseFamilyCidr(4)),
    hostRangePrefixLength: reader.integer("hostRangePrefixLength", 1, 30),
    wanted: reader.parsed("ipv4Address", parseFamilyAddress(4)),
  };
  const ipv6: Family = {
    cidr: reader.parsed("ipv6Cidr", parseFamilyCidr(6)),
    hostRangePrefixLength: reader.integer("ipv6HostRangePrefixLength", 1, 126),
    wanted: reader.parsed("ipv6Address", parseFamilyAddress(6)),
  };
  const mac = reader.parsed("macAddress", (text, property) => formatMac(parseMac(text, property)));
  if (common === undefined || subnet === undefined) return undefined;
  return { ...common, subnet, ipv4, ipv6, mac };
}

function addressOf(
  asker: Asker,
  inputs: EndpointInputs,
  family: 4 | 6,
  before: Value | undefined,
  book: AddressBook,
): Address | undefined {
  const { cidr, wanted, hostRangePrefixLength } = family === 4 ? inputs.ipv4 : inputs.ipv6;
  const property = family === 4 ? "ipv4Address" : "ipv6Address";
  if (cidr === undefined) {
    if (wanted === undefined) return undefined;
    throw new SdnError({
      code: "invalid-input",
      property,
      value: formatAddress(wanted),
      cause: `the subnet has no IPv${family}`,
      remedy: `leave ${property} out, or give the subnet an IPv${family} CIDR`,
    });
  }
  const layout = subnetLayout(cidr, { hostRangePrefixLength });
  const held = typeof before === "string" ? [{ address: parseAddress(before, property), owner: asker.name }] : [];
  const taken = book.taken(inputs.subnet).map((one) => ({ address: firstAddress(one.cidr), owner: one.owner }));
  try {
    const address = allocateEndpointAddress({ layout, key: asker.name, taken: [...held, ...taken], wanted });
    hold(book, inputs.subnet, asker.name, addressToCidr(address));
    return address;
  } catch (thrown) {
    throw thrown instanceof SdnError ? thrown.at({ property }) : thrown;
  }
}

export const endpointAllocationKind: AllocationKind<EndpointInputs> = {
  token: "sdn:ipam:EndpointAllocation",
  noun: "endpoint",
  outputs: ["allottedIpv4", "allottedIpv6", "allottedMac"],
  read,
  decide(asker, inputs, held, _holdings, book): ValueMap {
    const ipv4 = addressOf(asker, inputs, 4, held["allottedIpv4"], book);
    const ipv6 = addressOf(asker, inputs, 6, held["allottedIpv6"], book);
    const derived = ipv4 === undefined ? macFromHash(`${inputs.subnet}/${asker.key}`, [0x02, 0x5d]) : macFromIpv4(ipv4);
    return {
      ...(ipv4 === undefined ? {} : { allottedIpv4: formatAddress(ipv4) }),
      ...(ipv6 === undefined ? {} : { allottedIpv6: formatAddress(ipv6) }),
      // As Docker's bridge driver derives it, so that what it makes and what we make agree.
      allottedMac: inputs.mac ?? formatMac(derived),
    };
  },
  note(asker, inputs, held, book) {
    return ["allottedIpv4", "allottedIpv6"].flatMap((name) => {
      const text = held[name];
      if (typeof text !== "string") return [];
      const error = book.hold(inputs.subnet, asker.name, addressToCidr(parseAddress(text, name)));
      return error === undefined ? [] : [error];
    });
  },
};
