/** Which of the two judgements of a packet a change of programs touches. */

import { type Direction, directions } from "../../policy/rule";
import type { Program, ProgramChain } from "../nft/program";

/** Conservative: what cannot be told to belong to one direction alone counts as both. */
export function changedDirections(from: Program | undefined, to: Program | undefined): ReadonlySet<Direction> {
  if (textOf(from, undefined) !== textOf(to, undefined)) return new Set(directions);
  return new Set(directions.filter((one) => textOf(from, one) !== textOf(to, one)));
}

/**
 * `undefined`: both, or neither. Sets that hold back or cut only take away, a conntrack zone decides nothing, and what
 * an outcome does follows from its name, which stands where it is looked up.
 */
function directionOf(name: string): Direction | "no matter" | undefined {
  if (/^(held|cut|zone_|outcome_)/.test(name)) return "no matter";
  if (/^(dyn_)?egress/.test(name) || name === "own_out") return "egress";
  if (/^(dyn_)?ingress/.test(name) || name === "own_in" || name === "own_translated") return "ingress";
  return undefined;
}

function textOf(program: Program | undefined, direction: Direction | undefined): string {
  if (program === undefined) return "";
  const of = <T extends { readonly name: string }>(items: readonly T[]): readonly T[] =>
    items.filter(({ name }) => directionOf(name) === direction);
  return JSON.stringify([of(program.sets), of(program.maps), of(program.chains).map(withoutCuts)]);
}

/** Base chains lead to what is cut, with what is never judged before it, only where something is. */
function withoutCuts({ name, hook, rules }: ProgramChain): ProgramChain {
  const isCut = ({ expr }: ProgramChain["rules"][number]): boolean =>
    expr.some((statement) => "jump" in statement && /^(cut|never)_/.test(statement.jump.target));
  return { name, ...(hook === undefined ? {} : { hook }), rules: rules.filter((rule) => !isCut(rule)) };
}
