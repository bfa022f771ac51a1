import type { AddressBook } from "../ipam/address-book";
import type { Taken } from "../ipam/block";
import { allocateBlock, claimBlock } from "../ipam/block";
import { allocateHostRanges } from "../ipam/host-range";
import { withRules } from "../ipam/allocation-rules";
import type { AllocationRules } from "../model/allocation-rules";
import { grownLayout, subnetLayout, type SubnetLayout } from "../ipam/layout";
import { formatAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { contains, enclosingCidr, firstAddress, formatCidr, parseCidr, sameCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { VniRange } from "../model/vni";
import { maximumVni, minimumVni } from "../model/vni";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap } from "../rpc/value";
import { layoutFrom, layoutValue } from "./layout-value";
import type { AllocationKind, Asker } from "./allocation";
import { hold } from "./allocation";
import type { CommonInputs, SpaceInputs } from "../inputs/spaces";
import type { GivenRanges } from "../inputs/spaces";
import { parseFamilyCidr, readCommon, readGivenRanges, readSpace, readVniRange } from "../inputs/spaces";
import { readAllocationRules } from "../inputs/allocation-rules";
import type { InputReader } from "../inputs/input-reader";
import { decideVni } from "./vni-allocation";

interface Family extends SpaceInputs {
  readonly family: 4 | 6;
  readonly pool: Cidr | undefined;
  readonly hostRangePrefixLength: number | undefined;
  /** Ranges that hosts shall have. */
  readonly givenRanges: GivenRanges;
}

interface SubnetInputs extends CommonInputs {
  readonly fabric: string;
  readonly network: string;
  readonly networkVni: number;
  readonly vniRange: VniRange;
  /** The VNI that is asked for; `undefined` for any. */
  readonly vni: number | undefined;
  readonly hosts: readonly string[];
  readonly ipv4: Family;
  readonly ipv6: Family;
  readonly rules: AllocationRules;
}

function read(reader: InputReader): SubnetInputs | undefined {
  const common = readCommon(reader);
  const fabric = reader.require("fabric", reader.text("fabric"), "the fabric's URN");
  const network = reader.require("network", reader.text("network"), "the network's URN");
  const networkVni = reader.require("networkVni", reader.integer("networkVni", minimumVni, maximumVni), "its VNI");
  const vniRange = reader.require("vniRange", readVniRange(reader), "the fabric's VNI range");
  const vni = reader.integer("vni", minimumVni, maximumVni);
  const hosts = reader.texts("hosts", (text) => text) ?? [];
  const ipv4: Family = {
    family: 4,
    ...readSpace(reader, 4),
    pool: reader.parsed("pool", parseFamilyCidr(4)),
    hostRangePrefixLength: reader.integer("hostRangePrefixLength", 1, 30),
    givenRanges: readGivenRanges(reader, 4) ?? new Map(),
  };
  const ipv6: Family = {
    family: 6,
    ...readSpace(reader, 6),
    pool: reader.parsed("ipv6Pool", parseFamilyCidr(6)),
    hostRangePrefixLength: reader.integer("ipv6HostRangePrefixLength", 1, 126),
    givenRanges: readGivenRanges(reader, 6) ?? new Map(),
  };
  const rules = readAllocationRules(reader);
  if (common === undefined || fabric === undefined || network === undefined) return undefined;
  if (networkVni === undefined || vniRange === undefined) return undefined;
  return { ...common, fabric, network, networkVni, vniRange, vni, hosts, ipv4, ipv6, rules };
}

function cidrOf(asker: Asker, wanted: Family, taken: readonly Taken[], held: Cidr | undefined): Cidr | undefined {
  const { given, prefixLength, pool, family } = wanted;
  if (given === undefined && prefixLength === undefined) return undefined;
  const names = family === 4 ? (["cidr", "prefixLength"] as const) : (["ipv6Cidr", "ipv6PrefixLength"] as const);
  const [cidrName, lengthName] = names;
  if (pool === undefined) {
    throw new SdnError({
      code: "invalid-input",
      property: given === undefined ? lengthName : cidrName,
      cause: `the virtual network has no IPv${family} address space`,
      remedy: `give the VirtualNetwork ${names.join(" or ")}`,
    });
  }
  if (given !== undefined) {
    const problems = new Problems();
    problems.add(
      ...claimBlock({ pool, cidr: given, owner: asker.name, taken }).map((error) => error.at({ property: cidrName })),
    );
    problems.throwIfAny();
    return given;
  }
  const grown = held === undefined ? undefined : grownBlock(held, prefixLength ?? 0, pool, asker, taken);
  if (grown !== undefined) return grown;
  const mine = held === undefined ? [] : [{ cidr: held, owner: asker.name }];
  try {
    return allocateBlock({ pool, prefixLength: prefixLength ?? 0, key: asker.name, taken: [...mine, ...taken] });
  } catch (thrown) {
    throw thrown instanceof SdnError ? thrown.at({ property: lengthName }) : thrown;
  }
}

/** The block of the wanted length around the one that it has, where nobody else is in it. */
function grownBlock(
  held: Cidr,
  prefixLength: number,
  pool: Cidr,
  asker: Asker,
  taken: readonly Taken[],
): Cidr | undefined {
  if (prefixLength >= held.prefixLength) return undefined;
  const cidr = enclosingCidr(firstAddress(held), prefixLength);
  return claimBlock({ pool, cidr, owner: asker.name, taken }).length === 0 ? cidr : undefined;
}

/** What one family of the subnet has from an earlier run. */
interface Held {
  readonly cidr: Cidr;
  readonly ranges: ReadonlyMap<string, { readonly cidr: Cidr; readonly pool: string }>;
  /** How it was divided before any rules. */
  readonly layout: SubnetLayout;
  readonly grown: boolean;
}

function held(previous: Value | undefined): Held | undefined {
  const text = isValueMap(previous) ? previous["cidr"] : undefined;
  if (!isValueMap(previous) || typeof text !== "string") return undefined;
  const cidr = parseCidr(text, "cidr");
  const { hostRangePrefixLength: length, ranges, base } = previous;
  return {
    cidr,
    grown: base !== undefined,
    layout: layoutFrom(cidr, typeof length === "number" ? length : undefined, base),
    ranges: new Map(
      Object.entries(isValueMap(ranges) ? ranges : {}).flatMap(([host, range]) => {
        if (!isValueMap(range) || typeof range["cidr"] !== "string") return [];
        const pool = typeof range["pool"] === "string" ? range["pool"] : text;
        return [[host, { cidr: parseCidr(range["cidr"], "range"), pool }] as const];
      }),
    ),
  };
}

/** The division before any rules, and whether what was handed out stays. */
function divided(cidr: Cidr, wanted: Family, before: Held | undefined): { layout: SubnetLayout; stays: boolean } {
  const { hostRangePrefixLength } = wanted;
  if (before === undefined || !contains(cidr, before.cidr)) {
    return { layout: subnetLayout(cidr, { hostRangePrefixLength }), stays: false };
  }
  const same = sameCidr(cidr, before.cidr);
  // Asked for in any case, so that a length that does not fit is refused.
  const usual = subnetLayout(cidr, { hostRangePrefixLength });
  if (same && !before.grown) return { layout: usual, stays: true };
  // The default's length would be another one now that the subnet is larger.
  const kept = {
    ...before.layout,
    hostRangePrefixLength: hostRangePrefixLength ?? before.layout.hostRangePrefixLength,
  };
  return { layout: same ? kept : grownLayout(kept, cidr), stays: true };
}

/** One family's addressing of the subnet: the CIDR, the gateway and each host's range. */
function addressing(
  asker: Asker,
  inputs: SubnetInputs,
  wanted: Family,
  taken: readonly Taken[],
  previous: Value | undefined,
): ValueMap | undefined {
  const before = held(previous);
  const cidr = cidrOf(asker, wanted, taken, before?.cidr);
  if (cidr === undefined) return undefined;
  const { layout: base, stays } = divided(cidr, wanted, before);
  const keptRanges = stays && before !== undefined ? before.ranges : new Map<string, never>();
  const kept = new Map(
    [...keptRanges].flatMap(([host, range]) => (inputs.hosts.includes(host) ? [[host, range.cidr]] : [])),
  );
  const { layout, errors } = withRules(base, inputs.rules, new Map([...kept, ...wanted.givenRanges]));
  const problems = new Problems();
  problems.add(...errors);
  problems.throwIfAny();
  const ranges = rangesOf(layout, inputs.hosts, wanted, kept);
  const text = formatCidr(cidr);
  const [baseValue, value] = [layoutValue(base), layoutValue(layout)];
  return {
    cidr: text,
    gateway: formatAddress(layout.gateway),
    hostRangePrefixLength: layout.hostRangePrefixLength,
    ranges: Object.fromEntries(
      [...ranges].map(([host, range]) => {
        // An engine's network cannot be changed: it keeps the subnet as it was when the host came.
        const pool = keptRanges.get(host)?.pool ?? text;
        const own = { cidr: formatCidr(range.cidr), router: formatAddress(range.router) };
        return [host, pool === text ? own : { ...own, pool }];
      }),
    ),
    ...(baseValue === undefined ? {} : { base: baseValue }),
    ...(value === undefined ? {} : { layout: value }),
  };
}

/** A given range comes before the one that the host has held so far. */
function rangesOf(
  layout: SubnetLayout,
  hosts: readonly string[],
  { family, givenRanges }: Family,
  before: ReadonlyMap<string, Cidr>,
): ReturnType<typeof allocateHostRanges> {
  const property = family === 4 ? "hostRanges" : "ipv6HostRanges";
  for (const host of givenRanges.keys()) {
    if (hosts.includes(host)) continue;
    const remedy = `the subnet's hosts are ${hosts.join(", ")}`;
    const cause = "is not a host of the subnet";
    throw new SdnError({ code: "invalid-input", property: `${property}.${host}`, value: host, cause, remedy });
  }
  try {
    return allocateHostRanges({ layout, hosts, held: new Map([...before, ...givenRanges]) });
  } catch (thrown) {
    throw thrown instanceof SdnError && givenRanges.size > 0 ? thrown.at({ property }) : thrown;
  }
}

function takenIn(inputs: SubnetInputs, book: AddressBook, onHosts: readonly Taken[]): readonly Taken[] {
  return [...book.taken(inputs.network), ...onHosts];
}

const containsText = (outer: Value, inner: Value): boolean =>
  typeof outer === "string" &&
  typeof inner === "string" &&
  contains(parseCidr(outer, "cidr"), parseCidr(inner, "cidr"));

export const subnetAllocationKind: AllocationKind<SubnetInputs> = {
  token: "sdn:ipam:SubnetAllocation",
  noun: "subnet",
  outputs: ["vni", "ipv4", "ipv6"],
  // What does not contain the old gives up what was handed out, so it is another subnet.
  diff: {
    cidr: { replaceWhen: (before, after) => !containsText(after, before) },
    ipv6Cidr: { replaceWhen: (before, after) => !containsText(after, before) },
    prefixLength: { replaceWhen: (before, after) => Number(after) > Number(before) },
    ipv6PrefixLength: { replaceWhen: (before, after) => Number(after) > Number(before) },
  },
  read,
  decide(asker, inputs, previous, holdings, book): ValueMap {
    const taken = takenIn(inputs, book, holdings.subnets.get(inputs.networkVni) ?? []);
    const ipv4 = addressing(asker, inputs, inputs.ipv4, taken, previous["ipv4"]);
    const ipv6 = addressing(asker, inputs, inputs.ipv6, taken, previous["ipv6"]);
    if (ipv4 === undefined && ipv6 === undefined) {
      throw new SdnError({
        code: "invalid-input",
        property: "cidr",
        cause: "the subnet has no address space",
        remedy: "give cidr, prefixLength, ipv6Cidr or ipv6PrefixLength",
      });
    }
    for (const family of [ipv4, ipv6]) {
      const text = family?.["cidr"];
      if (typeof text === "string") hold(book, inputs.network, asker.name, parseCidr(text, "cidr"));
    }
    const vni = decideVni(asker, inputs, previous["vni"], holdings, book);
    return { vni, ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
  },
  note(asker, inputs, previous, book) {
    const errors: (SdnError | undefined)[] = [];
    if (typeof previous["vni"] === "number") errors.push(book.hold(inputs.fabric, asker.name, previous["vni"]));
    for (const family of ["ipv4", "ipv6"]) {
      const cidr = held(previous[family])?.cidr;
      if (cidr !== undefined) errors.push(book.hold(inputs.network, asker.name, cidr));
    }
    return errors.filter((error) => error !== undefined);
  },
};
