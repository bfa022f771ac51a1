import fc from "fast-check";
import { decodeText, encodeText, renderLine } from "../../../provider/src/render/words";
import { applyWords } from "../../../provider/src/compile/plan";
import { intents, seed } from "../../support/intent-arbitraries";

fc.configureGlobal({ seed, numRuns: 500 });

const letters = "abcdefghijklmnopqrstuvwxyz";
const allowed = new Set(`${letters}${letters.toUpperCase()}0123456789_.:/@=,+%-`);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme-ascii" }),
  // A good word with one character in it that may be anything.
  fc
    .tuple(
      fc.constantFrom("", "sdn-b-1", "10.0.0.1/8"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.constantFrom("", "x"),
    )
    .map((parts) => parts.join("")),
);

test("a word is sent if and only if it is not empty and every character of it is in the grammar", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const good = text.length > 0 && Array.from(text).every((character) => allowed.has(character));
      if (good) expect(renderLine(["op", text])).toBe(`op ${text}`);
      else expect(() => renderLine(["op", text])).toThrow("is not a word that may be sent to a host");
    }),
  );
});

test.each([
  " ",
  "\t",
  "\n",
  "\r",
  "\0",
  "'",
  '"',
  "\\",
  "$",
  "`",
  ";",
  "&",
  "|",
  "<",
  ">",
  "(",
  ")",
  "{",
  "}",
  "[",
  "]",
  "*",
  "?",
  "#",
  "~",
  "!",
  "é",
])("%j ends a line, starts a command or names files, so it is refused wherever it stands", (character) => {
  for (const text of [character, `a${character}`, `${character}a`, `a${character}a`]) {
    expect(() => renderLine([text])).toThrow("is not a word that may be sent to a host");
  }
});

test("every plan consists of words of the grammar", () => {
  fc.assert(fc.property(intents, (intent) => applyWords(undefined, intent).every((words) => renderLine(words) !== "")));
});

test("any text survives as one word", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      fc.pre(text.isWellFormed());
      if (text !== "") expect(renderLine([encodeText(text)])).toBe(encodeText(text));
      expect(decodeText(encodeText(text))).toBe(text);
    }),
  );
});

test("a text that is much longer than a call has arguments survives too", () => {
  const text = "é".repeat(300_000);
  expect(decodeText(encodeText(text))).toBe(text);
});
