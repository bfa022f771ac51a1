/** Texts of manifests → the objects that decide about connections, and what was wrong with the others. */

import { documentsOf, type ManifestDocument, type ManifestFile } from "./documents";
import { type Finding, Findings } from "./finding";
import type { Declared } from "./objects";
import { Field, FieldError } from "./read/field";
import { identityOf } from "./read/metadata";
import { knownKind } from "./read/kinds";
import type { Reading } from "./read/reading";

export interface Manifests {
  readonly objects: readonly Declared[];
  /** How many documents were objects, known or not. */
  readonly documents: number;
  readonly findings: readonly Finding[];
}

export function parseManifests(files: readonly ManifestFile[]): Manifests {
  const findings = new Findings();
  const documents = files.flatMap((file) => documentsOf(file, findings));
  const read = documents.map((document) => objectOf(document, findings));
  const objects = withoutDuplicates(
    read.flatMap((one) => (one === undefined || one === "unreadable" ? [] : [one])),
    findings,
  );
  return { objects, documents: read.filter((one) => one !== "unreadable").length, findings: findings.list };
}

/** `undefined` for an object that has no part in connections. */
function objectOf(document: ManifestDocument, findings: Findings): Declared | "unreadable" | undefined {
  const { value, place } = document;
  const { kind, apiVersion } = value;
  if (typeof kind !== "string" || kind === "") {
    findings.warn(place, "not an object of Kubernetes: it has no kind; it is left out");
    return "unreadable";
  }
  const version = typeof apiVersion === "string" ? apiVersion : "";
  const known = knownKind(version, kind);
  if (known.is === "indifferent") return undefined;
  const title = titleOf(value, kind);
  if (known.is === "unknown") {
    const of = version === "" ? "" : ` of ${version}`;
    findings.warn(place, `${title}: the kind ${kind}${of} is not known; it is left out`);
    return undefined;
  }
  if (known.isMisplaced) findings.warn(place, `${title}: ${version} has no kind ${kind}; it is read all the same`);
  const reading: Reading = {
    warn: (field, message) => findings.warn(document.placeOf(field.path), `${title}: ${pathOf(field)}: ${message}`),
  };
  try {
    const field = new Field(value);
    return { object: known.read(field, reading), title, place, identity: identityOf(field, kind) };
  } catch (thrown) {
    if (!(thrown instanceof FieldError)) throw thrown;
    findings.warn(document.placeOf(thrown.path), `${title}: ${thrown.message} The object is left out.`);
    return "unreadable";
  }
}

const pathOf = (field: Field): string => field.refuse("").detail.property ?? "";

function titleOf(value: Readonly<Record<string, unknown>>, kind: string): string {
  const metadata = new Field(value["metadata"]);
  const text = (key: string): string => {
    const found: unknown = typeof metadata.value === "object" ? new Field(metadata.value).at(key).value : undefined;
    return typeof found === "string" ? found : "";
  };
  const [namespace, name] = [text("namespace"), text("name")];
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`.trimEnd();
}

/** As applying the files in order would leave it: the last of several with one name. */
function withoutDuplicates(objects: readonly Declared[], findings: Findings): readonly Declared[] {
  const last = new Map<string, Declared>();
  for (const one of objects) {
    if (one.identity === undefined) continue;
    const earlier = last.get(one.identity);
    if (earlier !== undefined) {
      const at = `${one.place.file}:${one.place.line}`;
      findings.warn(earlier.place, `${earlier.title}: declared again at ${at}; the later one counts`);
    }
    last.set(one.identity, one);
  }
  return objects.filter((one) => one.identity === undefined || last.get(one.identity) === one);
}
