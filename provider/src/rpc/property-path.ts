/**
 * Property paths in Pulumi's notation: `a.b[0].c`, `labels["app.kubernetes.io/name"]`, with `*` for any name or index.
 * Source: Pulumi SDK `go/common/resource/properties_path.go`. The notation has no way to write a name that ends in a
 * backslash.
 */

export type PathElement = string | number;
export type PropertyPath = readonly PathElement[];

const bareName = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

export function formatPath(path: PropertyPath): string {
  return path
    .map((element, at) => {
      if (typeof element === "number") return `[${element}]`;
      if (!bareName.test(element)) return `["${element.replaceAll('"', '\\"')}"]`;
      return at === 0 ? element : `.${element}`;
    })
    .join("");
}

/** `undefined` where the text is no path; the engine passes over such paths too. */
export function parsePath(text: string): PropertyPath | undefined {
  const elements: PathElement[] = [];
  let rest = text;
  if (rest === "" || rest.startsWith(".")) return undefined;
  while (rest !== "") {
    const step = quotedStep(rest) ?? indexStep(rest) ?? nameStep(rest);
    if (step === undefined) return undefined;
    elements.push(step.element);
    rest = rest.slice(step.length);
  }
  return elements;
}

/** Whether `path` names `other` or something that contains it; `*` in `path` stands for any one element. */
export function pathContains(path: PropertyPath, other: PropertyPath): boolean {
  return path.length <= other.length && path.every((element, at) => element === "*" || element === other[at]);
}

interface Step {
  readonly element: PathElement;
  readonly length: number;
}

function quotedStep(rest: string): Step | undefined {
  const match = /^\.?\["((?:\\"|[^"])*)"\]/.exec(rest);
  if (match === null) return undefined;
  return { element: (match[1] ?? "").replaceAll('\\"', '"'), length: match[0].length };
}

function indexStep(rest: string): Step | undefined {
  const match = /^\.?\[(\*|[0-9]+)\]/.exec(rest);
  if (match === null) return undefined;
  return { element: match[1] === "*" ? "*" : Number(match[1]), length: match[0].length };
}

function nameStep(rest: string): Step | undefined {
  const match = /^\.?([^.[]+)/.exec(rest);
  if (match === null) return undefined;
  return { element: match[1] ?? "", length: match[0].length };
}
