/** All that one run of the bench found, and the questions that its tables ask of it. */
import { median } from "../numbers";
import type { Compiling } from "./compiling";
import type { Contender } from "./contenders";
import type { OverSsh } from "./over-ssh";
import type { Course, Turn } from "./packets";

export interface Figures {
  readonly sizes: readonly number[];
  readonly compiling: ReadonlyMap<number, Compiling>;
  readonly overSsh: ReadonlyMap<number, OverSsh>;
  readonly courses: readonly Course[];
}

export const contendersOf = ({ courses }: Figures): readonly Contender[] => [
  ...new Set(courses.map(({ contender }) => contender)),
];

export function courseOf({ courses }: Figures, contender: Contender, size: number): Course {
  const found = courses.find((course) => course.contender === contender && course.size === size);
  if (found === undefined) throw new Error(`nobody measured ${contender} with ${size} rules`);
  return found;
}

export const middle = (figures: Figures, contender: Contender, size: number, of: (turn: Turn) => number): number =>
  median(courseOf(figures, contender, size).turns.map(of));

/** Of each round for itself, since what else the machine does changes from one to the next. */
export function ratio(
  figures: Figures,
  one: readonly [Contender, number],
  other: readonly [Contender, number],
  of: (turn: Turn) => number,
): number {
  const others = courseOf(figures, ...other).turns;
  return median(courseOf(figures, ...one).turns.map((turn, round) => of(turn) / of(others[round] ?? turn)));
}

export function known<T>(map: ReadonlyMap<number, T>, size: number): T {
  const found = map.get(size);
  if (found === undefined) throw new Error(`nobody measured ${size} rules`);
  return found;
}

/** Milliseconds of the change on the host beyond those of an execution that does nothing. */
export const beyondRoundTrip = ({ empty, change }: OverSsh): number =>
  median(change.map((value, round) => value - (empty[round] ?? 0)));
