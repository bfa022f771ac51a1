import { decodeText } from "./words";

/** The JSON in a record, or `undefined` where it is damaged. */
export function recordedIntent(encoded: string): string | undefined {
  try {
    const text = decodeText(encoded);
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
