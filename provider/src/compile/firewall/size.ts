/** What a host has to hold, and whose it is. */

import type { Program, ProgramChain, Verdict } from "../nft/program";

export interface ProgramSize {
  /** Of all sets and maps. */
  readonly elements: number;
  readonly chains: number;
  readonly rules: number;
  /** Elements by the policies whose rules they carry out: how many its rules became. */
  readonly byPolicy: ReadonlyMap<string, number>;
}

export function programSize({ sets, maps, chains }: Program): ProgramSize {
  const elements = [...sets, ...maps].reduce((sum, one) => sum + one.elements.length, 0);
  const rules = chains.reduce((sum, chain) => sum + chain.rules.length, 0);
  const owners = new Owners(chains);
  const byPolicy = new Map<string, number>();
  for (const { verdict, comment } of maps.flatMap((map) => map.elements)) {
    for (const policy of owners.of(verdict, comment)) byPolicy.set(policy, (byPolicy.get(policy) ?? 0) + 1);
  }
  return { elements, chains: chains.length, rules, byPolicy };
}

/** Counters have a rule's name; what goes to a chain is of those whose counters are there. */
class Owners {
  private readonly chains: ReadonlyMap<string, ProgramChain>;
  private readonly known = new Map<string, ReadonlySet<string>>();

  constructor(chains: readonly ProgramChain[]) {
    this.chains = new Map(chains.filter(({ name }) => name.startsWith("outcome_")).map((chain) => [chain.name, chain]));
  }

  of(verdict: Verdict, comment: string | undefined): ReadonlySet<string> {
    if ("goto" in verdict) return this.inChain(verdict.goto.target);
    return new Set(comment === undefined ? [] : [policyOf(comment)]);
  }

  private inChain(name: string): ReadonlySet<string> {
    const found = this.known.get(name);
    if (found !== undefined) return found;
    const rules = this.chains.get(name)?.rules ?? [];
    const owners = new Set(
      rules.flatMap(({ expr, comment }) => [
        ...(comment === undefined ? [] : [policyOf(comment)]),
        ...expr.flatMap((statement) => ("goto" in statement ? [...this.inChain(statement.goto.target)] : [])),
      ]),
    );
    this.known.set(name, owners);
    return owners;
  }
}

/** `POLICY/RULE`, or `POLICY/RULE watch` */
const policyOf = (comment: string): string => comment.slice(0, comment.indexOf("/"));
