/**
 * Which open flows a change forbids. A host accepts what belongs to a flow without asking again, so these have to be
 * ended where the policy says so, and only these.
 */

import { type Address, sameAddress } from "../../model/address";
import type { Direction, Policy } from "../../policy/rule";
import { includesPoint, type Interval } from "../../policy/intervals";
import { hasPorts, icmpOf, lowBits } from "../../policy/transport";
import type { Cells } from "./cells";
import { type Dynamics, dynamicSubjectMap } from "./dynamics";
import type { Part } from "./line";
import type { Decision, Outcome } from "./outcome";
import { isSpared, type OwnPlan } from "./own-host";
import type { EndpointClass } from "./endpoint-class";
import type { FirewallPlan } from "./plan";

/** Conntrack's zone of whatever is on no bridge of ours. */
export const noZone = 0;

/** A flow as conntrack has it, in the direction in which it was opened. */
export interface Flow {
  /** The conntrack zone: the bridge that it was seen on, or none. */
  readonly zone: number;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** Source port, of protocols that have ports. */
  readonly sourcePort?: number;
  /** Destination port, of protocols that have ports. */
  readonly port?: number;
  /** Of ICMP in IPv4 and ICMPv6 in IPv6. */
  readonly icmp?: { readonly type: number; readonly code: number };
  readonly icmpId?: number;
}

/** Equal for equal flows. */
export function flowKey({ zone, source, destination, protocol, sourcePort, port, icmp, icmpId }: Flow): string {
  const ends = [source, destination].map(({ family, value }) => `${family}/${value}`);
  return [zone, ...ends, protocol, sourcePort, port, icmp?.type, icmp?.code, icmpId].join(" ");
}

export interface ForbiddenFlow {
  readonly flow: Flow;
  readonly direction: Direction;
  /** `POLICY/RULE` that forbids it now. */
  readonly by: string;
}

/**
 * Flows that the plan forbids, unless the policy that forbids them keeps open flows. Flows that were forbidden before
 * are among them: they are open because some earlier policy kept them, or they were cut and conntrack has them still.
 *
 * @param flows all that conntrack has: what is not among them is over, and needs no cut any more
 * @param time seconds since 1970
 * @param earlier flows that are cut already: no policy that keeps open flows opens them again
 */
export function flowsToCut(
  plan: FirewallPlan,
  policies: readonly Policy[],
  flows: readonly Flow[],
  time: number,
  earlier: readonly Flow[] = [],
): readonly ForbiddenFlow[] {
  const keeps = new Set(policies.filter((policy) => policy.onClose === "keep").map((policy) => policy.name));
  const cut = new Set(earlier.map(flowKey));
  const judge = new PlanJudge(plan, time);
  return flows.flatMap((flow): readonly ForbiddenFlow[] => {
    for (const direction of ["egress", "ingress"] as const) {
      const { verdict, by } = judge.decide(flow, direction);
      if (verdict !== "allow" && by !== undefined) {
        const isKept = keeps.has(by.slice(0, by.indexOf("/"))) && !cut.has(flowKey(flow));
        return isKept ? [] : [{ flow, direction, by }];
      }
    }
    return [];
  });
}

const undecided: Pick<Decision, "verdict" | "by"> = { verdict: "allow", by: undefined };

/** What becomes of a flow that begins at that time. */
export const decisionOn = (
  plan: FirewallPlan,
  flow: Flow,
  { direction, time }: { readonly direction: Direction; readonly time: number },
): Pick<Decision, "verdict" | "by"> => new PlanJudge(plan, time).decide(flow, direction);

/** Looks flows up in a plan, as a host's maps would. */
class PlanJudge {
  private readonly classes: ReadonlyMap<string, EndpointClass>;
  private readonly bridges: ReadonlyMap<number, string>;
  private readonly subjects: ReadonlyMap<string, FirewallPlan["subjects"]>;
  private readonly own: OwnPlan | undefined;
  private readonly dynamics: Dynamics;

  constructor(
    plan: FirewallPlan,
    private readonly time: number,
  ) {
    this.own = plan.own;
    this.dynamics = plan.dynamics;
    this.classes = new Map(plan.classes.map((one) => [one.name, one]));
    this.bridges = new Map(plan.zones.map(({ bridge, zone }) => [zone, bridge]));
    this.subjects = Map.groupBy(plan.subjects, ({ bridge, direction, family }) => `${bridge} ${direction} ${family}`);
  }

  decide(flow: Flow, direction: Direction): Pick<Decision, "verdict" | "by"> {
    if (flow.zone === noZone) return this.decideOwn(flow, direction);
    const [own, peer] = direction === "egress" ? [flow.source, flow.destination] : [flow.destination, flow.source];
    const bridge = this.bridges.get(flow.zone) ?? "";
    const subject = this.subjects
      .get(`${bridge} ${direction} ${own.family}`)
      ?.find((one) => includesPoint([one], own.value));
    const found = subject === undefined ? undefined : this.classes.get(subject.class);
    if (found === undefined) return undecided;
    const others = this.dynamics.subjects
      .filter((one) => one.bridge === bridge && one.map === dynamicSubjectMap(direction, own.family))
      .filter((one) => includesPoint([one], own.value))
      .flatMap(({ chains }) => chains.flatMap((name) => this.classes.get(name) ?? []));
    return this.surely(found, others, { peer, transport: transportPoint(flow) });
  }

  /** Only the host knows who is in its lists: a flow is forbidden where it is so whoever is in them. */
  private surely(
    found: EndpointClass,
    others: readonly EndpointClass[],
    { peer, transport }: { readonly peer: Address; readonly transport: number },
  ): Pick<Decision, "verdict" | "by"> {
    const decisions = [found, ...others]
      .flatMap(({ cells, variants }) => [cells, ...variants.cells])
      .map((cells) => decisionAt(outcomeOf(cells, peer.value, transport), this.time));
    return decisions.find(({ verdict }) => verdict === "allow") ?? decisions[0] ?? undecided;
  }

  /** As it was before translation: conntrack has it so. */
  private decideOwn(flow: Flow, direction: Direction): Pick<Decision, "verdict" | "by"> {
    const { own } = this;
    if (own === undefined || !concernsOwn(own, flow, direction)) return undecided;
    const peer = direction === "egress" ? flow.destination : flow.source;
    const found = this.classes.get(own.classes[direction][peer.family]);
    if (found === undefined) return undecided;
    return this.surely(found, [], { peer, transport: transportPoint(flow) });
  }
}

/** Whether policies of the host have a say about the flow. */
function concernsOwn(own: OwnPlan, flow: Flow, direction: Direction): boolean {
  const isOwn = (address: Address): boolean => own.hostAddresses.some((one) => sameAddress(one, address));
  const [here, there] = direction === "egress" ? [flow.source, flow.destination] : [flow.destination, flow.source];
  return isOwn(here) && !isOwn(there) && !isSpared(own, flow, direction);
}

export function transportPoint({ protocol, port = 0, icmp, source }: Flow): number {
  if (hasPorts(protocol)) return protocol * lowBits + port;
  if (protocol === icmpOf(source.family) && icmp !== undefined) return protocol * lowBits + icmp.type * 256 + icmp.code;
  return protocol * lowBits;
}

export function outcomeOf(cells: Cells, peer: bigint, transport: number): Outcome {
  for (const layer of cells.layers) {
    const cell = at(layer.cells, peer);
    const part = cell === undefined ? undefined : at(cell.parts, transport);
    if (part !== undefined) return part.outcome;
  }
  return at<number, Part>(cells.background, transport)?.outcome ?? cells.rest;
}

function decisionAt({ slices }: Outcome, time: number): Pick<Decision, "verdict" | "by"> {
  return slices.find(({ until }) => until === undefined || time < until)?.decision ?? undecided;
}

/** Of sorted, disjoint intervals the one with the point. */
function at<T extends number | bigint, I extends Interval<T>>(sorted: readonly I[], point: T): I | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as I).last < point) low = middle + 1;
    else high = middle;
  }
  const found = sorted[low];
  return found !== undefined && found.first <= point ? found : undefined;
}
