/** The host itself: packets that it gets, sends, or passes on translated, and what must become of them. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { type Flow, noZone } from "../../../provider/src/compile/firewall/flows";
import type { FailsafeSession } from "../../../provider/src/compile/firewall/own-host";
import { type Address, type Family, parseAddress, sameAddress } from "../../../provider/src/model/address";
import { inCidr, parseCidr } from "../../../provider/src/model/cidr";
import { isGoverned, judge, type Judgement } from "../../../provider/src/policy/evaluate";
import type { Direction, Policy } from "../../../provider/src/policy/rule";
import { hasPorts, icmpOf } from "../../../provider/src/policy/transport";
import type { World } from "../../../provider/src/policy/world";
import { dropped, flowFrom, judgedTrace, originalOf } from "./agreement";
import { type BridgedPacket, packetArbitrary } from "./arbitraries";
import type { OriginalTuple, Trace, TracedPacket } from "./tracer";

export interface OwnPacket extends Omit<BridgedPacket, "segment"> {
  readonly hook: "input" | "forward" | "output";
  /** Where it comes from, or where the host sends it to. */
  readonly side: string;
  /** Where it was sent to before translation. */
  readonly sentTo: { readonly address: Address; readonly port: number } | undefined;
}

/** What no policy of the host has a say about, besides what is so on every host. */
export interface Spared {
  readonly failsafe: readonly FailsafeSession[];
  readonly underlayPorts: readonly number[];
}

const ip = (text: string): Address => parseAddress(text, "test");
export const ownAddresses: readonly Address[] = ["192.0.2.1", "2001:db8::1"].map(ip);
const own = (family: Family): Address => ownAddresses.find((address) => address.family === family) ?? ip("0.0.0.0");

export const sparedArbitrary: fc.Arbitrary<Spared> = fc.record({
  failsafe: fc.subarray<FailsafeSession>([
    { client: parseCidr("203.0.113.7/32", "test"), server: own(4), port: 22 },
    { client: parseCidr("10.0.0.0/16", "test"), port: 443 },
    { client: parseCidr("2001:db8::/32", "test"), port: 22 },
    { port: 80 },
  ]),
  underlayPorts: fc.subarray([443, 4789]),
});

export const ownPacketArbitrary: fc.Arbitrary<OwnPacket> = fc
  .record({
    packet: packetArbitrary,
    hook: fc.constantFrom("input" as const, "input" as const, "output" as const, "forward" as const),
    side: fc.constantFrom("eth0", "eth0", "docker0", "lo", "sdn-b-99"),
    port: fc.constantFrom(22, 80, 443, 4789, 65_535),
    dhcp: fc.constantFrom(undefined, undefined, undefined, [67, 68], [68, 67], [547, 546], [546, 547]),
    isTranslated: fc.boolean(),
  })
  .map(({ packet: { segment: _, ...packet }, hook, side, port, dhcp, isTranslated }): OwnPacket => {
    const far = hook === "output" ? packet.destination : packet.source;
    const near = own(far.family);
    const inside = { 4: ip("172.17.0.2"), 6: ip("fd00:17::2") }[far.family];
    const [source, destination] = hook === "output" ? [near, far] : [far, hook === "forward" ? inside : near];
    const words = dhcp !== undefined && packet.protocol === 17 ? { firstWord: dhcp[0], secondWord: dhcp[1] } : {};
    const sentTo = isTranslated && hook !== "output" ? { address: near, port } : undefined;
    return { ...packet, ...words, source, destination, hook, side, sentTo };
  });

export function tracedOwn(packet: OwnPacket): TracedPacket {
  const { hook, side, source, destination, protocol, firstWord, secondWord, icmp, tcpFlags, state, time } = packet;
  const hasTypes = protocol === icmpOf(4) || protocol === icmpOf(6);
  return {
    hook,
    iifname: hook === "output" ? "" : side,
    oifname: hook === "output" ? side : hook === "forward" ? "docker0" : "",
    ...{ source, destination, protocol, firstWord, secondWord, tcpFlags, state, time },
    icmp: hasTypes ? icmp : undefined,
    original: ownOriginal(packet),
    zone: noZone,
    isTranslated: packet.sentTo !== undefined,
  };
}

function ownOriginal(packet: OwnPacket): OriginalTuple | undefined {
  const found = originalOf({ ...packet, isAnswer: packet.isAnswer && packet.sentTo === undefined });
  if (found === undefined || packet.sentTo === undefined) return found;
  const { address, port } = packet.sentTo;
  return { ...found, destination: address, ...(hasPorts(packet.protocol) ? { secondWord: port } : {}) };
}

export function ownFlow(packet: OwnPacket): Flow | undefined {
  const original = ownOriginal(packet);
  return original && flowFrom(packet, original, noZone);
}

export function judgeOwn(policies: readonly Policy[], world: World, packet: OwnPacket): Judgement | undefined {
  const { host, hook, source, destination, protocol, icmp, time } = packet;
  const direction: Direction = hook === "output" ? "egress" : "ingress";
  const place = (address: Address) => ({ address, segment: undefined });
  const here = { ...place(direction === "egress" ? source : destination), host };
  const ends = { source: place(source), destination: place(destination) };
  const port = packet.sentTo !== undefined && isTracked(packet) ? packet.sentTo.port : packet.secondWord;
  return judge(
    policies,
    {
      ...ends,
      [direction === "egress" ? "source" : "destination"]: here,
      protocol,
      ...(hasPorts(protocol) ? { port } : {}),
      ...(protocol === icmpOf(source.family) ? { icmp } : {}),
      time,
    },
    world,
    direction,
  );
}

const isTracked = ({ state }: OwnPacket): boolean => state !== "invalid" && state !== "untracked";
const accepted: Trace = { verdict: "accept", counted: [], logged: [] };

export function expectedOwn(
  policies: readonly Policy[],
  world: World,
  packet: OwnPacket,
  { spared, cuts }: { readonly spared: Spared; readonly cuts: readonly Flow[] },
): Trace {
  const here = { address: packet.destination, segment: undefined, host: packet.host };
  if (!isGoverned(policies, here, world)) return accepted;
  const isForwarded = packet.hook === "forward";
  const isBeside = !packet.side.startsWith("sdn-b-");
  const isNever = !isForwarded && isBeside && isNeverJudged(packet, spared);
  if (isNever && cuts.length > 0) return accepted;
  const flow = ownFlow(packet);
  if (flow !== undefined && cuts.some((cut) => isDeepStrictEqual(cut, flow))) return dropped("cut");
  if (packet.state === "established" || packet.state === "related" || isNever) return accepted;
  if (isForwarded ? packet.sentTo === undefined || !isTracked(packet) : !isBeside) return accepted;
  if (packet.state === "invalid") return dropped("invalid");
  if (packet.protocol === 6 && (packet.tcpFlags & 23) !== 2) return dropped("not-syn");
  return judgedTrace([judgeOwn(policies, world, packet)], packet.protocol === 6 || isBeside);
}

export function isNeverJudged(packet: OwnPacket, { failsafe, underlayPorts }: Spared): boolean {
  const { source, destination, protocol, firstWord, secondWord, icmp } = packet;
  const isOut = packet.hook === "output";
  if (packet.side === "lo") return true;
  if (protocol === 58 && source.family === 6 && [130, 131, 132, 133, 134, 135, 136, 143].includes(icmp.type))
    return true;
  if (protocol === 17) {
    const dhcp = isOut ? ["68 67", "546 547"] : ["67 68", "547 546"];
    return underlayPorts.includes(secondWord) || dhcp.includes(`${firstWord} ${secondWord}`);
  }
  const [there, here, port] = isOut ? [destination, source, firstWord] : [source, destination, secondWord];
  return failsafe.some(
    (one) =>
      protocol === 6 &&
      one.port === port &&
      (one.client === undefined || inCidr(there, one.client)) &&
      (one.server === undefined || sameAddress(one.server, here)),
  );
}
