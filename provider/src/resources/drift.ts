/** What a refresh says besides how the host differs: of the host's record of a resource, and what to do. */
import type { Intent } from "../compile/intent";
import { markOf } from "../compile/names";
import type { LedgerEntry } from "../model/snapshot";
import { hashOf } from "./host-change";

export const damagedRecord =
  "the host's record of this resource is damaged (wrong checksum): a restart will not restore it";

const cutOff = "a run was cut off while it changed this resource, and the host has an earlier version of it";

/** How the host's record differs from what this state knows. */
export function recordDrift(
  intent: Intent,
  entry: LedgerEntry | undefined,
  generation: number | undefined,
): readonly string[] {
  if (entry === undefined) return ["the host's record of this resource is missing"];
  if (entry.mark !== markOf(intent))
    return [`the host's record of this resource is not ours: it belongs to ${entry.mark}`];
  const unrestorable = entry.restorable
    ? []
    : ["the host's record of this resource is of an older version of sdn: a restart will not restore it"];
  // Not known where a change was cut off: then the state has what was wanted, and the host may have what was before.
  if (generation === undefined && entry.hash !== hashOf(intent)) return [...unrestorable, cutOff];
  if (generation === undefined || entry.generation === generation) return unrestorable;
  return [
    ...unrestorable,
    `another run changed this resource: it has generation ${entry.generation} on the host, this state was written for ${generation}`,
  ];
}

/** What to do about a difference. */
export function adviceOn(sentence: string): string {
  if (/ is not ours: /.test(sentence)) return "Remove or rename it; until then `pulumi up` refuses to touch it.";
  if (/, which was adopted, is missing$| is another one than was adopted$/.test(sentence)) {
    return "Make it again as it was, or take its AdoptedSegment out of the program: sdn does not know how it came to be.";
  }
  if (/^container \S+ does not exist$/.test(sentence)) {
    return "Create it again and run `pulumi up`, or take its Endpoint out of the program.";
  }
  return "`pulumi up` repairs it.";
}
