/** Sets of transports in words: `tcp/80,443`, `icmp/8`, `all but tcp/22`. */

import { type IntervalSet, intersectIntervals, subtractIntervals } from "../policy/intervals";
import { anyTransport, icmpNumber, icmpv6Number, lowBits, portProtocols } from "../policy/transport";

const names: ReadonlyMap<number, string> = new Map([
  ...[...portProtocols].map(([name, number]) => [number, name] as const),
  [icmpNumber, "icmp"],
  [icmpv6Number, "icmpv6"],
  [2, "igmp"],
  [4, "ipip"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [89, "ospf"],
  [103, "pim"],
  [112, "vrrp"],
]);

/** Ranges of ports that are written out before the rest is counted. */
const mostRanges = 8;

export function transportText(set: IntervalSet<number>): string {
  if (set.length === 0) return "nothing";
  const rest = subtractIntervals(anyTransport, set);
  if (rest.length === 0) return "all";
  // What has the unnamed protocols, too, is better said by what it has not.
  return wholeCount(set) > 128 ? `all but ${parts(rest)}` : parts(set);
}

const wholeCount = (set: IntervalSet<number>): number =>
  set.reduce(
    (sum, { first, last }) => sum + Math.max(0, Math.floor((last + 1) / lowBits) - Math.ceil(first / lowBits)),
    0,
  );

function parts(set: IntervalSet<number>): string {
  const first = Math.floor((set[0]?.first ?? 0) / lowBits);
  const last = Math.floor((set.at(-1)?.last ?? 0) / lowBits);
  const texts: string[] = [];
  const whole: number[] = [];
  for (let protocol = first; protocol <= last; protocol += 1) {
    const span = { first: protocol * lowBits, last: protocol * lowBits + lowBits - 1 };
    const here = intersectIntervals(set, [span]);
    if (here.length === 0) continue;
    const isWhole = here[0]?.first === span.first && here[0].last === span.last;
    const name = names.get(protocol);
    if (isWhole && name === undefined) whole.push(protocol);
    else if (isWhole) texts.push(name ?? "");
    else texts.push(`${name ?? `protocol ${protocol}`}/${lowText(protocol, here)}`);
  }
  const unnamed = runs(whole).map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
  const more = unnamed.length === 0 ? [] : [`${whole.length === 1 ? "protocol" : "protocols"} ${unnamed.join(",")}`];
  return [...texts, ...more].join(", ");
}

function lowText(protocol: number, here: IntervalSet<number>): string {
  const base = protocol * lowBits;
  const isIcmp = protocol === icmpNumber || protocol === icmpv6Number;
  const spans = here.map(({ first, last }) => {
    const [from, to] = [first - base, last - base];
    if (!isIcmp) return from === to ? String(from) : `${from}-${to}`;
    return icmpText(from, to);
  });
  const shown = spans.slice(0, mostRanges).join(",");
  return spans.length > mostRanges ? `${shown} and ${spans.length - mostRanges} more` : shown;
}

/** Types and, where not all codes of a type are meant, `TYPE:CODE`. */
function icmpText(from: number, to: number): string {
  const [type, code] = [from >> 8, from & 255];
  const [lastType, lastCode] = [to >> 8, to & 255];
  if (code === 0 && lastCode === 255) return type === lastType ? String(type) : `${type}-${lastType}`;
  if (from === to) return `${type}:${code}`;
  return `${type}:${code}-${lastType}:${lastCode}`;
}

function runs(numbers: readonly number[]): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last.to + 1 === number) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found;
}
