/** Takes secrets out of texts: the last line of defence, should an error or a log line repeat one. */
import { isValueMap, OutputValue, Secret } from "./value";
import type { Value, ValueMap } from "./value";
import { isList, unwrap } from "./values";

/** Shorter texts are everywhere by chance; to hide them would garble messages and hide nothing. */
const shortest = 5;

export class Redactor {
  private readonly sources: ValueMap[] = [];
  private texts: readonly string[] | undefined;

  /** `parent` holds the secrets that every call may meet. */
  constructor(private readonly parent?: Redactor) {}

  /** Remembers the secrets of these values. They are looked up only when a text is to be redacted. */
  learn(...sources: readonly ValueMap[]): void {
    this.sources.push(...sources);
    this.texts = undefined;
  }

  /** The text with each secret, and each line of a secret of several lines, as `[secret]`. */
  readonly redact = (text: string): string => {
    this.texts ??= longestFirst(this.sources.flatMap((source) => [...secretTexts(source, false)]));
    const hidden = this.texts.reduce((result, secret) => result.replaceAll(secret, "[secret]"), text);
    return this.parent?.redact(hidden) ?? hidden;
  };
}

function longestFirst(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort((a, b) => b.length - a.length);
}

function* secretTexts(value: Value | undefined, inSecret: boolean): Generator<string> {
  if (value === undefined) return;
  if (value instanceof Secret || value instanceof OutputValue) {
    yield* secretTexts(unwrap(value), inSecret || value instanceof Secret || value.secret);
  } else if (isList(value)) {
    for (const item of value) yield* secretTexts(item, inSecret);
  } else if (isValueMap(value)) {
    for (const item of Object.values(value)) yield* secretTexts(item, inSecret);
  } else if (inSecret && typeof value === "string") {
    yield* [value, ...value.split(/\r?\n/)].filter((text) => text.length >= shortest);
  }
}
