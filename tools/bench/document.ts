/** The part of a document between two markers, which a program writes and nobody else. */
import { readFileSync, writeFileSync } from "node:fs";

export function writeSection(file: string, section: string, text: string): void {
  const document = readFileSync(file, "utf8");
  const begin = `<!-- ${section}: written by make bench -->`;
  const end = `<!-- ${section}: end -->`;
  const [before, rest] = split(document, begin, file);
  const [, after] = split(rest, end, file);
  writeFileSync(file, `${before}${begin}\n\n${text.trim()}\n\n${end}${after}`);
}

function split(text: string, marker: string, file: string): readonly [string, string] {
  const at = text.indexOf(marker);
  if (at === -1) throw new Error(`${file} has no line ${marker}`);
  return [text.slice(0, at), text.slice(at + marker.length)];
}
