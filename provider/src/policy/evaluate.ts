/**
 * What policies mean, straight from their definition (docs/firewall.md) and as simply as possible. The compiler is
 * measured against this, so it shares no code with it beyond the data types.
 */

import { type Address, sameAddress } from "../model/address";
import { type Cidr, inCidr } from "../model/cidr";
import type { Packet, Place } from "./packet";
import {
  type CidrBlock,
  type Direction,
  orderPolicies,
  type Peer,
  type Policy,
  refOf,
  type Rule,
  type Target,
  tiers,
  watchesAt,
} from "./rule";
import { matchesLabels } from "./selector";
import { hasPorts, icmpOf, type Service } from "./transport";
import type { GroupMember, PlacedEndpoint, World } from "./world";

export interface Judgement {
  readonly verdict: "allow" | "deny" | "reject";
  /** `POLICY/RULE`, or `POLICY/default`; `undefined` where no policy had a word. */
  readonly by: string | undefined;
  /** What would have dropped it, were the policy enforced. */
  readonly watched: readonly string[];
  /** What writes a log line. */
  readonly logged: readonly string[];
}

export interface Evaluation {
  readonly verdict: Judgement["verdict"];
  /** At the source's host; `undefined` where the source is not on a segment. */
  readonly egress: Judgement | undefined;
  /** At the destination's host; `undefined` where the packet did not get there. */
  readonly ingress: Judgement | undefined;
}

/** A new flow's way from its source to its destination. */
export function evaluate(policies: readonly Policy[], packet: Packet, world: World): Evaluation {
  const egress = judge(policies, packet, world, "egress");
  if (egress !== undefined && egress.verdict !== "allow") {
    return { verdict: egress.verdict, egress, ingress: undefined };
  }
  const ingress = judge(policies, packet, world, "ingress");
  return { verdict: ingress?.verdict ?? "allow", egress, ingress };
}

/** One side's judgement: of the source for egress, of the destination for ingress. */
export function judge(
  policies: readonly Policy[],
  packet: Packet,
  world: World,
  direction: Direction,
): Judgement | undefined {
  const subject = direction === "egress" ? packet.source : packet.destination;
  const peer = direction === "egress" ? packet.destination : packet.source;
  if (subject.segment === undefined && subject.host === undefined) return undefined;
  const network = world.segments.find((segment) => segment.name === subject.segment)?.network;
  const watched: string[] = [];
  const logged: string[] = [];
  const matches = (rule: Rule): boolean =>
    rule.enabled &&
    rule.direction === direction &&
    (rule.expires === undefined || packet.time < rule.expires) &&
    rule.peers.some((one) => isPeer(one, peer.address, network, world)) &&
    (rule.services === "any" || rule.services.some((service) => isService(service, packet)));

  for (const tier of tiers) {
    const isolating: Policy[] = [];
    let passed = false;
    for (const policy of orderPolicies(policies)) {
      if (policy.tier !== tier || passed) continue;
      if (!policy.appliesTo.some((target) => isTarget(target, subject, world))) continue;
      const rule = policy.rules.find(matches);
      const action = rule === undefined ? policy.defaults[direction] : rule.action;
      const ref = refOf(policy, rule);
      const log = rule === undefined ? policy.defaultLog : rule.log;
      if (action === "isolate") isolating.push(policy);
      if (action === "isolate" || action === "continue") continue;
      if (watchesAt(policy, packet.time)) {
        if (action === "deny" || action === "reject") watched.push(ref);
        continue;
      }
      if (log !== undefined) logged.push(ref);
      if (action !== "pass") return { verdict: action, by: ref, watched, logged };
      passed = true;
    }
    if (passed) continue;
    for (const policy of isolating) {
      const by = refOf(policy, undefined);
      if (watchesAt(policy, packet.time)) {
        watched.push(by);
        continue;
      }
      if (policy.defaultLog !== undefined) logged.push(by);
      return { verdict: "deny", by, watched, logged };
    }
  }
  return { verdict: "allow", by: undefined, watched, logged };
}

/** Whether any policy applies to what is there: then its packets must belong to a flow, or open one properly. */
export function isGoverned(policies: readonly Policy[], place: Place, world: World): boolean {
  return policies.some((policy) => policy.appliesTo.some((target) => isTarget(target, place, world)));
}

function isTarget(target: Target, subject: Place, world: World): boolean {
  if (target.kind === "host" || subject.host !== undefined)
    return target.kind === "host" && target.name === subject.host;
  const segment = world.segments.find((one) => one.name === subject.segment);
  if (segment === undefined) return false;
  switch (target.kind) {
    case "network":
      return target.name === segment.network && isOn(segment.name, subject.address, world);
    case "subnet":
      return target.name === segment.name && isOn(segment.name, subject.address, world);
    case "endpoint":
      return isEndpoint(target.name, segment.name, subject.address, world);
    case "group":
      return membersOf(target.name, world).some(
        (member) =>
          isOn(segment.name, subject.address, world) && isMember(member, segment.name, subject.address, world),
      );
  }
}

/** @param network that names are seen from; `undefined`: from a host, which is in no network and sees addresses alone */
function isPeer(peer: Peer, address: Address, network: string | undefined, world: World): boolean {
  const visible = [network, ...(world.networks.find((one) => one.name === network)?.peers ?? [])];
  const segments = world.segments.filter((segment) => network === undefined || visible.includes(segment.network));
  switch (peer.kind) {
    case "any":
      return true;
    case "cidr":
      return isInBlock(peer, address);
    case "name":
      return (world.dynamic?.names[peer.name] ?? []).some((one) => sameAddress(one, address));
    case "subnet":
      return segments.some((segment) => segment.name === peer.name && isOn(segment.name, address, world));
    case "endpoint":
      return segments.some((segment) => isEndpoint(peer.name, segment.name, address, world));
    case "group":
      return membersOf(peer.name, world).some(
        (member) =>
          (member.kind === "cidr" && isInBlock(member, address)) ||
          segments.some((segment) => isMember(member, segment.name, address, world)),
      );
  }
}

function isMember(member: GroupMember, segment: string, address: Address, world: World): boolean {
  switch (member.kind) {
    case "labels":
      return world.endpoints.some(
        (endpoint) =>
          endpoint.segment === segment && matchesLabels(member.selector, endpoint.labels) && has(endpoint, address),
      );
    case "endpoint":
      return isEndpoint(member.name, segment, address, world);
    case "subnet":
      return member.name === segment && isOn(segment, address, world);
    case "cidr":
      return isInBlock(member, address);
    case "containers":
      return (world.dynamic?.containers ?? []).some(
        (one) =>
          one.segment === segment && sameAddress(one.address, address) && matchesLabels(member.selector, one.labels),
      );
  }
}

const membersOf = (group: string, world: World): readonly GroupMember[] =>
  world.groups.find((one) => one.name === group)?.members ?? [];

const has = (endpoint: PlacedEndpoint, address: Address): boolean =>
  endpoint.addresses.some((one) => one.family === address.family && one.value === address.value);

const isEndpoint = (name: string, segment: string, address: Address, world: World): boolean =>
  world.endpoints.some((one) => one.name === name && one.segment === segment && has(one, address));

/** Whether the segment has the address: by its blocks, or because an endpoint there has it. */
const isOn = (segment: string, address: Address, world: World): boolean =>
  (world.segments.find((one) => one.name === segment)?.cidrs ?? []).some((cidr) => inCidr(address, cidr)) ||
  world.endpoints.some((one) => one.segment === segment && has(one, address));

const isInBlock = (block: CidrBlock, address: Address): boolean =>
  inCidr(address, block.cidr) && !block.except.some((hole: Cidr) => inCidr(address, hole));

function isService(service: Service, packet: Packet): boolean {
  const { family } = packet.source.address;
  switch (service.kind) {
    case "protocol":
      return packet.protocol === service.protocol;
    case "ports": {
      const { port } = packet;
      if (packet.protocol !== service.protocol || !hasPorts(service.protocol) || port === undefined) return false;
      return service.ports.some(({ first, last }) => first <= port && port <= last);
    }
    case "icmp":
      return (
        service.family === family &&
        packet.protocol === icmpOf(family) &&
        service.types.some(
          ({ type, code }) => packet.icmp?.type === type && (code === undefined || packet.icmp.code === code),
        )
      );
  }
}
