/** Outcomes as verdicts: inline where nothing else happens, else a chain that notes, rejects or looks at the clock. */

import { hash64 } from "../../model/hash";
import type { ProgramChain, ProgramRule, RuleStatement, Verdict } from "../nft/program";
import { iifname, oifname } from "./expressions";
import { beside } from "./own-host";
import type { Decision, Note, Outcome } from "./outcome";

/** `return` leads back to the base chain: the other direction is still to be asked. */
const verdicts = { allow: { return: null }, deny: { drop: null } } as const;

const isPlain = (decision: Decision): boolean => decision.verdict !== "reject" && decision.notes.length === 0;

/** The one decision of an outcome that an element can carry itself. */
function inline(outcome: Outcome): Decision | undefined {
  const [only, ...others] = outcome.slices;
  return only !== undefined && others.length === 0 && isPlain(only.decision) ? only.decision : undefined;
}

/** Collects the chains that outcomes need, one for all equal outcomes. */
export class OutcomeChains {
  private readonly made = new Map<string, ProgramChain>();

  get chains(): readonly ProgramChain[] {
    return [...this.made.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What an element of a map does. */
  element(outcome: Outcome): { readonly verdict: Verdict; readonly comment?: string } {
    const decision = inline(outcome);
    if (decision === undefined) return { verdict: { goto: { target: this.chainOf(outcome) } } };
    const comment = decision.by === undefined ? {} : { comment: decision.by };
    return { verdict: decision.verdict === "deny" ? verdicts.deny : verdicts.allow, ...comment };
  }

  /** What the end of a chain does. */
  rules(outcome: Outcome): readonly ProgramRule[] {
    const decision = inline(outcome);
    if (decision === undefined) return [{ expr: [{ goto: { target: this.chainOf(outcome) } }] }];
    return verdictRules(decision);
  }

  private chainOf({ key, slices }: Outcome): string {
    return this.chain(key, () =>
      slices.flatMap(({ until, decision }): readonly ProgramRule[] => {
        if (until === undefined) return decisionRules(decision);
        return [{ expr: [before(until), { goto: { target: this.decisionChain(decision) } }] }];
      }),
    );
  }

  private decisionChain(decision: Decision): string {
    return this.chain(decision.key, () => decisionRules(decision));
  }

  private chain(key: string, rules: () => readonly ProgramRule[]): string {
    const name = `outcome_${hash64(key).toString(36).padStart(13, "0")}`;
    if (!this.made.has(name)) this.made.set(name, { name, rules: rules() });
    return name;
  }
}

const before = (time: number): RuleStatement => ({
  match: { op: "<", left: { meta: { key: "time" } }, right: time },
});

function decisionRules(decision: Decision): readonly ProgramRule[] {
  return [...decision.notes.flatMap(noteRules), ...verdictRules(decision)];
}

function noteRules(note: Note): readonly ProgramRule[] {
  const { rate, per, burst } = note.limit;
  const word = note.kind === "watch" ? `would-${note.action}` : note.action;
  const log: ProgramRule = {
    expr: [{ limit: { rate, per, burst } }, { log: { prefix: `sdn ${note.ref} ${word}: ` } }],
  };
  return note.kind === "watch" ? [{ expr: [{ counter: null }], comment: `${note.ref} watch` }, log] : [log];
}

function verdictRules({ verdict, by }: Decision): readonly ProgramRule[] {
  if (by === undefined) return [];
  if (verdict !== "reject") return [{ expr: [{ counter: null }, verdicts[verdict]], comment: by }];
  return [
    { expr: [{ counter: null }], comment: by },
    { expr: [isTcp, { reject: { type: "tcp reset" } }] },
    // On a bridge nothing else is answered: the kernel would send the ICMP message where the host's routes lead, not back.
    { expr: [beside(iifname), beside(oifname), { reject: { type: "icmpx", expr: "port-unreachable" } }] },
    { expr: [{ drop: null }] },
  ];
}

const isTcp: RuleStatement = { match: { op: "==", left: { meta: { key: "l4proto" } }, right: "tcp" } };
