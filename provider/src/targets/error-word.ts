/** What libraries attach to their errors beside the message. Empty where there is no such word. */
export function errorWord(thrown: unknown, name: "code" | "level"): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  const value: unknown = Reflect.get(thrown, name);
  return typeof value === "string" ? value : "";
}

/** The message of anything thrown. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown).replace(/^Error: /, "");
}
