/** Which of the two judgements of a packet a change of programs touches. */

import { type Direction, directions } from "../../policy/rule";
import type { Program } from "../nft/program";

/** Conservative: what cannot be told to belong to one direction alone counts as both. */
export function changedDirections(from: Program | undefined, to: Program | undefined): ReadonlySet<Direction> {
  if (textOf(from, common) !== textOf(to, common)) return new Set(directions);
  return new Set(directions.filter((one) => textOf(from, partOf(one)) !== textOf(to, partOf(one))));
}

type Belongs = (name: string) => boolean;

const partOf =
  (direction: Direction): Belongs =>
  (name) =>
    name.startsWith(direction);
/** Sets that hold back or cut only take away; what an outcome does stands where the outcome is looked up. */
const common: Belongs = (name) => !directions.some((one) => name.startsWith(one)) && !/^(held|cut|outcome_)/.test(name);

function textOf(program: Program | undefined, belongs: Belongs): string {
  if (program === undefined) return "";
  const { sets, maps, chains } = program;
  return JSON.stringify([sets, maps, chains].map((items) => items.filter(({ name }) => belongs(name))));
}
