/**
 * Who reaches whom, over a whole fleet and for several versions of its policies at once, so that what a change opens and
 * closes is asked of the same classes before and after it.
 */

import { SdnError } from "../model/error";
import { type EndClass, makeClasses, type Version } from "./classes";
import { Judge } from "./judge";
import type { Line } from "./line";
import type { Mark } from "./mark";
import { PeerSets } from "./peer-sets";
import type { WayEnd, Ways } from "./ways";

export interface ReachInput {
  /** Every version has the same hosts, segments and endpoints. */
  readonly versions: readonly Version[];
  readonly ways: Ways;
  /** Ends that are spoken of: their classes are told apart. */
  readonly marks: readonly Mark[];
  /** Seconds since 1970. */
  readonly now: number;
}

export interface Pair {
  readonly from: EndClass;
  readonly to: EndClass;
}

/** Pairs grow with the square: this many are some seconds' work. */
const mostClasses = 2_000;

export class Reach {
  readonly classes: readonly EndClass[];
  private readonly judge: Judge;
  private readonly ways: Ways;

  constructor({ versions, ways, marks, now }: ReachInput) {
    const sets = new PeerSets(versions.flat());
    this.classes = makeClasses({ versions, sets, ways, marks });
    this.judge = new Judge(versions, sets, now);
    this.ways = ways;
  }

  /**
   * Pairs between which packets find a way, whatever policies say.
   *
   * @throws SdnError `exhausted` where rules tell too many ends apart
   */
  pairs(): readonly Pair[] {
    if (this.classes.length > mostClasses) {
      throw new SdnError({
        code: "exhausted",
        cause: `rules tell ${this.classes.length} kinds of ends apart, and of at most ${mostClasses} every pair is looked at`,
      });
    }
    const groups = Map.groupBy(this.classes, ({ family, network }) => `${family} ${network === undefined}`);
    return [...groups.values()].flatMap((group) =>
      group.flatMap((from) => group.flatMap((to) => (this.leads(from, to) ? [{ from, to }] : []))),
    );
  }

  leads(from: EndClass, to: EndClass): boolean {
    if (from.family !== to.family) return false;
    if (from.network === undefined || to.network === undefined) {
      return from.network === to.network && from.place.kind !== to.place.kind;
    }
    if (from.place.kind === "outside" || to.place.kind === "outside") {
      if (from.network !== to.network || from.place.kind === to.place.kind) return false;
    }
    return this.ways.leads(wayEnd(from), wayEnd(to));
  }

  /** What passes, as the policies of a version have it; `leads` says whether there is a way. */
  line({ from, to }: Pair, version: number): Line {
    return this.judge.line(from, to, version);
  }
}

function wayEnd({ place, family, members }: EndClass): WayEnd {
  const address = { family, value: members[0]?.first ?? 0n };
  if (place.kind !== "segment") return { group: undefined, shape: "", address };
  return { group: place.group, shape: place.shape, address };
}
