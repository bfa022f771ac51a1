/** Requests to the host's program, made from intents as `HostResource` makes them. */
import type { Intent } from "../../provider/src/compile/intent";
import { markOf, resourceKey } from "../../provider/src/compile/names";
import { applyWords, queriesOf, removeAllWords } from "../../provider/src/compile/plan";
import type { Words } from "../../provider/src/compile/steps";
import { hash64 } from "../../provider/src/model/hash";
import type { Fragment } from "../../provider/src/render/instructions";
import { renderRequest } from "../../provider/src/render/instructions";

export function applyFragment(to: Intent, from?: Intent, expectedGeneration?: number): Fragment {
  const json = JSON.stringify(to);
  return {
    key: resourceKey(to),
    mark: markOf(to),
    hash: hash64(json).toString(16),
    expectedGeneration,
    words: applyWords(from, to),
    intent: json,
  };
}

export function removeFragment(intent: Intent): Fragment {
  return {
    key: resourceKey(intent),
    mark: markOf(intent),
    hash: "",
    expectedGeneration: undefined,
    words: removeAllWords(intent),
    intent: undefined,
  };
}

/** The program's input for these changes, with a report that has what `driftOf` needs to know of `about`. */
export function requestOf(
  scope: string,
  fragments: readonly Fragment[],
  about: readonly Intent[] = [],
  options: { readonly report?: boolean; readonly facts?: boolean } = {},
): string {
  const queries = [
    ...new Map(about.flatMap(queriesOf).map((words): [string, Words] => [words.join(" "), words])).values(),
  ];
  return renderRequest({
    scope,
    fragments,
    facts: options.facts ?? false,
    report: options.report ?? true,
    queries,
  });
}
