/** Where the parts of the picture stand. */

import { byNamespace, type Graph, type GraphEdge, type GraphNode, type Look } from "./graph";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Placed extends Box {
  readonly label: string;
  readonly look: Look;
  readonly isOutside: boolean;
}

export interface Route {
  readonly edge: GraphEdge;
  readonly path: string;
  /** Where its label stands. */
  readonly middle: { readonly x: number; readonly y: number };
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Placed[];
  readonly nodes: readonly Placed[];
  readonly routes: readonly Route[];
}

const [margin, gap, columnGap, nodeHeight, frameTop, characterWidth] = [24, 16, 150, 28, 28, 7.2];

interface Stack {
  readonly label: string | undefined;
  readonly nodes: readonly GraphNode[];
}

const sideOf = (id: string, side: "from" | "to"): string => `${side} ${id}`;

export function layoutOf({ nodes, edges }: Graph): Layout {
  const outside = nodes.filter(({ namespace }) => namespace === undefined);
  const used = (side: "from" | "to") => {
    const ids = new Set(edges.map((edge) => edge[side]));
    return outside.filter(({ id }) => ids.has(id)).map((node) => ({ ...node, id: sideOf(node.id, side) }));
  };
  const namespaces = [...byNamespace(nodes)].map(([label, members]): Stack => ({ label, nodes: members }));
  const columns: readonly (readonly Stack[])[] = [
    [{ label: undefined, nodes: used("from") }],
    ...inColumns(namespaces),
    [{ label: undefined, nodes: used("to") }],
  ].filter((stacks) => stacks.some((stack) => stack.nodes.length > 0));
  const { boxes, frames, width, height } = placed(columns);
  const isOutside = new Set(outside.map(({ id }) => id));
  const box = (id: string, side: "from" | "to"): Placed | undefined =>
    boxes.get(isOutside.has(id) ? sideOf(id, side) : id);
  const routes = edges.flatMap((edge, index) => {
    const [from, to] = [box(edge.from, "from"), box(edge.to, "to")];
    return from === undefined || to === undefined ? [] : [routeOf(edge, from, to, labelPlaces[index % 5] ?? 0.5)];
  });
  return { width, height, frames, nodes: [...boxes.values()], routes };
}

/** About as many columns of namespaces as rows of them. */
function inColumns(stacks: readonly Stack[]): readonly (readonly Stack[])[] {
  const count = Math.max(1, Math.ceil(Math.sqrt(stacks.length)));
  const perColumn = Math.ceil(stacks.length / count);
  return Array.from({ length: count }, (_, index) => stacks.slice(index * perColumn, (index + 1) * perColumn));
}

function placed(columns: readonly (readonly Stack[])[]) {
  const boxes = new Map<string, Placed>();
  const frames: Placed[] = [];
  let [x, height] = [margin, 0];
  for (const stacks of columns) {
    const labels = stacks.flatMap(({ nodes, label = "" }) => [label, ...nodes.map((node) => node.label)]);
    const nodeWidth = Math.ceil(Math.max(...labels.map(({ length }) => length)) * characterWidth) + 20;
    let y = margin;
    for (const { label, nodes } of stacks) {
      const top = y;
      y += label === undefined ? 0 : frameTop;
      for (const node of nodes) {
        const isOutside = node.namespace === undefined;
        boxes.set(node.id, {
          x: x + gap,
          y,
          width: nodeWidth,
          height: nodeHeight,
          label: node.label,
          look: node.look,
          isOutside,
        });
        y += nodeHeight + gap;
      }
      const frame = { x, y: top, width: nodeWidth + 2 * gap, height: y - top };
      if (label !== undefined) frames.push({ ...frame, label, look: "plain", isOutside: false });
      y += gap;
    }
    x += nodeWidth + 2 * gap + columnGap;
    height = Math.max(height, y);
  }
  // Ways within the last column go around its right.
  const isLastOutside = columns.at(-1)?.every(({ label }) => label === undefined) !== false;
  return { boxes, frames, width: Math.max(isLastOutside ? x - columnGap : x, 0) + margin, height: height + margin };
}

/** To the right and to the left as a curve between the sides that face each other; in one column around its right. */
function routeOf(edge: GraphEdge, from: Box, to: Box, labelAt: number): Route {
  const isSameColumn = from.x === to.x;
  const isForth = to.x > from.x;
  // Those of the two ways between two ends are apart from each other.
  const shift = isForth || (isSameColumn && to.y > from.y) ? -5 : 5;
  const [startX, endX] = isSameColumn
    ? [from.x + from.width, to.x + to.width]
    : isForth
      ? [from.x + from.width, to.x]
      : [from.x, to.x + to.width];
  const [startY, endY] = [from, to].map(({ y, height }) => y + height / 2 + shift) as [number, number];
  const reach = isSameColumn ? 20 + Math.abs(endY - startY) / 3 : (endX - startX) / 2;
  const [firstX, secondX] = [startX + reach, isSameColumn ? endX + reach : endX - reach];
  const middle = {
    x: round(onCurve(labelAt, [startX, firstX, secondX, endX])),
    y: round(onCurve(labelAt, [startY, startY, endY, endY]) - 3),
  };
  const points = [firstX, startY, secondX, endY, endX, endY].map(round);
  return { edge, path: `M${round(startX)} ${round(startY)}C${points.join(" ")}`, middle };
}

/** Neighbours have their labels at other places of their ways, so that these seldom cover each other. */
const labelPlaces = [0.5, 0.3, 0.65, 0.4, 0.75];

/** One coordinate of a cubic Bézier curve. */
const onCurve = (t: number, [a, b, c, d]: readonly [number, number, number, number]): number =>
  (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;

const round = (value: number): number => Math.round(value * 10) / 10;
