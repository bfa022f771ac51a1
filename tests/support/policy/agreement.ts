/** What a host must do with a packet, from the evaluator; and what its table does, from the tracer. */
import { isDeepStrictEqual } from "node:util";
import { inCidr } from "../../../provider/src/model/cidr";
import { type Address, sameAddress } from "../../../provider/src/model/address";
import { isGoverned, judge, type Judgement } from "../../../provider/src/policy/evaluate";
import type { Direction, Policy } from "../../../provider/src/policy/rule";
import { hasPorts, icmpOf } from "../../../provider/src/policy/transport";
import type { Segment, World } from "../../../provider/src/policy/world";
import type { BridgedPacket } from "./arbitraries";
import { type Held, nothingHeld } from "./held";
import type { Trace, TracedPacket } from "./tracer";

export function tracedPacket(packet: BridgedPacket): TracedPacket {
  const { segment, source, destination, protocol, secondWord, icmp, tcpFlags, state, time } = packet;
  const hasTypes = protocol === icmpOf(4) || protocol === icmpOf(6);
  return {
    hook: "forward",
    iifname: segment.bridge,
    oifname: segment.bridge,
    source,
    destination,
    protocol,
    secondWord,
    icmp: hasTypes ? icmp : undefined,
    tcpFlags,
    state,
    time,
  };
}

/** @param guarded bridges with subjects: only there packets must be sane */
export function expectedTrace(
  policies: readonly Policy[],
  world: World,
  packet: BridgedPacket,
  guarded: readonly string[],
  { held = nothingHeld }: { readonly held?: Held } = {},
): Trace {
  const accepted: Trace = { verdict: "accept", counted: [], logged: [] };
  if (isHeld(held, packet) && !isNeighbourDiscovery(packet)) return dropped("held");
  if (packet.state === "established" || packet.state === "related") return accepted;
  if (!guarded.includes(packet.segment.bridge)) return accepted;
  if (isNeighbourDiscovery(packet)) return accepted;
  if (isLinkLocal(packet.source) || isLinkLocal(packet.destination)) return dropped("link-local");
  if ([packet.source, packet.destination].some((address) => isSubject(policies, world, packet, address))) {
    if (packet.state === "invalid") return dropped("invalid");
    if (packet.protocol === 6 && (packet.tcpFlags & 23) !== 2) return dropped("not-syn");
  }
  const judgements = (["egress", "ingress"] as const).map((direction) => judgeAt(policies, world, packet, direction));
  const [egress, ingress] = judgements;
  const told = egress !== undefined && egress.verdict !== "allow" ? [egress] : [egress, ingress];
  const asked = told.filter((one) => one !== undefined);
  const verdict = asked.at(-1)?.verdict ?? "allow";
  return {
    verdict: verdict === "allow" ? "accept" : verdict === "reject" && packet.protocol === 6 ? "reject" : "drop",
    counted: asked.flatMap((one) => [
      ...one.watched.map((ref) => `${ref} watch`),
      ...(one.by === undefined ? [] : [one.by]),
    ]),
    logged: asked.flatMap(({ watched, logged }) => [...watched, ...logged]),
  };
}

const dropped = (counter: string): Trace => ({ verdict: "drop", counted: [counter], logged: [] });
const isLinkLocal = ({ family, value }: Address): boolean => family === 6 && value >> 118n === 0x3fan;

function isHeld({ bridges, addresses }: Held, { segment, source, destination }: BridgedPacket): boolean {
  if (bridges.includes(segment.bridge)) return true;
  const behind = addresses.filter(({ bridge }) => bridge === segment.bridge);
  return behind.some(({ address }) => sameAddress(address, source) || sameAddress(address, destination));
}

function isSubject(policies: readonly Policy[], world: World, packet: BridgedPacket, address: Address): boolean {
  const { host, segment } = packet;
  return isLocal(world, host, segment, address) && isGoverned(policies, { address, segment: segment.name }, world);
}

function isNeighbourDiscovery({ source, protocol, icmp }: BridgedPacket): boolean {
  return source.family === 6 && protocol === 58 && [130, 131, 132, 133, 135, 136, 143].includes(icmp.type);
}

export function judgeAt(
  policies: readonly Policy[],
  world: World,
  packet: BridgedPacket,
  direction: Direction,
): Judgement | undefined {
  const subject = direction === "egress" ? packet.source : packet.destination;
  if (!isLocal(world, packet.host, packet.segment, subject)) return undefined;
  const place = {
    source: { address: packet.source, segment: undefined },
    destination: { address: packet.destination, segment: undefined },
  };
  const here = { address: subject, segment: packet.segment.name };
  return judge(
    policies,
    {
      ...place,
      [direction === "egress" ? "source" : "destination"]: here,
      protocol: packet.protocol,
      ...(hasPorts(packet.protocol) ? { port: packet.secondWord } : {}),
      ...(packet.protocol === icmpOf(packet.source.family) ? { icmp: packet.icmp } : {}),
      time: packet.time,
    },
    world,
    direction,
  );
}

function isLocal(world: World, host: string, segment: Segment, address: BridgedPacket["source"]): boolean {
  return (
    world.endpoints.some(
      (one) =>
        one.host === host && one.segment === segment.name && one.addresses.some((own) => sameAddress(own, address)),
    ) ||
    world.hostRanges.some(
      (range) => range.host === host && range.segment === segment.name && inCidr(address, range.cidr),
    )
  );
}

/** Log lines carry more than the rule's name: compare the names, in any order. */
export function agrees(expected: Trace, found: Trace): boolean {
  const names = found.logged.map((prefix) => prefix.split(" ")[1] ?? "");
  return (
    expected.verdict === found.verdict &&
    isDeepStrictEqual(expected.counted, found.counted) &&
    isDeepStrictEqual([...expected.logged].sort(), names.sort())
  );
}
