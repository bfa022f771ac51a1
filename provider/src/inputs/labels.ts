import { SdnError } from "../model/error";
import { parseLabelKey, parseLabelValue } from "../model/label";
import type { Unknown, Value, ValueMap } from "../rpc/value";
import type { InputReader } from "./input-reader";
import { present } from "./present";

/** Labels by their keys; `undefined` where there are none. */
export function readLabels(reader: InputReader, name: string): ValueMap | Unknown | undefined {
  const labels = reader.object(name);
  if (labels === undefined) return reader.orUnknown(name, undefined);
  const read = labels.names.flatMap((key) => {
    reader.problems.collect(() => parseLabelKey(key, reader.at(name)));
    const value = labels.orUnknown(key, labels.require(key, labels.parsed(key, parseLabelValue), "its value"));
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(read);
}

const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

/** `matchLabels` and `matchExpressions`, as in Kubernetes: every part must match. */
export function readSelector(reader: InputReader): ValueMap {
  const matchLabels = readLabels(reader, "matchLabels");
  const matchExpressions = reader.orUnknown(
    "matchExpressions",
    reader.objects("matchExpressions")?.map(readExpression),
  );
  reader.finish();
  return present<Readonly<Record<string, Value | undefined>>>({ matchLabels, matchExpressions }) as ValueMap;
}

function readExpression(reader: InputReader): ValueMap {
  const key = reader.require("key", reader.parsed("key", parseLabelKey), "the label's key");
  const operator = reader.require("operator", reader.choice("operator", operators), operators.join(", "));
  const values = reader.orUnknown("values", reader.texts("values", parseLabelValue));
  reader.finish();
  if (operator !== undefined) refuseValues(reader, operator);
  const read = {
    key: reader.orUnknown("key", key),
    operator: reader.orUnknown("operator", operator),
    values,
  };
  return present<Readonly<Record<string, Value | undefined>>>(read) as ValueMap;
}

function refuseValues(reader: InputReader, operator: (typeof operators)[number]): void {
  const wants = operator === "In" || operator === "NotIn";
  const listed = reader.list("values");
  if (reader.unknowns.has(reader.at("values")) || wants === (listed ?? []).length > 0) return;
  reader.problems.add(
    new SdnError({
      code: "invalid-input",
      property: reader.at("values"),
      cause: wants
        ? `operator ${operator} compares with values, and there are none`
        : `operator ${operator} takes none`,
      remedy: wants ? "give at least one" : "leave values out",
    }),
  );
}
