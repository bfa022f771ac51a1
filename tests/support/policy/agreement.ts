/** What a host must do with a packet, from the evaluator; and what its table does, from the tracer. */
import { isDeepStrictEqual } from "node:util";
import type { Flow } from "../../../provider/src/compile/firewall/flows";
import { inCidr } from "../../../provider/src/model/cidr";
import { type Address, sameAddress } from "../../../provider/src/model/address";
import { isGoverned, judge, type Judgement } from "../../../provider/src/policy/evaluate";
import type { DynamicContainer } from "../../../provider/src/policy/dynamic";
import type { Direction, Policy } from "../../../provider/src/policy/rule";
import { matchesLabels } from "../../../provider/src/policy/selector";
import { hasPorts, icmpOf } from "../../../provider/src/policy/transport";
import type { World } from "../../../provider/src/policy/world";
import type { BridgedPacket } from "./arbitraries";
import { type Held, nothingHeld } from "./held";
import type { OriginalTuple, Trace, TracedPacket } from "./tracer";

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
    firstWord: packet.firstWord,
    secondWord,
    zone: segment.zone,
    isTranslated: false,
    icmp: hasTypes ? icmp : undefined,
    tcpFlags,
    original: originalOf(packet),
    state,
    time,
  };
}

/** What conntrack has of the packet's flow, if it has one. */
export function originalOf(packet: Omit<BridgedPacket, "segment">): OriginalTuple | undefined {
  const { source, destination, protocol, firstWord, icmp, state } = packet;
  if (state === "invalid" || state === "untracked") return undefined;
  const isIcmp = protocol === icmpOf(source.family);
  const secondWord = isIcmp ? icmp.type * 256 + icmp.code : hasPorts(protocol) ? packet.secondWord : 0;
  const words = { firstWord: isIcmp || hasPorts(protocol) ? firstWord : 0, secondWord };
  const isAnswer = state === "established" && packet.isAnswer;
  return isAnswer ? { source: destination, destination: source, ...words } : { source, destination, ...words };
}

/** As conntrack would list the packet's flow. */
export function flowOf(packet: BridgedPacket): Flow | undefined {
  const original = originalOf(packet);
  return original && flowFrom(packet, original, packet.segment.zone);
}

export function flowFrom(
  { protocol, icmp }: Pick<BridgedPacket, "protocol" | "icmp">,
  { source, destination, firstWord, secondWord }: OriginalTuple,
  zone: number,
): Flow {
  return {
    zone,
    source,
    destination,
    protocol,
    ...(hasPorts(protocol) ? { sourcePort: firstWord, port: secondWord } : {}),
    ...(protocol === icmpOf(source.family) ? { icmp, icmpId: firstWord } : {}),
  };
}

/** @param guarded bridges with subjects: only there packets must be sane */
export function expectedTrace(
  policies: readonly Policy[],
  world: World,
  packet: BridgedPacket,
  guarded: readonly string[],
  { held = nothingHeld, cuts = [] }: { readonly held?: Held; readonly cuts?: readonly Flow[] } = {},
): Trace {
  const accepted: Trace = { verdict: "accept", counted: [], logged: [] };
  if (isHeld(held, packet) && !isNeighbourDiscovery(packet)) return dropped("held");
  const flow = flowOf(packet);
  if (flow !== undefined && cuts.some((cut) => isDeepStrictEqual(cut, flow))) return dropped("cut");
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
  const asked = egress !== undefined && egress.verdict !== "allow" ? [egress] : [egress, ingress];
  // On a bridge only TCP is answered.
  return judgedTrace(asked, packet.protocol === 6);
}

/**
 * @param judgements in the order of asking, up to the one that ends the packet
 * @param isAnswered whether the kernel says that it rejects the packet
 */
export function judgedTrace(judgements: readonly (Judgement | undefined)[], isAnswered: boolean): Trace {
  const asked = judgements.filter((one) => one !== undefined);
  const verdict = asked.at(-1)?.verdict ?? "allow";
  return {
    verdict: verdict === "allow" ? "accept" : verdict === "reject" && isAnswered ? "reject" : "drop",
    counted: asked.flatMap((one) => [
      ...one.watched.map((ref) => `${ref} watch`),
      ...(one.by === undefined ? [] : [one.by]),
    ]),
    logged: asked.flatMap(({ watched, logged }) => [...watched, ...logged]),
  };
}

export const dropped = (counter: string): Trace => ({ verdict: "drop", counted: [counter], logged: [] });
const isLinkLocal = ({ family, value }: Address): boolean => family === 6 && value >> 118n === 0x3fan;

function isHeld({ bridges, addresses }: Held, { segment, source, destination }: BridgedPacket): boolean {
  if (bridges.includes(segment.bridge)) return true;
  const behind = addresses.filter(({ bridge }) => bridge === segment.bridge);
  return behind.some(({ address }) => sameAddress(address, source) || sameAddress(address, destination));
}

function isSubject(policies: readonly Policy[], world: World, packet: BridgedPacket, address: Address): boolean {
  const { segment } = packet;
  return isLocal(policies, world, packet, address) && isGoverned(policies, { address, segment: segment.name }, world);
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
  if (!isLocal(policies, world, packet, subject)) return undefined;
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

/** A container is at home where the engine says, if a policy goes by labels that it has. */
function isLocal(
  policies: readonly Policy[],
  world: World,
  { host, segment }: BridgedPacket,
  address: BridgedPacket["source"],
): boolean {
  return (
    world.endpoints.some(
      (one) =>
        one.host === host && one.segment === segment.name && one.addresses.some((own) => sameAddress(own, address)),
    ) ||
    world.hostRanges.some(
      (range) => range.host === host && range.segment === segment.name && inCidr(address, range.cidr),
    ) ||
    (world.dynamic?.containers ?? []).some(
      (one) =>
        one.segment === segment.name && sameAddress(one.address, address) && isGovernedByLabels(policies, world, one),
    )
  );
}

function isGovernedByLabels(policies: readonly Policy[], world: World, { labels }: DynamicContainer): boolean {
  const targets = policies.flatMap(({ appliesTo }) => appliesTo);
  return world.groups
    .filter(({ name }) => targets.some((target) => target.kind === "group" && target.name === name))
    .some(({ members }) => members.some((one) => one.kind === "containers" && matchesLabels(one.selector, labels)));
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
