import { packageSchema } from "../provider/src/schema/package";

/** The package schema as `schema.json` holds it: indented, with a newline at the end. */
export function schemaText(): string {
  return `${JSON.stringify(packageSchema, undefined, 2)}\n`;
}
