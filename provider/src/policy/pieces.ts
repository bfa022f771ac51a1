/** Functions from a line to values, as intervals on which the value is the same. Layers of them make packet sets. */

import { type Interval, type Point, predecessor, successor } from "./intervals";

export interface Piece<T extends Point, V> extends Interval<T> {
  readonly value: V;
}

/** Sorted and disjoint; adjacent pieces differ in value; where there is no piece, the value is the empty one. */
export type Pieces<T extends Point, V> = readonly Piece<T, V>[];

export interface Values<V> {
  readonly equal: (a: V, b: V) => boolean;
}

type Combine<V> = (a: V | undefined, b: V | undefined) => V | undefined;

/** The function whose value at each point is `combine` of the two there; `undefined` is the empty value. */
export function combinePieces<T extends Point, V>(
  a: Pieces<T, V>,
  b: Pieces<T, V>,
  combine: Combine<V>,
  values: Values<V>,
): Pieces<T, V> {
  const result: Piece<T, V>[] = [];
  const put = (first: T, last: T, x: V | undefined, y: V | undefined): void => {
    const value = combine(x, y);
    if (value === undefined) return;
    const previous = result.at(-1);
    const joins = previous !== undefined && successor(previous.last) === first && values.equal(previous.value, value);
    if (joins) result[result.length - 1] = { first: previous.first, last, value: previous.value };
    else result.push({ first, last, value });
  };
  let i = 0;
  let j = 0;
  let x: Piece<T, V> | undefined = a[0];
  let y: Piece<T, V> | undefined = b[0];
  while (x !== undefined || y !== undefined) {
    if (y === undefined || (x !== undefined && x.last < y.first)) {
      const alone = x as Piece<T, V>;
      put(alone.first, alone.last, alone.value, undefined);
      x = a[(i += 1)];
    } else if (x === undefined || y.last < x.first) {
      put(y.first, y.last, undefined, y.value);
      y = b[(j += 1)];
    } else if (x.first < y.first) {
      put(x.first, predecessor(y.first), x.value, undefined);
      x = { ...x, first: y.first };
    } else if (y.first < x.first) {
      put(y.first, predecessor(x.first), undefined, y.value);
      y = { ...y, first: x.first };
    } else {
      const last = x.last < y.last ? x.last : y.last;
      put(x.first, last, x.value, y.value);
      const [restX, restY]: [Piece<T, V>, Piece<T, V>] = [x, y];
      x = restX.last > last ? { ...restX, first: successor(last) } : a[(i += 1)];
      y = restY.last > last ? { ...restY, first: successor(last) } : b[(j += 1)];
    }
  }
  return result;
}

export function samePieces<T extends Point, V>(a: Pieces<T, V>, b: Pieces<T, V>, values: Values<V>): boolean {
  return (
    a.length === b.length &&
    a.every((piece, index) => {
      const other = b[index] as Piece<T, V>;
      return piece.first === other.first && piece.last === other.last && values.equal(piece.value, other.value);
    })
  );
}
