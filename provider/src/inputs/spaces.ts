import { type Address, parseAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { parseName } from "../model/name";
import type { VniRange } from "../model/vni";
import { maximumVni, minimumVni } from "../model/vni";
import type { InputReader } from "./input-reader";

export interface CommonInputs {
  readonly label: string;
  readonly hostUris: readonly string[];
}

/** An address space that is given or taken from a pool by its size; `undefined` for a family that is not wanted. */
export interface SpaceInputs {
  readonly given: Cidr | undefined;
  readonly prefixLength: number | undefined;
}

export function readCommon(reader: InputReader): CommonInputs | undefined {
  const label = reader.require("label", reader.parsed("label", parseName), "the component's name");
  const hostUris = reader.texts("hostUris", (text) => text) ?? [];
  return label === undefined ? undefined : { label, hostUris };
}

export function readVniRange(reader: InputReader): VniRange | undefined {
  const range = reader.object("vniRange");
  const start = range?.integer("start", minimumVni, maximumVni);
  const end = range?.integer("end", minimumVni, maximumVni);
  range?.finish();
  if (start === undefined || end === undefined) return undefined;
  if (start <= end) return { start, end };
  reader.problems.add(
    new SdnError({
      code: "invalid-input",
      property: reader.at("vniRange"),
      value: `${start}-${end}`,
      cause: "ends before it starts",
      remedy: "write the smaller number as start",
    }),
  );
  return undefined;
}

/** `other`: the property for the other family. */
export function parseFamilyCidr(
  family: 4 | 6,
  other = family === 4 ? "ipv6Cidr" : "cidr",
): (text: string, property: string) => Cidr {
  return (text, property) => {
    const cidr = parseCidr(text, property);
    if (cidr.family === family) return cidr;
    const remedy = `IPv${family === 4 ? 6 : 4} goes into ${other}`;
    throw new SdnError({ code: "invalid-input", property, value: text, cause: `is not an IPv${family} CIDR`, remedy });
  };
}

export function parseFamilyAddress(family: 4 | 6): (text: string, property: string) => Address {
  return (text, property) => {
    const address = parseAddress(text, property);
    if (address.family === family) return address;
    throw new SdnError({ code: "invalid-input", property, value: text, cause: `is not an IPv${family} address` });
  };
}

/** `cidr` or `prefixLength` (for IPv6 `ipv6Cidr` or `ipv6PrefixLength`), not both. */
export function readSpace(reader: InputReader, family: 4 | 6): SpaceInputs {
  const [cidrName, lengthName, longest] =
    family === 4 ? (["cidr", "prefixLength", 30] as const) : (["ipv6Cidr", "ipv6PrefixLength", 124] as const);
  const given = reader.parsed(cidrName, parseFamilyCidr(family));
  const prefixLength = reader.integer(lengthName, 1, longest);
  if (given !== undefined && prefixLength !== undefined) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: reader.at(lengthName),
        value: prefixLength,
        cause: `${cidrName} and ${lengthName} exclude each other`,
        remedy: `keep ${cidrName} for a given space, or ${lengthName} for one taken from the pool`,
      }),
    );
  }
  return { given, prefixLength };
}

/** Ranges that are given, by the name of their host. */
export type GivenRanges = ReadonlyMap<string, Cidr>;

/** `hostRanges` or `ipv6HostRanges`: `undefined` where there is none, or something of it is unknown. */
export function readGivenRanges(reader: InputReader, family: 4 | 6): GivenRanges | undefined {
  const name = family === 4 ? "hostRanges" : "ipv6HostRanges";
  const ranges = reader.object(name);
  if (ranges === undefined) return undefined;
  const unknowns = reader.unknowns.size;
  const parse = parseFamilyCidr(family, family === 4 ? "ipv6HostRanges" : "hostRanges");
  const parsed = ranges.names.map((host) => [host, ranges.parsed(host, parse)] as const);
  if (reader.unknowns.size > unknowns) return undefined;
  return new Map(parsed.flatMap(([host, cidr]) => (cidr === undefined ? [] : [[host, cidr] as const])));
}
