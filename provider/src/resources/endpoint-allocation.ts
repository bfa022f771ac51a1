import type { AddressBook } from "../ipam/address-book";
import { allocateEndpointAddress, endpointRoom, type TakenAddress } from "../ipam/endpoint";
import type { SubnetLayout } from "../ipam/layout";
import type { Address } from "../model/address";
import { formatAddress, parseAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { addressToCidr, firstAddress, formatCidr, inCidr } from "../model/cidr";
import { type AddressRange, formatRange, formatRanges, inRange } from "../model/range";
import { SdnError } from "../model/error";
import { formatMac, macFromHash, macFromIpv4, parseMac } from "../model/mac";
import type { Value, ValueMap } from "../rpc/value";
import type { AllocationKind, Asker } from "./allocation";
import { hold } from "./allocation";
import { layoutFrom } from "./layout-value";
import type { CommonInputs } from "../inputs/spaces";
import { parseFamilyAddress, parseFamilyCidr, readCommon } from "../inputs/spaces";
import type { InputReader } from "../inputs/input-reader";

interface Family {
  readonly cidr: Cidr | undefined;
  readonly hostRangePrefixLength: number | undefined;
  readonly wanted: Address | undefined;
  /** How the subnet is divided, where that does not follow from its CIDR. */
  readonly layout: Value | undefined;
  /** The part of the subnet that the engine of the endpoint's host knows, where that is not all of it. */
  readonly pool: Cidr | undefined;
}

interface EndpointInputs extends CommonInputs {
  /** URN of the subnet: the domain in which addresses are unique. */
  readonly subnet: string;
  readonly ipv4: Family;
  readonly ipv6: Family;
  readonly mac: string | undefined;
}

function read(reader: InputReader): EndpointInputs | undefined {
  const common = readCommon(reader);
  const subnet = reader.require("subnet", reader.text("subnet"), "the subnet's URN");
  const ipv4: Family = {
    cidr: reader.parsed("cidr", parseFamilyCidr(4)),
    hostRangePrefixLength: reader.integer("hostRangePrefixLength", 1, 30),
    wanted: reader.parsed("ipv4Address", parseFamilyAddress(4)),
    layout: reader.value("layout"),
    pool: reader.parsed("pool", parseFamilyCidr(4)),
  };
  const ipv6: Family = {
    cidr: reader.parsed("ipv6Cidr", parseFamilyCidr(6)),
    hostRangePrefixLength: reader.integer("ipv6HostRangePrefixLength", 1, 126),
    wanted: reader.parsed("ipv6Address", parseFamilyAddress(6)),
    layout: reader.value("ipv6Layout"),
    pool: reader.parsed("ipv6Pool", parseFamilyCidr(6)),
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
  const { cidr, wanted, hostRangePrefixLength, pool, layout: value } = family === 4 ? inputs.ipv4 : inputs.ipv6;
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
  const layout = layoutFrom(cidr, hostRangePrefixLength, value);
  const held = typeof before === "string" ? [{ address: parseAddress(before, property), owner: asker.name }] : [];
  const taken = takenIn(inputs, book);
  try {
    if (pool !== undefined && wanted !== undefined) refuseOutside(wanted, pool);
    const within = pool === undefined ? layout : { ...layout, endpointRanges: rangesWithin(layout, pool) };
    const address = allocateEndpointAddress({ layout: within, key: asker.name, taken: [...held, ...taken], wanted });
    hold(book, inputs.subnet, asker.name, addressToCidr(address));
    warnOfReservation(asker, layout, address);
    warnOfShortage(asker, inputs, layout, book);
    return address;
  } catch (thrown) {
    throw thrown instanceof SdnError ? thrown.at({ property }) : thrown;
  }
}

const takenIn = (inputs: EndpointInputs, book: AddressBook): readonly TakenAddress[] =>
  book.taken(inputs.subnet).map((one) => ({ address: firstAddress(one.cidr), owner: one.owner }));

/** An engine's network stays as it was made, also where its subnet grew. */
function refuseOutside(address: Address, pool: Cidr): void {
  if (inCidr(address, pool)) return;
  throw new SdnError({
    code: "invalid-input",
    value: formatAddress(address),
    cause: `the host's Docker network has ${formatCidr(pool)} only: it was made before the subnet grew`,
    remedy: "choose an address of that block, or attach the container with networkMode: none",
  });
}

function rangesWithin({ endpointRanges }: SubnetLayout, pool: Cidr): readonly AddressRange[] {
  return endpointRanges.filter((range) => inCidr(range.first, pool) && inCidr(range.last, pool));
}

/** A reservation that is written around an endpoint does not move it. */
function warnOfReservation(asker: Asker, layout: SubnetLayout, address: Address): void {
  const found = layout.reservations.find(({ range }) => inRange(address, range));
  if (found === undefined) return;
  asker.warn(
    `${asker.name} keeps ${formatAddress(address)}, which is reserved since (${formatRange(found.range)}): ` +
      `${found.reason}. Take the endpoint away and declare it anew to give it another address.`,
  );
}

/** Once a subnet and run: few addresses are left for endpoints that come. */
function warnOfShortage(asker: Asker, inputs: EndpointInputs, layout: SubnetLayout, book: AddressBook): void {
  const { total, free } = endpointRoom(layout, takenIn(inputs, book));
  if (free >= 8n && free * 10n >= total) return;
  const subnet = formatCidr(layout.subnet);
  if (!book.first(inputs.subnet, subnet)) return;
  asker.warn(
    `subnet ${subnet} has ${free} of ${total} addresses for endpoints left (${formatRanges(layout.endpointRanges)}). ` +
      "Give it a larger CIDR that contains this one, or more allocationRanges.",
  );
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
    const errors = ["allottedIpv4", "allottedIpv6"].flatMap((name) => {
      const text = held[name];
      if (typeof text !== "string") return [];
      const error = book.hold(inputs.subnet, asker.name, addressToCidr(parseAddress(text, name)));
      return error === undefined ? [] : [error];
    });
    for (const { cidr, hostRangePrefixLength, layout } of [inputs.ipv4, inputs.ipv6]) {
      if (cidr !== undefined) warnOfShortage(asker, inputs, layoutFrom(cidr, hostRangePrefixLength, layout), book);
    }
    return errors;
  },
};
