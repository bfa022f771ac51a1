/** What a cluster cannot express is refused, with the rule and the reason; nothing is weakened in silence. */

import { SdnError } from "../../model/error";
import { Problems } from "../../model/problems";
import type { Policy } from "../../policy/rule";
import type { Cluster } from "./world";

export interface Why {
  /** After "cluster prod ": `cannot log`. */
  readonly cause: string;
  readonly remedy: string;
}

/** What was looked for, or why a cluster has no words for it. */
export type Found<T> = { readonly found: T } | Why;

export class Refusals {
  readonly problems = new Problems();

  constructor(
    private readonly policy: Policy,
    private readonly cluster: Cluster,
  ) {}

  /** Of the rule at an index of the policy. */
  rule(index: number, { cause, remedy }: Why): void {
    this.add(
      `rules[${index}]`,
      `rule ${this.policy.rules[index]?.name ?? ""}: cluster ${this.cluster.name} ${cause}`,
      remedy,
    );
  }

  ofPolicy(property: string, { cause, remedy }: Why): void {
    this.add(property, `cluster ${this.cluster.name} ${cause}`, remedy);
  }

  private add(property: string, cause: string, remedy: string): void {
    const resource = `policy ${this.policy.name}`;
    this.problems.add(new SdnError({ code: "invalid-input", resource, property, cause, remedy }));
  }
}
