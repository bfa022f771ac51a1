/** What a person has to know of the manifests, with the place that it is about. */

export interface Place {
  readonly file: string;
  /** From 1; 0 where the file is meant as a whole. */
  readonly line: number;
}

export interface Finding {
  /** A warning says that something was not read as it is written; a note says what the result shows. */
  readonly level: "warning" | "note";
  readonly place: Place | undefined;
  readonly message: string;
}

/** `warning: web.yaml:12: …` */
export function findingText({ level, place, message }: Finding): string {
  const at = place === undefined ? "" : `${place.file}${place.line > 0 ? `:${place.line}` : ""}: `;
  // A name as it is written may hold what a terminal obeys.
  return `${level}: ${at}${message}`.replaceAll(/\p{Cc}/gu, "�");
}

export class Findings {
  private readonly found: Finding[] = [];

  warn(place: Place | undefined, message: string): void {
    this.found.push({ level: "warning", place, message });
  }

  note(place: Place | undefined, message: string): void {
    this.found.push({ level: "note", place, message });
  }

  /** In the order found, each once. */
  get list(): readonly Finding[] {
    return [...new Map(this.found.map((finding) => [findingText(finding), finding])).values()];
  }
}
