import type { LinkState, NamespaceState, Snapshot } from "../../model/snapshot";
import type { StepKind, StepOf, Where } from "../step";

/** One instruction for the host's program: an operation and its words. */
export type Words = readonly (string | number)[];

/** What one kind of step means. */
export interface StepMeaning<K extends StepKind> {
  /** Two steps with the same identity are about the same thing on the host; the later one replaces the earlier. */
  identity(step: StepOf<K>): string;
  /** Makes it true; does nothing where it is true already. */
  ensure(step: StepOf<K>): Words;
  /** Takes it away; `undefined` where something else's removal takes it along. */
  remove(step: StepOf<K>): Words | undefined;
  /** What a read must ask for beyond the standing report. */
  query?(step: StepOf<K>): Words | undefined;
  /** What in the snapshot contradicts the step, as sentences for a person. Empty when it holds. */
  differences(step: StepOf<K>, snapshot: Snapshot): readonly string[];
}

/** The namespace of a step, where the snapshot has it. */
export function namespaceOf(snapshot: Snapshot, where: Where): NamespaceState | undefined {
  return where === undefined ? snapshot.host : snapshot.namespaces.get(where);
}

export function placeOf(where: Where): string {
  return where === undefined ? "" : ` in ${where}`;
}

/** A link that must exist with our mark; the differences so far, and the link where it can be compared further. */
export function ownedLink(
  snapshot: Snapshot,
  where: Where,
  name: string,
  mark: string,
): { readonly link: LinkState | undefined; readonly differences: readonly string[] } {
  const link = namespaceOf(snapshot, where)?.links.get(name);
  if (link === undefined) return { link, differences: [`interface ${name}${placeOf(where)} is missing`] };
  if (link.alias !== mark) {
    return { link: undefined, differences: [notOurs(`interface ${name}${placeOf(where)}`, link.alias)] };
  }
  return { link, differences: link.up ? [] : [`interface ${name}${placeOf(where)} is down`] };
}

/** Something has a name of ours without our mark. `pulumi up` refuses to touch it, so readers look for this colon. */
export function notOurs(what: string, mark: string): string {
  return `${what} is not ours: ${mark === "" ? "it carries no mark" : `it carries the mark ${mark}`}`;
}

/** The same sentence as the step that makes the link has, so that it is said once. */
export function linkMissing(snapshot: Snapshot, where: Where, name: string): readonly string[] {
  const there = namespaceOf(snapshot, where)?.links.has(name) === true;
  return there ? [] : [`interface ${name}${placeOf(where)} is missing`];
}

/** A sentence where the two differ. */
export function unequal(what: string, actual: string | number, wanted: string | number): readonly string[] {
  return actual === wanted ? [] : [`${what} is ${actual === "" ? "none" : actual}, should be ${wanted}`];
}

export function listWord(values: readonly string[]): string {
  return values.length === 0 ? "-" : values.join(",");
}
