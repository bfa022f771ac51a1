/** Texts that people look at, in tests/pictures. `UPDATE_GOLDEN=1` writes them anew; without it they are compared. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function golden(file: string, actual: string): void {
  const path = join(__dirname, "..", "pictures", file);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, actual);
  expect(actual).toBe(readFileSync(path, "utf8"));
}
