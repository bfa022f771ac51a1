import { readdirSync, readFileSync } from "node:fs";

/** Processes with the text among their arguments or in their environment, this one excepted. */
export function processesNaming(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((name) => readProcess(name).includes(text));
}

function readProcess(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8") + readFileSync(`/proc/${id}/environ`, "utf8");
  } catch {
    // It ended meanwhile.
    return "";
  }
}
