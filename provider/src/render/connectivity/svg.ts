/** A picture that needs nothing else: what enters stands on the left, namespaces in the middle, what is left on the right. */

import { colours, type Graph, type GraphEdge, type Look } from "./graph";
import { type Box, layoutOf, type Placed } from "./svg-layout";

export function svgOf(graph: Graph): string {
  const { width, height, frames, nodes, routes } = layoutOf(graph);
  const looks = [...new Set(graph.edges.map(({ look }) => look))];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    "<defs>",
    ...looks.map(marker),
    "</defs>",
    ...frames.map(frame),
    ...routes.map(({ edge, path, middle }) => arrow(edge, path, middle)),
    ...nodes.map(node),
    "</svg>",
    "",
  ].join("\n");
}

const marker = (look: Look): string =>
  `<marker id="${look}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">` +
  `<path d="M0 0L8 4L0 8z" fill="${colours[look]}"/></marker>`;

const rectangle = ({ x, y, width, height }: Box, attributes: string): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" ${attributes}/>`;

const frame = ({ label, ...box }: Placed): string =>
  rectangle(box, 'rx="8" fill="#f8fafc" stroke="#cbd5e1"') +
  `<text x="${box.x + 10}" y="${box.y + 18}" fill="#475569">${escaped(label)}</text>`;

function node({ label, look, isOutside, ...box }: Placed): string {
  const colour = isOutside && look === "plain" ? "#b45309" : colours[look];
  const middle = `x="${box.x + box.width / 2}" y="${box.y + box.height / 2 + 4}" text-anchor="middle"`;
  return (
    rectangle(box, `rx="6" fill="#fff" stroke="${colour}"`) +
    `<text ${middle} fill="${colour}">${escaped(label)}</text>`
  );
}

function arrow({ from, to, label, look }: GraphEdge, path: string, middle: { readonly x: number; readonly y: number }) {
  const colour = colours[look];
  return (
    `<g><title>${escaped(`${from} => ${to} : ${label}`)}</title>` +
    `<path d="${path}" fill="none" stroke="${colour}" marker-end="url(#${look})"/>` +
    `<text x="${middle.x}" y="${middle.y}" text-anchor="middle" font-size="10" fill="${colour}" stroke="#fff" ` +
    `stroke-width="3" paint-order="stroke">${escaped(label)}</text></g>`
  );
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (found) => entities[found] ?? found);
