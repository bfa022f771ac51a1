/** From a policy as its resource holds it to the policy core's types: every text parsed, every name one of the world's. */

import { parseAddress } from "../../model/address";
import { parseCidr } from "../../model/cidr";
import { SdnError } from "../../model/error";
import { parseLogLimit, parseMoment } from "../../policy/parse";
import type { CidrBlock, Enforcement, LogLimit, Peer, Policy, Rule, Target } from "../../policy/rule";
import type { Selector } from "../../policy/selector";
import { parseService } from "../../policy/service";
import type { Group, GroupMember, PlacedEndpoint, Segment } from "../../policy/world";
import type {
  CidrSpec,
  EndpointRef,
  GroupMemberSpec,
  MemberSpec,
  PeerSpec,
  PolicySpec,
  RuleSpec,
  SelectorSpec,
  SubnetRef,
  TargetSpec,
} from "./intent";
import { endpointName, groupName, networkName, segmentName } from "./world-names";

/** @throws SdnError `invalid-input` at the first text that no grammar accepts */
export function policyOf(spec: PolicySpec): Policy {
  return {
    name: spec.name,
    tier: spec.tier,
    priority: spec.priority,
    appliesTo: spec.appliesTo.map((target) => targetOf(spec, target)),
    rules: spec.rules.map((rule, index) => ruleOf(spec, rule, `rules[${index}]`)),
    defaults: spec.defaults,
    ...logOf("defaultLog", spec.defaultLog, "defaultLog"),
    enforcement: enforcementOf(spec),
    onClose: spec.onClose,
  };
}

/** The policy's own groups, by the names that its rules have for them. */
export function groupsOf(spec: PolicySpec): readonly Group[] {
  return spec.groups.map(({ name, members }, index) => ({
    name: groupName(spec.name, name),
    members: members.map((member, at) => memberOf(member, `groups[${index}].members[${at}]`)),
  }));
}

/** What a policy names, as far as the policy itself knows it: where it is on a host, the host knows. */
export interface NamedThings {
  readonly networks: readonly string[];
  readonly segments: readonly Pick<Segment, "name" | "network" | "cidrs">[];
  /** Without labels: those are in the endpoints' own entries. */
  readonly endpoints: readonly PlacedEndpoint[];
}

/** Each once. */
export function namedIn(spec: PolicySpec): NamedThings {
  const named: readonly (TargetSpec | PeerSpec | GroupMemberSpec)[] = [
    ...spec.appliesTo,
    ...spec.rules.flatMap(({ peers }) => peers),
    ...spec.groups.flatMap(({ members }) => members),
  ];
  const subnets = named.filter((one) => one.kind === "subnet").map(segmentOf);
  const endpoints = named.filter((one) => one.kind === "endpoint");
  // Of the subnet of an endpoint that is named for itself only this is known.
  const bare = endpoints.map((one) => ({ name: segmentName(one.vni), network: networkName(one.routerVni), cidrs: [] }));
  const networks = [
    ...named.filter((one) => one.kind === "network").map(({ vni }) => networkName(vni)),
    ...endpoints.map(({ routerVni }) => networkName(routerVni)),
    ...subnets.map(({ network }) => network),
  ];
  return {
    networks: [...new Set(networks)],
    segments: byName([...bare, ...subnets]),
    endpoints: byName(endpoints.map((endpoint) => placed(endpoint, {}))),
  };
}

/** A labelled endpoint as one of the world. */
export const labelledEndpoint = (spec: MemberSpec): PlacedEndpoint => placed(spec, spec.labels);

function placed(ref: EndpointRef, labels: Readonly<Record<string, string>>): PlacedEndpoint {
  return {
    name: endpointName(ref.vni, ref.name),
    segment: segmentName(ref.vni),
    host: ref.host ?? "",
    addresses: ref.addresses.map((address) => parseAddress(address, `endpoint ${ref.name}`)),
    labels,
  };
}

const segmentOf = (ref: SubnetRef): Pick<Segment, "name" | "network" | "cidrs"> => ({
  name: segmentName(ref.vni),
  network: networkName(ref.routerVni),
  cidrs: ref.cidrs.map((cidr) => parseCidr(cidr, `subnet ${ref.name}`)),
});

const byName = <T extends { readonly name: string }>(items: readonly T[]): readonly T[] => [
  ...new Map(items.map((item) => [item.name, item])).values(),
];

function ruleOf(spec: PolicySpec, rule: RuleSpec, at: string): Rule {
  const { name, reason, direction, action, peers, services, enabled = true, expires, log } = rule;
  return {
    name,
    ...(reason === undefined ? {} : { reason }),
    direction,
    action,
    peers: peers.map((peer, index) => peerOf(spec, peer, `${at}.peers[${index}]`)),
    services:
      services === "any"
        ? "any"
        : services.flatMap((service, index) => parseService(service, `${at}.services[${index}]`)),
    enabled,
    ...(expires === undefined ? {} : { expires: parseMoment(expires, `${at}.expires`) }),
    ...logOf("log", log, `${at}.log`),
  };
}

function logOf<Name extends string>(
  name: Name,
  text: string | undefined,
  property: string,
): Partial<Record<Name, LogLimit>> {
  return text === undefined ? {} : ({ [name]: parseLogLimit(text, property) } as Record<Name, LogLimit>);
}

function enforcementOf({ enforcement, watchUntil }: PolicySpec): Enforcement {
  if (enforcement === "enforced") return { mode: "enforced" };
  return watchUntil === undefined ? { mode: "watch" } : { mode: "watch", until: parseMoment(watchUntil, "watchUntil") };
}

function targetOf(spec: PolicySpec, target: TargetSpec): Target {
  switch (target.kind) {
    case "network":
      return { kind: "network", name: networkName(target.vni) };
    case "subnet":
      return { kind: "subnet", name: segmentName(target.vni) };
    case "endpoint":
      return { kind: "endpoint", name: endpointName(target.vni, target.name) };
    case "host":
      return { kind: "host", name: target.uri };
    case "group":
      return { kind: "group", name: ownGroup(spec, target.name) };
  }
}

function peerOf(spec: PolicySpec, peer: PeerSpec, at: string): Peer {
  switch (peer.kind) {
    case "any":
      return { kind: "any" };
    case "name":
      return { kind: "name", name: peer.name };
    case "cidr":
      return blockOf(peer, at);
    case "subnet":
      return { kind: "subnet", name: segmentName(peer.vni) };
    case "endpoint":
      return { kind: "endpoint", name: endpointName(peer.vni, peer.name) };
    case "group":
      return { kind: "group", name: ownGroup(spec, peer.name) };
  }
}

function memberOf(member: GroupMemberSpec, at: string): GroupMember {
  switch (member.kind) {
    case "labels":
    case "containers":
      return { kind: member.kind, selector: selectorOf(member) };
    case "endpoint":
      return { kind: "endpoint", name: endpointName(member.vni, member.name) };
    case "subnet":
      return { kind: "subnet", name: segmentName(member.vni) };
    case "cidr":
      return blockOf(member, at);
  }
}

const selectorOf = ({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): Selector => ({
  matchLabels,
  matchExpressions,
});

function blockOf({ cidr, except = [] }: CidrSpec, at: string): CidrBlock {
  return {
    kind: "cidr",
    cidr: parseCidr(cidr, `${at}.cidr`),
    except: except.map((hole, index) => parseCidr(hole, `${at}.except[${index}]`)),
  };
}

/** A group that the spec does not have would be an empty one, and deny nothing. */
function ownGroup(spec: PolicySpec, name: string): string {
  if (spec.groups.some((group) => group.name === name)) return groupName(spec.name, name);
  throw new SdnError({ code: "internal", resource: `policy ${spec.name}`, cause: `there is no group ${name}` });
}
