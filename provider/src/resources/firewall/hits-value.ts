/** What a policy's rules have counted, as an output that a refresh leaves in the state. */

import type { RuleTotal } from "../../compile/firewall/hits";
import { total } from "../../compile/firewall/hits";
import { timeText } from "../../render/hits-table";
import type { ValueMap } from "../../rpc/value";

/** Seconds for which a rule has to have matched nothing before somebody is told. */
const unusedAfter = 30 * 86_400;

/** @param now seconds since 1970 */
export function unusedSentence(rules: readonly RuleTotal[], now: number): string | undefined {
  const unused = rules.filter(
    ({ packets, wouldDrop = 0, since = now, last }) =>
      packets + wouldDrop === 0 && last === undefined && now - since >= unusedAfter,
  );
  const [first] = unused;
  if (first?.since === undefined) return undefined;
  const since = Math.max(...unused.map((rule) => rule.since ?? 0));
  return `matched on no host since ${timeText(since)}: ${unused.map(({ rule }) => rule).join(", ")}`;
}

/** With more rules, the state has only what they have counted together. */
const mostRules = 50;

export function hitsValue(rules: readonly RuleTotal[]): readonly ValueMap[] {
  return (rules.length > mostRules ? [total("", rules)] : rules).map(({ rule, packets, last, wouldDrop }) => ({
    ...(rule === "" ? {} : { rule }),
    packets,
    ...(wouldDrop === undefined ? {} : { wouldDrop }),
    ...(last === undefined ? {} : { lastHit: timeText(last) }),
  }));
}
