import type { AddressBook } from "../ipam/address-book";
import { allocateBlock } from "../ipam/block";
import type { Cidr } from "../model/cidr";
import { contains, formatCidr, overlaps, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { VniRange } from "../model/vni";
import { maximumVni, minimumVni } from "../model/vni";
import type { ValueMap } from "../rpc/value";
import type { AllocationKind, Asker } from "./allocation";
import { hold } from "./allocation";
import type { CommonInputs, SpaceInputs } from "../inputs/spaces";
import type { ReservedCidr } from "../inputs/reserved-cidrs";
import { readReservedCidrs } from "../inputs/reserved-cidrs";
import { readCommon, readSpace, readVniRange } from "../inputs/spaces";
import type { InputReader } from "../inputs/input-reader";
import { decideVni } from "./vni-allocation";

interface NetworkInputs extends CommonInputs {
  /** URN of the fabric: the domain in which VNIs and pool space are unique. */
  readonly fabric: string;
  readonly vniRange: VniRange;
  readonly pools: readonly Cidr[];
  readonly ipv4: SpaceInputs;
  readonly ipv6: SpaceInputs;
  /** What belongs to others. */
  readonly reserved: readonly ReservedCidr[];
  /** The VNI that is asked for; `undefined` for any. */
  readonly vni: number | undefined;
}

function read(reader: InputReader): NetworkInputs | undefined {
  const common = readCommon(reader);
  const fabric = reader.require("fabric", reader.text("fabric"), "the fabric's URN");
  const vniRange = reader.require("vniRange", readVniRange(reader), "the fabric's VNI range");
  const pools = reader.texts("pools", (text, property) => formatCidr(parseCidr(text, property))) ?? [];
  const vni = reader.integer("vni", minimumVni, maximumVni);
  const reserved = readReservedCidrs(reader);
  const spaces = { ipv4: readSpace(reader, 4), ipv6: readSpace(reader, 6) };
  if (common === undefined || fabric === undefined || vniRange === undefined) return undefined;
  return {
    ...common,
    ...spaces,
    fabric,
    vniRange,
    vni,
    reserved,
    pools: pools.map((text) => parseCidr(text, "pools")),
  };
}

/** The space of one family: the given one, the one held, or a new one of the first pool that has room. */
function space(asker: Asker, inputs: NetworkInputs, family: 4 | 6, held: unknown, book: AddressBook): Cidr | undefined {
  const { given, prefixLength } = family === 4 ? inputs.ipv4 : inputs.ipv6;
  // A given space may overlap another network's: each network is its own world.
  if (given !== undefined) refuseReserved(given, family, inputs.reserved);
  if (given !== undefined || prefixLength === undefined) return given;
  const property = family === 4 ? "prefixLength" : "ipv6PrefixLength";
  const domain = poolDomain(inputs);
  const kept = typeof held === "string" ? parseCidr(held, "cidr") : undefined;
  const holds = (pool: Cidr): boolean => kept !== undefined && contains(pool, kept);
  const pools = inputs.pools
    .filter((pool) => pool.family === family && pool.prefixLength <= prefixLength)
    // A pool that was added before the one that it has its space from does not move it.
    .sort((one, other) => Number(holds(other)) - Number(holds(one)));
  const taken = [...book.taken(domain), ...(kept === undefined ? [] : [{ cidr: kept, owner: asker.name }])];
  const reserved = inputs.reserved.map((one) => one.cidr);
  const failures: SdnError[] = [];
  for (const pool of pools) {
    try {
      const cidr = allocateBlock({ pool, prefixLength, key: asker.name, taken, reserved });
      warnOfReserved(asker, cidr, inputs.reserved);
      hold(book, domain, asker.name, cidr);
      return cidr;
    } catch (thrown) {
      if (!(thrown instanceof SdnError)) throw thrown;
      failures.push(thrown);
    }
  }
  throw (
    failures[0] ??
    new SdnError({
      code: "exhausted",
      property,
      value: prefixLength,
      cause: `no IPv${family} pool of the fabric is as large as that`,
      remedy: `give ${family === 4 ? "cidr" : "ipv6Cidr"}, or add a pool to Fabric.addressPools`,
    })
  );
}

function refuseReserved(given: Cidr, family: 4 | 6, reserved: readonly ReservedCidr[]): void {
  const problems = new Problems();
  for (const { cidr, reason } of reserved.filter((one) => overlaps(one.cidr, given))) {
    problems.add(
      new SdnError({
        code: "conflict",
        property: family === 4 ? "cidr" : "ipv6Cidr",
        value: formatCidr(given),
        cause: `overlaps ${formatCidr(cidr)}, which Fabric.reservedCidrs keeps: ${reason}`,
        remedy: `choose another CIDR, or ${family === 4 ? "prefixLength" : "ipv6PrefixLength"} for a free one`,
      }),
    );
  }
  problems.throwIfAny();
}

/** A network that has its space already does not move. */
function warnOfReserved(asker: Asker, space: Cidr, reserved: readonly ReservedCidr[]): void {
  for (const { cidr, reason } of reserved.filter((one) => overlaps(one.cidr, space))) {
    asker.warn(
      `${asker.name} keeps ${formatCidr(space)}, which overlaps ${formatCidr(cidr)} of Fabric.reservedCidrs: ${reason}`,
    );
  }
}

const poolDomain = (inputs: NetworkInputs): string => `${inputs.fabric} pool`;

export const networkAllocationKind: AllocationKind<NetworkInputs> = {
  token: "sdn:ipam:NetworkAllocation",
  noun: "network",
  outputs: ["vni", "allottedCidr", "allottedIpv6Cidr"],
  read,
  decide(asker, inputs, held, holdings, book): ValueMap {
    const vni = decideVni(asker, inputs, held["vni"], holdings, book);
    const ipv4 = space(asker, inputs, 4, held["allottedCidr"], book);
    const ipv6 = space(asker, inputs, 6, held["allottedIpv6Cidr"], book);
    if (ipv4 === undefined && ipv6 === undefined) {
      throw new SdnError({
        code: "invalid-input",
        property: "cidr",
        cause: "the network has no address space",
        remedy: "give cidr, prefixLength, ipv6Cidr or ipv6PrefixLength",
      });
    }
    return {
      vni,
      ...(ipv4 === undefined ? {} : { allottedCidr: formatCidr(ipv4) }),
      ...(ipv6 === undefined ? {} : { allottedIpv6Cidr: formatCidr(ipv6) }),
    };
  },
  note(asker, inputs, held, book) {
    const errors: (SdnError | undefined)[] = [];
    if (typeof held["vni"] === "number") errors.push(book.hold(inputs.fabric, asker.name, held["vni"]));
    for (const [name, fixed] of [
      ["allottedCidr", inputs.ipv4.given],
      ["allottedIpv6Cidr", inputs.ipv6.given],
    ] as const) {
      const text = held[name];
      if (typeof text === "string" && fixed === undefined) {
        errors.push(book.hold(poolDomain(inputs), asker.name, parseCidr(text, name)));
      }
    }
    return errors.filter((error) => error !== undefined);
  },
};
