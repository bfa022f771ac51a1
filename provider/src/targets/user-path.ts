import { homedir } from "node:os";
import { join } from "node:path";
import { errorWord } from "./error-word";

/** A path as a user writes it, with a leading `~/` for the home folder. */
export function expandHome(path: string): string {
  if (path !== "~" && !path.startsWith("~/")) return path;
  return join(process.env["HOME"] ?? homedir(), path.slice(1));
}

/** The system's word for why a file could not be read, without the path that Node repeats. */
export function fileProblem(thrown: unknown): string {
  const code = errorWord(thrown, "code");
  switch (code) {
    case "ENOENT":
      return "it does not exist";
    case "EACCES":
      return "no permission to read it";
    case "EISDIR":
      return "it is a folder";
    default:
      return code === "" ? String(thrown) : code;
  }
}
