/** Policies of one tier and priority have no order between them, so no packet may get different answers from them. */

import { SdnError } from "../model/error";
import { type AddressSet, everyAddress, intersectAddresses, isNoAddress } from "./address-set";
import { intersectPackets, isNoPacket, packetBox, type PacketSet } from "./packet-set";
import { Resolver } from "./resolve";
import { type Direction, directions, type Policy, type Rule } from "./rule";
import { anyTransport, transportOf } from "./transport";
import type { Segment, World } from "./world";

/** One error for each pair of policies that contradict each other. */
export function findConflicts(policies: readonly Policy[], world: World): readonly SdnError[] {
  const byPlace = Map.groupBy(policies, ({ tier, priority }) => `${tier} ${priority}`);
  const crowded = [...byPlace.values()].filter((group) => group.length > 1);
  if (crowded.length === 0) return [];
  const resolver = new Resolver(world);
  return crowded.flatMap((group) => {
    // Policies that add up, hundreds of them in one place, all say the same.
    if (new Set(group.flatMap(actionsOf)).size < 2) return [];
    return group.flatMap((policy, index) =>
      group.slice(index + 1).flatMap((other) => {
        const why = contradiction(policy, other, world, resolver);
        return why === undefined ? [] : [conflict(policy, other, why)];
      }),
    );
  });
}

/** What the policy can decide at its place. */
function actionsOf(policy: Policy): readonly string[] {
  const defaults = directions
    .map((direction) => policy.defaults[direction])
    .filter((action) => action !== "continue" && action !== "isolate");
  return [...policy.rules.filter((rule) => rule.enabled).map((rule) => rule.action), ...defaults];
}

function conflict(policy: Policy, other: Policy, why: string): SdnError {
  return new SdnError({
    code: "invalid-input",
    resource: `policy ${other.name}`,
    property: "priority",
    value: other.priority,
    cause: `policy ${policy.name} has the same priority in tier ${policy.tier}, and ${why}`,
    remedy:
      "give one of them another priority; one that this run removes is in force until the run ends, so remove it in a run of its own before",
  });
}

function contradiction(a: Policy, b: Policy, world: World, resolver: Resolver): string | undefined {
  const subjects = ({ appliesTo }: Policy, segment: Segment): AddressSet =>
    resolver.dynamic(appliesTo).length > 0 ? everyAddress : resolver.subjects(appliesTo, segment);
  for (const segment of world.segments) {
    const shared = intersectAddresses(subjects(a, segment), subjects(b, segment));
    if (isNoAddress(shared)) continue;
    const found = contradictionFor(a, b, { network: segment.network, shared, resolver });
    if (found !== undefined) return found;
  }
  if (![...hostsOf(a)].some((host) => hostsOf(b).has(host))) return undefined;
  return contradictionFor(a, b, { network: undefined, shared: everyAddress, resolver });
}

const hostsOf = (policy: Policy): ReadonlySet<string> =>
  new Set(policy.appliesTo.flatMap((target) => (target.kind === "host" ? [target.name] : [])));

function contradictionFor(a: Policy, b: Policy, common: Omit<Common, "direction">): string | undefined {
  for (const direction of directions) {
    const found = contradictionOn(a, b, { ...common, direction });
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Common {
  /** `undefined`: both apply to a host. */
  readonly network: string | undefined;
  /** The addresses that both apply to. */
  readonly shared: AddressSet;
  readonly direction: Direction;
  readonly resolver: Resolver;
}

/** A rule, or a default that decides at its place. */
interface Decider {
  readonly name: string;
  readonly action: string;
  readonly packets: PacketSet;
}

function contradictionOn(a: Policy, b: Policy, common: Common): string | undefined {
  const others = deciders(b, common);
  for (const one of deciders(a, common)) {
    const against = others.find(
      (other) => other.action !== one.action && !isNoPacket(intersectPackets(one.packets, other.packets)),
    );
    if (against !== undefined) {
      return `${one.name} of the one (${one.action}) and ${against.name} of the other (${against.action}) match the same ${common.direction} packets`;
    }
  }
  return undefined;
}

function deciders(policy: Policy, common: Common): readonly Decider[] {
  const { direction } = common;
  const rules = policy.rules
    .filter((rule) => rule.enabled && rule.direction === direction)
    .map((rule): Decider => ({ name: `rule ${rule.name}`, action: rule.action, packets: packetsOf(rule, common) }));
  const action = policy.defaults[direction];
  if (action === "continue" || action === "isolate") return rules;
  const all = packetBox(direction, everyAddress, everyAddress, () => anyTransport);
  return [...rules, { name: "the default", action, packets: all }];
}

function packetsOf(rule: Rule, { network, shared, direction, resolver }: Common): PacketSet {
  // Whoever is known on the host alone may be anybody.
  const isOpen = resolver.dynamic(rule.peers).length > 0;
  const peers = isOpen ? everyAddress : resolver.peers(rule.peers, network);
  const transport = (family: 4 | 6): ReturnType<typeof transportOf> => transportOf(rule.services, family);
  return direction === "egress"
    ? packetBox(direction, shared, peers, transport)
    : packetBox(direction, peers, shared, transport);
}
