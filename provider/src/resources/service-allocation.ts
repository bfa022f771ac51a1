import type { AddressBook } from "../ipam/address-book";
import { allocateBlock, claimBlock } from "../ipam/block";
import type { Cidr } from "../model/cidr";
import { addressToCidr, firstAddress, formatCidr, parseCidr } from "../model/cidr";
import { type Address, formatAddress, parseAddress } from "../model/address";
import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { CommonInputs } from "../inputs/spaces";
import { parseFamilyAddress, parseFamilyCidr, readCommon } from "../inputs/spaces";
import type { InputReader } from "../inputs/input-reader";
import type { Value, ValueMap } from "../rpc/value";
import type { AllocationKind, Asker } from "./allocation";
import { hold } from "./allocation";
import type { Holdings } from "./ledger-holdings";

interface Family {
  /** `undefined`: no address of this family. */
  readonly pool: Cidr | undefined;
  readonly wanted: Address | undefined;
}

interface ServiceInputs extends CommonInputs {
  /** URN of the fabric: the domain in which virtual addresses are unique. */
  readonly fabric: string;
  readonly ipv4: Family;
  readonly ipv6: Family;
}

function read(reader: InputReader): ServiceInputs | undefined {
  const common = readCommon(reader);
  const fabric = reader.require("fabric", reader.text("fabric"), "the fabric's URN");
  const ipv4 = {
    pool: reader.parsed("pool", parseFamilyCidr(4, "ipv6Pool")),
    wanted: reader.parsed("vip", parseFamilyAddress(4)),
  };
  const ipv6 = {
    pool: reader.parsed("ipv6Pool", parseFamilyCidr(6, "pool")),
    wanted: reader.parsed("ipv6Vip", parseFamilyAddress(6)),
  };
  if (common === undefined || fabric === undefined) return undefined;
  return { ...common, fabric, ipv4, ipv6 };
}

const domainOf = ({ fabric }: ServiceInputs): string => `${fabric} services`;

function addressOf(
  asker: Asker,
  inputs: ServiceInputs,
  family: 4 | 6,
  held: Value | undefined,
  holdings: Holdings,
  book: AddressBook,
): string | undefined {
  const { pool, wanted } = family === 4 ? inputs.ipv4 : inputs.ipv6;
  const property = family === 4 ? "vip" : "ipv6Vip";
  if (pool === undefined) return undefined;
  const taken = [...book.taken(domainOf(inputs)), ...holdings.services];
  const cidr = wanted === undefined ? chosen(asker, pool, held, taken) : claimed(asker, pool, wanted, taken, property);
  hold(book, domainOf(inputs), asker.name, cidr);
  return formatAddress(firstAddress(cidr));
}

function chosen(asker: Asker, pool: Cidr, held: Value | undefined, taken: Holdings["services"]): Cidr {
  const mine = typeof held === "string" ? [{ cidr: addressToCidr(parseAddress(held, "vip")), owner: asker.name }] : [];
  const prefixLength = pool.family === 4 ? 32 : 128;
  // Its first address is the block's own, which some programs refuse.
  const reserved = [addressToCidr(firstAddress(pool))];
  return allocateBlock({ pool, prefixLength, key: asker.name, taken: [...mine, ...taken], reserved });
}

function claimed(asker: Asker, pool: Cidr, wanted: Address, taken: Holdings["services"], property: string): Cidr {
  const cidr = addressToCidr(wanted);
  const problems = new Problems();
  for (const error of claimBlock({ pool, cidr, owner: asker.name, taken })) {
    const cause = error.detail.cause.replace(/\/(32|128) /, " ");
    const remedy = `choose an address of ${formatCidr(pool)} (Fabric.${pool.family === 4 ? "serviceCidr" : "ipv6ServiceCidr"}) that no service has, or leave ${property} out`;
    problems.add(new SdnError({ code: error.code, property, value: formatAddress(wanted), cause, remedy }));
  }
  problems.throwIfAny();
  return cidr;
}

/** The virtual addresses of a service entry. */
export const serviceAllocationKind: AllocationKind<ServiceInputs> = {
  token: "sdn:ipam:ServiceAllocation",
  noun: "service",
  outputs: ["allottedVip", "allottedIpv6Vip"],
  read,
  decide(asker, inputs, held, holdings, book): ValueMap {
    const ipv4 = addressOf(asker, inputs, 4, held["allottedVip"], holdings, book);
    const ipv6 = addressOf(asker, inputs, 6, held["allottedIpv6Vip"], holdings, book);
    return {
      ...(ipv4 === undefined ? {} : { allottedVip: ipv4 }),
      ...(ipv6 === undefined ? {} : { allottedIpv6Vip: ipv6 }),
    };
  },
  note(asker, inputs, held, book) {
    return ["allottedVip", "allottedIpv6Vip"].flatMap((name) => {
      const text = held[name];
      if (typeof text !== "string") return [];
      const error = book.hold(
        domainOf(inputs),
        asker.name,
        parseCidr(`${text}/${text.includes(":") ? 128 : 32}`, name),
      );
      return error === undefined ? [] : [error];
    });
  },
};
