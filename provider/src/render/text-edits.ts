/**
 * What takes one long text to another: pieces of the first, and what is new between them. Made for texts that differ in
 * a few places only; of others it says so, and who asks sends the whole.
 */

import { encodeText } from "./words";

export type Edit = { readonly first: number; readonly count: number } | { readonly text: string };

/** How far from a difference the texts may meet again, and how many characters make it sure that they do. */
const reach = 4096;
const certain = 48;
const mostEdits = 64;

/** `undefined` where the texts differ in too many places, or octets and characters are not the same. */
export function textEdits(from: string, to: string): readonly Edit[] | undefined {
  if (!isAscii(from) || !isAscii(to)) return undefined;
  const edits: Edit[] = [];
  let [at, next] = [0, 0];
  while (edits.length < mostEdits) {
    const count = commonLength(from, at, to, next);
    if (count > 0) edits.push({ first: at, count });
    at += count;
    next += count;
    if (next === to.length) return edits;
    const met = meeting(from, at, to, next);
    if (met.next > next) edits.push({ text: to.slice(next, met.next) });
    ({ at, next } = met);
    if (next === to.length) return edits;
  }
  return undefined;
}

export function editsWord(edits: readonly Edit[]): string {
  return edits.map((edit) => ("text" in edit ? `l:${encodeText(edit.text)}` : `${edit.first}:${edit.count}`)).join(",");
}

const ascii = /^[\0-\x7f]*$/;
const isAscii = (text: string): boolean => ascii.test(text);

function commonLength(from: string, at: number, to: string, next: number): number {
  const most = Math.min(from.length - at, to.length - next);
  let count = 0;
  while (count < most && from.charCodeAt(at + count) === to.charCodeAt(next + count)) count += 1;
  return count;
}

interface Place {
  readonly at: number;
  readonly next: number;
}

/** Where both go on alike; the end of `to` where they do not. */
function meeting(from: string, at: number, to: string, next: number): Place {
  const near = from.slice(at, at + reach + certain);
  for (let skipped = 0; skipped <= reach && next + skipped + certain <= to.length; skipped += 1) {
    const found = near.indexOf(to.slice(next + skipped, next + skipped + certain));
    if (found >= 0) return { at: at + found, next: next + skipped };
  }
  return { at: from.length, next: to.length };
}
