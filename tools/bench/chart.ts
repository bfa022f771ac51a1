/** A small chart in SVG: lines over two logarithmic axes, where growth in proportion is the slope of the dashed line. */

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Whether a dashed line shows what growth in proportion would be. Default: true. */
  readonly inProportion?: boolean;
  readonly lines: readonly Line[];
}

const width = 640;
const height = 400;
const margin = { left: 64, right: 150, top: 40, bottom: 48 };
const colours = ["#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#6b7280"];

export function svgChart(chart: Chart): string {
  const xs = axis(chart.lines.flatMap((line) => line.points.map(([x]) => x)));
  const ys = axis(chart.lines.flatMap((line) => line.points.map(([, y]) => y)));
  const across = (x: number): number => margin.left + part(xs, x) * (width - margin.left - margin.right);
  const up = (y: number): number => height - margin.bottom - part(ys, y) * (height - margin.top - margin.bottom);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(margin.left, 22, chart.title, 'font-size="14" font-weight="bold"'),
    ...decades(xs).flatMap((x) => [
      segment(across(x), up(ys.low), across(x), up(ys.high), "#e5e7eb"),
      text(across(x), height - margin.bottom + 16, String(x), 'text-anchor="middle"'),
    ]),
    ...decades(ys).flatMap((y) => [
      segment(across(xs.low), up(y), across(xs.high), up(y), "#e5e7eb"),
      text(margin.left - 6, up(y) + 4, String(y), 'text-anchor="end"'),
    ]),
    text((margin.left + width - margin.right) / 2, height - 10, chart.x, 'text-anchor="middle"'),
    text(14, margin.top - 8, chart.y, ""),
    ...(chart.inProportion === false
      ? []
      : chart.lines.flatMap((line, at) => proportion(line, colourOf(at), across, up))),
    ...chart.lines.flatMap((line, at) => drawn(line, colourOf(at), across, up)),
    ...labels(chart.lines, across, up),
    "</svg>",
    "",
  ].join("\n");
}

type Place = (value: number) => number;
const colourOf = (at: number): string => colours[at % colours.length] ?? "#000";

function drawn(line: Line, colour: string, across: Place, up: Place): readonly string[] {
  const places = line.points.map(([x, y]) => `${round(across(x))},${round(up(y))}`);
  return [
    `<polyline points="${places.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...line.points.map(([x, y]) => `<circle cx="${round(across(x))}" cy="${round(up(y))}" r="3" fill="${colour}"/>`),
  ];
}

/** What growth in proportion to the first point would be. */
function proportion({ points }: Line, colour: string, across: Place, up: Place): readonly string[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [];
  const end = (first[1] * last[0]) / first[0];
  return [segment(across(first[0]), up(first[1]), across(last[0]), up(end), colour, 'stroke-dasharray="3 4"')];
}

const lineHeight = 14;

/** Beside the last points; those that would cover each other stand one above the other. */
function labels(lines: readonly Line[], across: Place, up: Place): readonly string[] {
  const wanted = lines.flatMap(({ label, points }, at) => {
    const last = points.at(-1);
    return last === undefined ? [] : [{ label, x: across(last[0]) + 8, y: up(last[1]) + 4, colour: colourOf(at) }];
  });
  let free = 0;
  return wanted
    .sort((one, other) => one.y - other.y)
    .map(({ label, x, y, colour }) => {
      const place = Math.max(y, free);
      free = place + lineHeight;
      return text(x, place, label, `fill="${colour}"`);
    });
}

interface Axis {
  readonly low: number;
  readonly high: number;
}

/** Whole decades around the values. */
function axis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const low = 10 ** Math.floor(Math.log10(Math.min(...positive)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...positive)));
  return { low, high: high > low ? high : low * 10 };
}

const part = ({ low, high }: Axis, value: number): number => Math.log10(value / low) / Math.log10(high / low);

function decades({ low, high }: Axis): readonly number[] {
  const count = Math.round(Math.log10(high / low));
  return Array.from({ length: count + 1 }, (_, at) => Number((low * 10 ** at).toPrecision(3)));
}

const round = (value: number): number => Math.round(value * 10) / 10;
const text = (x: number, y: number, words: string, more: string): string =>
  `<text x="${round(x)}" y="${round(y)}" ${more}>${words}</text>`;
const segment = (x1: number, y1: number, x2: number, y2: number, colour: string, more = ""): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" ${more}/>`;
