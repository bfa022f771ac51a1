/** What becomes of given traffic between given ends. */

import type { Family } from "../model/address";
import { intersectIntervals, type IntervalSet } from "../policy/intervals";
import { parseService, type ServiceText } from "../policy/service";
import { anyTransport, transportOf } from "../policy/transport";
import type { EndClass } from "./classes";
import { partsOf, type Verdict } from "./line";
import type { Reach } from "./reach";
import type { PairFact } from "./rectangles";

/** `no way`: no router leads there, whatever policies say. */
export type Outcome = Verdict | "no way";

export interface Traffic {
  /** Keys of marks, any of which an end is in. */
  readonly from: readonly string[];
  /** Asks about everybody but these. */
  readonly others?: boolean;
  readonly to: readonly string[];
  readonly transport: (family: Family) => IntervalSet<number>;
}

/** What becomes of it, pair by pair; nothing where the ends have no family in common, or nobody is there. */
export function ask(
  reach: Reach,
  version: number,
  { from, others = false, to, transport }: Traffic,
): readonly PairFact<Outcome>[] {
  const isIn = ({ sets }: EndClass, keys: readonly string[]): boolean => keys.some((key) => sets.has(key));
  const receivers = reach.classes.filter((one) => isIn(one, to));
  const senders = reach.classes.filter((one) => isIn(one, from) !== others);
  return senders.flatMap((one) =>
    receivers.flatMap((other) => {
      if (one.family !== other.family || isAlone(one, other)) return [];
      const asked = transport(one.family);
      const pair = { from: one, to: other };
      if (reach.leads(one, other)) return factsOf(reach, version, pair, asked);
      return isMeeting(one, other) ? [{ ...pair, kind: "no way" as const, transport: asked, by: [] }] : [];
    }),
  );
}

/** What a service means in packets of each family; all transports where it is left out. */
export function transportsOf(service: ServiceText | undefined): Traffic["transport"] {
  if (service === undefined) return () => anyTransport;
  const services = parseService(service, "");
  return (family) => transportOf(services, family);
}

function factsOf(
  reach: Reach,
  version: number,
  pair: { readonly from: EndClass; readonly to: EndClass },
  asked: IntervalSet<number>,
): readonly PairFact<Outcome>[] {
  return partsOf(reach.line(pair, version)).flatMap(({ decision, transport: all }) => {
    const transport = intersectIntervals(all, asked);
    return transport.length === 0 ? [] : [{ ...pair, kind: decision.verdict, transport, by: decision.by }];
  });
}

/** A single address and itself: no packet of it goes anywhere. */
function isAlone(one: EndClass, other: EndClass): boolean {
  const [member, more] = one.members;
  return one.id === other.id && more === undefined && member !== undefined && member.first === member.last;
}

/** Whether it makes sense to ask for a way: somebody outside is seen from each network anew, and hosts apart. */
function isMeeting(one: EndClass, other: EndClass): boolean {
  if (one.network === undefined || other.network === undefined) return false;
  if (one.place.kind === "outside" && other.place.kind === "outside") return false;
  return one.place.kind === "segment" && other.place.kind === "segment" ? true : one.network === other.network;
}
