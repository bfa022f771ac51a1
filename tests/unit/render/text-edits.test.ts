import fc from "fast-check";
import type { Edit } from "../../../provider/src/render/text-edits";
import { editsWord, textEdits } from "../../../provider/src/render/text-edits";
import { isWord } from "../../../provider/src/render/words";

const applied = (from: string, edits: readonly Edit[]): string =>
  edits.map((edit) => ("text" in edit ? edit.text : from.slice(edit.first, edit.first + edit.count))).join("");

const rules = Array.from({ length: 2000 }, (_, at) => `{"name":"rule-${at}","ports":"${1000 + at}"}`);
const text = rules.join(",");

describe("what takes one text to another", () => {
  test.each<[string, string, number]>([
    ["nothing is new", text, 0],
    ["one place in the middle", text.replace('"ports":"1999"', '"ports":"9"'), 20],
    ["the beginning and the end", `x${text}y`, 20],
    ["a rule is gone", rules.filter((_, at) => at !== 700).join(","), 20],
    ["a rule is new", rules.toSpliced(700, 0, '{"name":"new"}').join(","), 40],
    ["three places far apart", text.replace("rule-3", "r3").replace("rule-999", "r").replace("rule-1990", "r"), 60],
  ])("%s: little more than that", (_what, to, most) => {
    const edits = textEdits(text, to) ?? [];
    expect(applied(text, edits) === to).toBe(true);
    expect(edits.reduce((sum, edit) => sum + ("text" in edit ? edit.text.length : 0), 0)).toBeLessThanOrEqual(most);
    expect(isWord(editsWord(edits))).toBe(true);
  });

  test("whatever the texts are, it gives the second or says that it is not worth it", () => {
    const texts = fc.array(fc.constantFrom("abcdef".repeat(20), "0123456789".repeat(9), "{", "x"), { maxLength: 40 });
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const [from, to] = [one.join(""), other.join("")];
        const edits = textEdits(from, to);
        expect(edits === undefined || applied(from, edits) === to).toBe(true);
      }),
    );
  });

  test.each([
    ["too many places", text, rules.map((rule, at) => (at % 7 === 0 ? rule.toUpperCase() : rule)).join(",")],
    ["octets that are not characters", "ä".repeat(100), "ä".repeat(99)],
  ])("it says so: %s", (_what, from, to) => {
    expect(textEdits(from, to)).toBeUndefined();
  });
});
