/** What becomes of packets that match a list of entries: decided here, so that the host only looks it up. */

import type { LogLimit } from "../../policy/rule";
import type { Entry } from "./entry";

/** Something to write down on the way. */
export interface Note {
  readonly ref: string;
  /** `watch`: it would have been dropped by this. */
  readonly kind: "log" | "watch";
  readonly action: string;
  readonly limit: LogLimit;
}

export interface Decision {
  readonly verdict: "allow" | "deny" | "reject";
  /** `POLICY/RULE`; `undefined` where nothing decided. */
  readonly by: string | undefined;
  readonly notes: readonly Note[];
  /** Equal for equal decisions. */
  readonly key: string;
}

/** Decisions for stretches of time, in order; the last has no end. */
export interface Outcome {
  readonly slices: readonly { readonly until: number | undefined; readonly decision: Decision }[];
  /** Equal for equal outcomes. */
  readonly key: string;
}

/** How often a policy that only watches writes what it would drop, where the rule does not say. */
const watchLimit: LogLimit = { rate: 10, per: "minute", burst: 10 };

/** Makes outcomes, one object for all equal ones. */
export class Outcomes {
  private readonly byKey = new Map<string, Outcome>();

  /** @param now seconds since 1970: what has ended by then is left out */
  constructor(private readonly now: number) {}

  of(entries: readonly Entry[]): Outcome {
    const ends = new Set<number>();
    for (const { expires, watches } of entries) {
      if (expires !== undefined && expires > this.now) ends.add(expires);
      if (watches?.until !== undefined && watches.until > this.now) ends.add(watches.until);
    }
    const moments = [...ends].sort((a, b) => a - b);
    const slices: { until: number | undefined; decision: Decision }[] = [];
    let start = this.now;
    for (const until of [...moments, undefined]) {
      const decision = decide(entries, start);
      const previous = slices.at(-1);
      if (previous?.decision.key === decision.key) previous.until = until;
      else slices.push({ until, decision });
      if (until !== undefined) start = until;
    }
    return this.intern(slices);
  }

  private intern(slices: Outcome["slices"]): Outcome {
    const words = slices.map(({ until, decision }) => decision.key + (until === undefined ? "" : ` until ${until}, `));
    const key = words.join("");
    let found = this.byKey.get(key);
    if (found === undefined) this.byKey.set(key, (found = { key, slices }));
    return found;
  }
}

function decide(entries: readonly Entry[], time: number): Decision {
  const notes: Note[] = [];
  const done = new Set<string>();
  let passed: string | undefined;
  for (const entry of entries) {
    const { action, ref, watches } = entry;
    if (entry.tier === passed || done.has(entry.policy)) continue;
    if (entry.expires !== undefined && time >= entry.expires) continue;
    if (watches !== undefined && (watches.until === undefined || time < watches.until)) {
      done.add(entry.policy);
      if (action === "deny" || action === "reject") {
        notes.push({ ref, kind: "watch", action, limit: entry.log ?? watchLimit });
      }
      continue;
    }
    if (entry.log !== undefined) notes.push({ ref, kind: "log", action, limit: entry.log });
    if (action !== "pass") return decision(action, ref, notes);
    passed = entry.tier;
  }
  return decision("allow", undefined, notes);
}

function decision(verdict: Decision["verdict"], by: string | undefined, notes: readonly Note[]): Decision {
  const words = notes.map(({ ref, kind, action, limit: { rate, per, burst } }) => {
    return `${kind} ${ref} ${action} ${rate}/${per}/${burst}, `;
  });
  return { verdict, by, notes, key: `${words.join("")}${verdict} ${by ?? "-"}` };
}
