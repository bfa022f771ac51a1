import { SdnError } from "../model/error";
import type { SdnErrorCode } from "../model/error";
import type { Snapshot } from "../model/snapshot";
import { recordedIntent } from "./recorded-intent";
import { SnapshotBuilder } from "./snapshot-builder";
import { decodeText } from "./words";

export type FragmentResult =
  | { readonly ok: true; readonly generation: number }
  | { readonly ok: false; readonly code: SdnErrorCode; readonly message: string };

export interface Report {
  readonly results: ReadonlyMap<string, FragmentResult>;
  readonly warnings: readonly { readonly key: string; readonly message: string }[];
  /** JSON of what the host remembered of a resource until this change took its place. */
  readonly previous: ReadonlyMap<string, string>;
  readonly snapshot: Snapshot;
}

const failureCodes: ReadonlySet<string> = new Set<SdnErrorCode>(["conflict", "stale", "remote-failure", "not-found"]);

/** The program's standard output, parsed. A report without its last line was cut off. */
export function parseReport(stdout: string): Report {
  const results = new Map<string, FragmentResult>();
  const warnings: { key: string; message: string }[] = [];
  const previous = new Map<string, string>();
  const builder = new SnapshotBuilder();
  let complete = false;
  for (const line of stdout.split("\n")) {
    if (builder.takeJson(line)) continue;
    const [kind = "", ...words] = line.split(" ");
    const [first = "", second = "", third = ""] = words;
    switch (kind) {
      case "result":
        results.set(first, fragmentResult(second, third));
        break;
      case "previous":
        known(previous, first, recordedIntent(second));
        break;
      case "warning":
        warnings.push({ key: first, message: decodeText(second) });
        break;
      case "fatal":
        throw new SdnError({ code: "remote-failure", cause: decodeText(first) });
      case "complete":
        complete = true;
        break;
      default:
        builder.take(kind, words);
    }
  }
  if (!complete) throw new SdnError({ code: "unreachable", cause: "the host's report was cut off", uncertain: true });
  return { results, warnings, previous, snapshot: builder.build() };
}

function known(previous: Map<string, string>, key: string, intent: string | undefined): void {
  if (intent !== undefined) previous.set(key, intent);
}

function fragmentResult(status: string, detail: string): FragmentResult {
  if (status === "ok") return { ok: true, generation: Number(detail) };
  const code = failureCodes.has(status) ? (status as SdnErrorCode) : "remote-failure";
  return { ok: false, code, message: decodeText(detail) };
}
