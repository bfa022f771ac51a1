import type { Words } from "../compile/steps";
import { encodeText, renderLine } from "./words";

/** What is asked of a host for one resource; applied wholly or not at all. */
export interface Fragment {
  readonly key: string;
  readonly mark: string;
  /** Hash of the intent; an empty string for a removal. */
  readonly hash: string;
  /** The generation that this change was planned from; `undefined` where none is known (create). */
  readonly expectedGeneration: number | undefined;
  readonly words: readonly Words[];
  /** JSON of the intent to keep on the host; `undefined` removes the resource. */
  readonly intent: string | undefined;
  /** Whether what is done is for a time, and the host's record of the resource stays as it is. */
  readonly unrecorded?: boolean;
  /** Whether the host makes the intent itself, from what it has. */
  readonly patched?: boolean;
}

export interface Request {
  readonly scope: string;
  readonly fragments: readonly Fragment[];
  readonly facts: boolean;
  /** Whether to see to it, also without a change, that the host can make again by itself what is on it. */
  readonly keep?: boolean;
  /** Whether to end with a report of what is on the host. */
  readonly report: boolean;
  readonly queries: readonly Words[];
}

/** A whole request as the program's standard input. */
export function renderRequest(request: Request): string {
  const changes = request.fragments.length > 0;
  const removes = request.fragments.some(isRemoval);
  const keep = request.keep === true || request.fragments.some((fragment) => !isRemoval(fragment));
  const lines: Words[] = [
    ["scope", request.scope === "" ? "-" : request.scope],
    ...(changes || keep ? [["lock"]] : []),
    ...(keep ? [["keep"]] : []),
    ...(request.facts ? [["facts"]] : []),
    ...request.fragments.flatMap(fragmentLines),
    ...(removes ? [["restore"]] : []),
    ...gatheredQueries(request.queries),
    ...(request.report ? [["report"]] : []),
    ["done"],
  ];
  return `${lines.map(renderLine).join("\n")}\n`;
}

/** All settings of one place are asked for at once: the program reads them in one process. */
function gatheredQueries(queries: readonly Words[]): readonly Words[] {
  const settings = new Map<unknown, Words>();
  const others: Words[] = [];
  for (const query of queries) {
    const [operation, where, ...keys] = query;
    if (operation !== "query_sysctl") others.push(query);
    else settings.set(where, [...(settings.get(where) ?? [operation, where ?? "-"]), ...keys]);
  }
  return [...settings.values(), ...others];
}

function fragmentLines(fragment: Fragment): readonly Words[] {
  const { key, mark, hash, expectedGeneration, words } = fragment;
  return [["begin", key, expectedGeneration ?? "-", mark, hash === "" ? "-" : hash], ...words, endOf(fragment)];
}

const isRemoval = ({ intent, unrecorded }: Fragment): boolean => intent === undefined && unrecorded !== true;

function endOf({ intent, unrecorded, patched }: Fragment): Words {
  if (unrecorded === true) return ["unrecorded"];
  if (patched === true) return ["end", "="];
  return intent === undefined ? ["forget"] : ["end", encodeText(intent)];
}
