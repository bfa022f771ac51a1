/** A record made from the one that is there, on the model. */
import { createHash } from "node:crypto";
import { Refusal } from "./refusal";
import type { ModelRecord } from "./state";

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

function edited(text: string, word: string): string {
  return word
    .split(",")
    .map((edit) => {
      if (edit.startsWith("l:")) return atob(edit.slice(2));
      const [first = 0, count = 0] = edit.split(":").map(Number);
      return text.slice(first, first + count);
    })
    .join("");
}

export interface PatchedRecord {
  readonly base: string;
  /** In base64, as a record has them. */
  readonly document: string;
  readonly table: string;
}

/** @throws Refusal where it does not come out as it should */
export function patchedRecord(
  record: ModelRecord | undefined,
  table: string | undefined,
  wanted: string,
  [hash = "", base = "", sum = "", documentEdits = "", tableEdits = ""]: readonly string[],
): PatchedRecord {
  const [document, json] = [
    edited(atob(record?.intent ?? ""), documentEdits),
    edited(atob(table ?? ""), tableEdits),
  ] as const;
  const isRight =
    record?.record === "whole" && record.hash === hash && sumOf(document) === wanted && sumOf(btoa(json)) === sum;
  if (!isRight) throw new Refusal("stale", "the record of the firewall is not the one that was to be changed");
  return { base, document: btoa(document), table: btoa(json) };
}
