/** The texts of rules, parsed once: protocols, ports, types of ICMP, times, limits. */

import type { Family } from "../model/address";
import { SdnError } from "../model/error";
import { shown } from "../model/shown";
import type { LogLimit } from "./rule";
import { type IcmpMatch, icmpNumber, icmpv6Number, portProtocols, type PortRange } from "./transport";

/** IANA's numbers of the protocols that networks filter by name. */
const protocols: ReadonlyMap<string, number> = new Map([
  ...portProtocols,
  ["icmp", icmpNumber],
  ["icmpv6", icmpv6Number],
  ["igmp", 2],
  ["ipip", 4],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["ospf", 89],
  ["pim", 103],
  ["vrrp", 112],
]);

const icmpTypes: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: new Map([
    ["echo-reply", 0],
    ["destination-unreachable", 3],
    ["redirect", 5],
    ["echo-request", 8],
    ["router-advertisement", 9],
    ["router-solicitation", 10],
    ["time-exceeded", 11],
    ["parameter-problem", 12],
    ["timestamp-request", 13],
    ["timestamp-reply", 14],
  ]),
  6: new Map([
    ["destination-unreachable", 1],
    ["packet-too-big", 2],
    ["time-exceeded", 3],
    ["parameter-problem", 4],
    ["echo-request", 128],
    ["echo-reply", 129],
    ["router-solicitation", 133],
    ["router-advertisement", 134],
    ["neighbour-solicitation", 135],
    ["neighbour-advertisement", 136],
    ["redirect", 137],
  ]),
};

/**
 * A protocol by name or number.
 *
 * @throws SdnError `invalid-input`
 */
export function parseProtocol(text: string, property: string): number {
  const number = protocols.get(text) ?? wholeNumber(text, 255);
  if (number !== undefined) return number;
  throw refuse(text, property, {
    cause: "the value is not a protocol",
    remedy: `write a number from 0 to 255, or one of ${[...protocols.keys()].join(", ")}`,
  });
}

/**
 * Ports and ranges of ports, separated by commas: `80,443,8000-8010`.
 *
 * @throws SdnError `invalid-input`
 */
export function parsePorts(text: string, property: string): readonly PortRange[] {
  return text.split(",").map((item): PortRange => {
    const [from = "", to, ...others] = item.trim().split("-");
    const first = wholeNumber(from, 65_535);
    const last = to === undefined ? first : wholeNumber(to, 65_535);
    if (first !== undefined && last !== undefined && first <= last && others.length === 0) return { first, last };
    throw refuse(text, property, {
      cause: "the value is not a list of ports",
      remedy: "write ports from 0 to 65535 and ranges with the lower one first, such as 80,443,8000-8010",
    });
  });
}

/**
 * A type of ICMP by name or number, with a code where it has one: `echo-request`, `8`, `3/4`.
 *
 * @throws SdnError `invalid-input`
 */
export function parseIcmpType(text: string, family: Family, property: string): IcmpMatch {
  const [name = "", codeText, ...others] = text.split("/");
  const type = icmpTypes[family].get(name) ?? wholeNumber(name, 255);
  const code = codeText === undefined ? undefined : wholeNumber(codeText, 255);
  if (type !== undefined && others.length === 0 && (codeText === undefined || code !== undefined)) {
    return code === undefined ? { type } : { type, code };
  }
  throw refuse(text, property, {
    cause: `the value is not a type of ${family === 4 ? "ICMP" : "ICMPv6"}`,
    remedy: `write a number such as 8, with a code 3/4, or one of ${[...icmpTypes[family].keys()].join(", ")}`,
  });
}

/**
 * A moment with its offset from UTC, in RFC 3339's form, as whole seconds since 1970. A time without an offset is
 * refused: it would mean something else on every machine.
 *
 * @throws SdnError `invalid-input`
 */
export function parseMoment(text: string, property: string): number {
  const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z|[+-](\d\d):(\d\d))$/.exec(text);
  if (form !== null) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = form.slice(1, 7).map(Number);
    const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
    // Date counts the 30th of February on into March.
    const isReal = year >= 1970 && date.toISOString() === `${text.slice(0, 19)}.000Z`;
    const [hours, minutes] = [Number(form[8] ?? 0), Number(form[9] ?? 0)];
    const offset = (form[7]?.startsWith("-") === true ? -1 : 1) * (hours * 3600 + minutes * 60);
    if (isReal && hours < 24 && minutes < 60) return Math.max(0, date.getTime() / 1000 - offset);
  }
  throw refuse(text, property, {
    cause: "the value is not a moment",
    remedy: "write one such as 2027-03-01T18:00:00Z or 2027-03-01T18:00:00+01:00",
  });
}

const units: readonly LogLimit["per"][] = ["second", "minute", "hour", "day"];

/**
 * Lines per unit of time: `5/minute`. As many may come at once.
 *
 * @throws SdnError `invalid-input`
 */
export function parseLogLimit(text: string, property: string): LogLimit {
  const [count = "", unit, ...others] = text.split("/");
  const rate = wholeNumber(count, 10_000);
  const per = units.find((one) => one === unit);
  if (rate !== undefined && rate > 0 && per !== undefined && others.length === 0) return { rate, per, burst: rate };
  throw refuse(text, property, {
    cause: "the value is not a limit",
    remedy: `write 1 to 10000 lines per ${units.join(", ")}, such as 5/minute`,
  });
}

/** Digits without a leading zero, up to a number. */
function wholeNumber(text: string, highest: number): number | undefined {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return undefined;
  const number = Number(text);
  return number <= highest ? number : undefined;
}

function refuse(text: string, property: string, why: { readonly cause: string; readonly remedy: string }): SdnError {
  return new SdnError({ code: "invalid-input", ...why, property, value: shown(text) });
}
