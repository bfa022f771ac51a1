/** Texts of manifests as documents: YAML and JSON, several in a file, lists taken apart. */

import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";

import type { Findings, Place } from "./finding";

export interface ManifestFile {
  /** As it is shown. */
  readonly path: string;
  readonly text: string;
}

export type FieldPath = readonly (string | number)[];

/** One object as it was written. */
export interface ManifestDocument {
  readonly value: Readonly<Record<string, unknown>>;
  readonly place: Place;
  /** The line of a field, or of the nearest one around it that was written. */
  readonly placeOf: (path: FieldPath) => Place;
}

/** Every object of a file. What is no object is a warning, and the rest of the file is read all the same. */
export function documentsOf(file: ManifestFile, findings: Findings): readonly ManifestDocument[] {
  const { documents, lines } = parsedText(file, findings);
  const lineAt = (offset: number): Place => ({ file: file.path, line: lines.linePos(offset).line });
  return documents.flatMap((document): readonly ManifestDocument[] => {
    const [error] = document.errors;
    const start = document.contents?.range[0] ?? document.range[0];
    if (error !== undefined) {
      findings.warn(lineAt(error.pos[0]), `not YAML: ${error.message}; this document is left out`);
      return [];
    }
    const placeOf = (path: FieldPath): Place => {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range !== undefined && node.range !== null) return lineAt(node.range[0]);
      }
      return lineAt(start);
    };
    try {
      return objectsIn(document.toJS(), [], placeOf, findings);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      findings.warn(lineAt(start), `not YAML: ${reason}; this document is left out`);
      return [];
    }
  });
}

interface ParsedText {
  readonly documents: readonly Document.Parsed[];
  readonly lines: LineCounter;
}

function parsedText({ path, text }: ManifestFile, findings: Findings): ParsedText {
  const parsed = parse(text);
  const tab = /^ *\t/m.exec(text);
  if (tab === null || !hasErrors(parsed)) return parsed;
  // Kubernetes' own tools take tabs before the items of a `[…]`, YAML does not.
  const spaced = parse(text.replace(/^[ \t]+/gm, (indentation) => indentation.replaceAll("\t", "        ")));
  if (hasErrors(spaced)) return parsed;
  findings.warn(
    { file: path, line: parsed.lines.linePos(tab.index).line },
    "a tab in the indentation is read as spaces",
  );
  return spaced;
}

function parse(text: string): ParsedText {
  const lines = new LineCounter();
  return { documents: [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true })], lines };
}

const hasErrors = ({ documents }: ParsedText): boolean => documents.some(({ errors }) => errors.length > 0);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object, or the items of a list, whose items may leave out what the list's kind says. */
function objectsIn(
  value: unknown,
  path: FieldPath,
  placeOf: ManifestDocument["placeOf"],
  findings: Findings,
): readonly ManifestDocument[] {
  // An empty document stands between two separators.
  if (value === null || value === undefined) return [];
  if (!isRecord(value)) {
    findings.warn(placeOf(path), "not an object of Kubernetes: it has no fields; it is left out");
    return [];
  }
  const { kind, items } = value;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) {
    return [{ value, place: placeOf(path), placeOf: (inner) => placeOf([...path, ...inner]) }];
  }
  const inherited = kind === "List" ? {} : { kind: kind.slice(0, -"List".length), apiVersion: value["apiVersion"] };
  return items.flatMap((item: unknown, index) =>
    objectsIn(isRecord(item) ? { ...inherited, ...item } : item, [...path, "items", index], placeOf, findings),
  );
}
