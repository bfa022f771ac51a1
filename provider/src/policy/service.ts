/** Services as users write them: a protocol, with ports or types of ICMP. */

import { type Family } from "../model/address";
import { SdnError } from "../model/error";
import { parseIcmpType, parsePorts, parseProtocol } from "./parse";
import { hasPorts, icmpNumber, icmpv6Number, type IcmpMatch, type PortRange, type Service } from "./transport";

export interface ServiceText {
  readonly protocol: string;
  readonly ports?: string | undefined;
  readonly icmpTypes?: readonly string[] | undefined;
}

/**
 * @param at path of the service, for errors
 * @throws SdnError `invalid-input`
 */
export function parseService(text: ServiceText, at: string): readonly Service[] {
  const protocol = parseProtocol(text.protocol, `${at}.protocol`);
  if (text.ports !== undefined) checkHasPorts(text.protocol, protocol, `${at}.ports`);
  if (text.icmpTypes !== undefined) checkHasTypes(text.protocol, protocol, `${at}.icmpTypes`);
  if (text.ports !== undefined) {
    return [{ kind: "ports", protocol, ports: parsePorts(text.ports, `${at}.ports`) }];
  }
  if (text.icmpTypes !== undefined) {
    const found = text.icmpTypes.map((type, index) => icmpTypesOf(text.protocol, type, `${at}.icmpTypes[${index}]`));
    return families.flatMap((family): readonly Service[] => {
      const types = found.flatMap((one) => one[family] ?? []);
      return types.length === 0 ? [] : [{ kind: "icmp", family, types }];
    });
  }
  const numbers = text.protocol === "icmp" ? [icmpNumber, icmpv6Number] : [protocol];
  return numbers.map((number) => ({ kind: "protocol", protocol: number }));
}

const families: readonly Family[] = [4, 6];

/** Throws where a protocol has no ports. */
export function checkHasPorts(text: string, protocol: number, property: string): void {
  if (hasPorts(protocol)) return;
  throw new SdnError({
    code: "invalid-input",
    property,
    cause: `protocol ${text} has no ports`,
    remedy: "leave ports out, or write one of tcp, udp, sctp, dccp, udplite",
  });
}

/** Throws where a protocol has no types of ICMP. */
export function checkHasTypes(text: string, protocol: number, property: string): void {
  if (protocol === icmpNumber || protocol === icmpv6Number) return;
  throw new SdnError({
    code: "invalid-input",
    property,
    cause: `protocol ${text} has no types of ICMP`,
    remedy: "leave icmpTypes out, or write icmp or icmpv6",
  });
}

/**
 * What a type means in each family. `icmp` speaks of both where the type has a name: `echo-request` is 8 in IPv4 and 128
 * in IPv6 packets. Numbers differ between the two, so a number is of ICMP in IPv4 alone.
 *
 * @throws SdnError `invalid-input`
 */
export function icmpTypesOf(protocol: string, type: string, property: string): Partial<Record<Family, IcmpMatch>> {
  if (protocol !== "icmp") {
    const family = parseProtocol(protocol, property) === icmpNumber ? 4 : 6;
    return { [family]: parseIcmpType(type, family, property) };
  }
  const ipv4 = attempt(() => parseIcmpType(type, 4, property));
  const ipv6 = /^\d/.test(type) ? undefined : attempt(() => parseIcmpType(type, 6, property));
  if (ipv4 === undefined && ipv6 === undefined) parseIcmpType(type, 4, property);
  return { ...(ipv4 === undefined ? {} : { 4: ipv4 }), ...(ipv6 === undefined ? {} : { 6: ipv6 }) };
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof SdnError) return undefined;
    throw thrown;
  }
}

/** `80,443,8000-8010`: the one way to write the ranges in their order. */
export const formatPorts = (ports: readonly PortRange[]): string =>
  ports.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(",");
