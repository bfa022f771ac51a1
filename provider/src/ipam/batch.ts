/** Many blocks of one pool at once. */

import { type Cidr, compareCidrs, contains, formatCidr, overlaps } from "../model/cidr";
import { SdnError } from "../model/error";
import { allocateBlock, type Taken } from "./block";

export interface ManyRequest {
  readonly pool: Cidr;
  readonly requests: readonly { readonly key: string; readonly prefixLength: number }[];
  /** What each key holds from an earlier run. */
  readonly held: ReadonlyMap<string, Cidr>;
  /** Space that is never newly handed out. */
  readonly reserved?: readonly Cidr[] | undefined;
}

/**
 * A block for each request, in the order of the requests; what each gets does not depend on that order. A key keeps
 * the block it holds where that has the wanted length and lies in the pool, also where it has meanwhile become
 * reserved: a network in use never moves by itself. All other held space is free again. The others follow, larger
 * blocks first (so that small ones never break up the room for a large one), then by key.
 *
 * @throws SdnError `exhausted`; `invalid-input` where a key is asked for twice or a length does not fit the pool;
 *   `conflict` where two kept blocks overlap
 */
export function allocateMany({ pool, requests, held, reserved }: ManyRequest): ReadonlyMap<string, Cidr> {
  checkKeys(requests);
  const kept = requests.flatMap(({ key, prefixLength }) => {
    const cidr = held.get(key);
    return cidr?.prefixLength === prefixLength && contains(pool, cidr) ? [{ cidr, owner: key }] : [];
  });
  checkDisjoint(kept);

  const result = new Map(kept.map(({ cidr, owner }) => [owner, cidr]));
  const newcomers = requests.filter(({ key }) => !result.has(key));
  newcomers.sort((a, b) => a.prefixLength - b.prefixLength || (a.key < b.key ? -1 : 1));
  const taken: Taken[] = [...kept];
  for (const { key, prefixLength } of newcomers) {
    const cidr = allocateBlock({ pool, prefixLength, key, taken, reserved });
    taken.push({ cidr, owner: key });
    result.set(key, cidr);
  }
  return new Map(requests.flatMap(({ key }) => entry(key, result.get(key))));
}

function entry(key: string, cidr: Cidr | undefined): readonly (readonly [string, Cidr])[] {
  return cidr !== undefined ? [[key, cidr]] : [];
}

function checkKeys(requests: ManyRequest["requests"]): void {
  const seen = new Set<string>();
  for (const { key } of requests) {
    if (seen.has(key)) {
      throw new SdnError({
        code: "invalid-input",
        cause: `${key} asks for two blocks`,
        remedy: "give each its own name",
      });
    }
    seen.add(key);
  }
}

/** @throws SdnError `conflict` where two blocks overlap */
export function checkDisjoint(blocks: readonly Taken[]): void {
  const sorted = [...blocks].sort((a, b) => compareCidrs(a.cidr, b.cidr));
  for (const [index, block] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined && overlaps(block.cidr, next.cidr)) {
      throw new SdnError({
        code: "conflict",
        cause: `${formatCidr(block.cidr)} of ${block.owner} overlaps ${formatCidr(next.cidr)} of ${next.owner}`,
        remedy: "refresh the state, then replace one of the two",
      });
    }
  }
}
