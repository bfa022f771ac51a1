import { readFileSync } from "node:fs";

import { type Review, reviewOf } from "../../reach/review";
import { oneOf, parsed, UsageError } from "../arguments";
import type { Command } from "../command";
import { markdownOf } from "./markdown";
import { sarifOf } from "./sarif";
import { type States, statesOfExports, statesOfPreview } from "./states";

/**
 * `pulumi-sdn review`: what a change opens and closes, for who must judge it. Asks no host. Fails by `--fail-on`: where
 * the preview has errors, where there are risks, or where anything is opened.
 */
export const reviewCommand: Command = async (args, { out }) => {
  const { values, positionals } = parsed(args, {
    preview: { type: "string" },
    before: { type: "string" },
    after: { type: "string" },
    format: { type: "string" },
    program: { type: "string" },
    "fail-on": { type: "string" },
    help: { type: "boolean" },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  const format = oneOf("--format", values.format, ["markdown", "json", "sarif"]);
  const failOn = oneOf("--fail-on", values["fail-on"], ["error", "risk", "opened", "never"]);
  const states = statesOf(values);
  const review = reviewOf(states.before, states.after, Date.now() / 1000);
  const { errors, unknown, counts } = states;
  switch (format) {
    case "markdown":
      out(markdownOf(review, states));
      break;
    case "json":
      out(`${JSON.stringify({ ...review, errors, unknown, counts }, undefined, 2)}\n`);
      break;
    case "sarif":
      out(sarifOf(review, errors, values.program ?? "Pulumi.yaml"));
      break;
  }
  return Promise.resolve(fails(failOn, review, errors) ? 1 : 0);
};

interface Files {
  readonly preview?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

function statesOf({ preview, before, after }: Files): States {
  if (preview !== undefined && before === undefined && after === undefined) return statesOfPreview(textOf(preview));
  if (preview === undefined && before !== undefined && after !== undefined) {
    return statesOfExports(textOf(before), textOf(after));
  }
  throw new UsageError("give --preview FILE, or --before FILE and --after FILE; - is the standard input");
}

function textOf(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (thrown) {
    throw new UsageError(`${path} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function fails(
  on: "error" | "risk" | "opened" | "never",
  { changes, findings }: Review,
  errors: States["errors"],
): boolean {
  if (on === "never") return false;
  if (errors.length > 0) return true;
  if (on === "error") return false;
  const risky = findings.some(({ kind }) => kind === "everybody" || kind === "management");
  if (risky || on === "risk") return risky;
  return changes.some(({ effect }) => effect === "opens" || effect === "may open");
}
