import { SdnError } from "../model/error";

/**
 * The grammar of a word on the host program's input. No blank, quote, backslash, `$`, `;` or glob character is in
 * it, so no word can end a line, start a command or name a file by pattern.
 */
const word = /^[A-Za-z0-9_.:/@=,+%-]+$/;

export const isWord = (text: string): boolean => word.test(text);

/** One line of the program's input. Anything outside the grammar is a defect of whoever made it, caught here. */
export function renderLine(words: readonly (string | number)[]): string {
  for (const one of words) {
    if (!word.test(String(one))) {
      throw new SdnError({ code: "internal", cause: `"${String(one)}" is not a word that may be sent to a host` });
    }
  }
  return words.join(" ");
}

const ascii = /^[\0-\x7f]*$/;
const isAscii = (text: string): boolean => ascii.test(text);

/** Any text as one word: base64 of its UTF-8. */
export function encodeText(text: string): string {
  if (isAscii(text)) return btoa(text);
  return btoa(Array.from(new TextEncoder().encode(text), (octet) => String.fromCharCode(octet)).join(""));
}

export function decodeText(encoded: string): string {
  const binary = atob(encoded);
  // Nearly all of every report, and much the quicker way.
  if (isAscii(binary)) return binary;
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
