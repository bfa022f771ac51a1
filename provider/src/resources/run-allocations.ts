import type { ValueMap } from "../rpc/value";

export type AllocationNoun = "network" | "subnet" | "endpoint" | "peering" | "service";

/** An allocation as this run has it: its inputs and what it was given. */
export interface RunAllocation {
  readonly urn: string;
  readonly noun: AllocationNoun;
  readonly values: ValueMap;
}

/**
 * The allocations that this run has seen, so that functions tell of addresses what no host knows: what is reserved, and
 * what is about to be made. It lives as long as the provider process, which is at least one run.
 */
export class RunAllocations {
  private readonly byUrn = new Map<string, RunAllocation>();

  note(allocation: RunAllocation): void {
    this.byUrn.set(allocation.urn, allocation);
  }

  forget(urn: string): void {
    this.byUrn.delete(urn);
  }

  of(noun: AllocationNoun): readonly RunAllocation[] {
    return [...this.byUrn.values()].filter((one) => one.noun === noun);
  }
}
