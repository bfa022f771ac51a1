/**
 * Writes `schema.json`, the committed form of the package schema, from its TypeScript source. With `--check` it writes
 * nothing and fails where the file differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { schemaText } from "./schema-text";

const file = "schema.json";

if (!process.argv.includes("--check")) {
  writeFileSync(file, schemaText());
} else if (readFileSync(file, "utf8") !== schemaText()) {
  console.error(`${file} is not what provider/src/schema says; run: make schema`);
  process.exitCode = 1;
}
