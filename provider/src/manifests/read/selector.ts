/** Label selectors, with what an API server refuses refused. */

import type { LabelExpression, Selector } from "../../policy/selector";
import type { PodSelection } from "../objects";
import type { Field } from "./field";
import { type Reading, warnOfUnknown } from "./reading";

export const everything: Selector = { matchLabels: {}, matchExpressions: [] };

/** A selector that is not written selects everything. */
export function selectorOf(field: Field, reading: Reading): Selector {
  if (field.missing) return everything;
  warnOfUnknown(field, ["matchLabels", "matchExpressions"], reading);
  const labels = field.at("matchLabels");
  return {
    matchLabels: Object.fromEntries(
      (labels.missing ? [] : Object.keys(labels.record()))
        .map((key) => labels.at(key))
        .map((label) => [label.keyOfLabel(), label.labelValue()]),
    ),
    matchExpressions: field
      .at("matchExpressions")
      .items()
      .map((item) => expressionOf(item, reading)),
  };
}

function expressionOf(field: Field, reading: Reading): LabelExpression {
  warnOfUnknown(field, ["key", "operator", "values"], reading);
  const key = field.at("key").labelKey();
  const operator = field.at("operator").text();
  const values = field.at("values").items();
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) throw field.at("values").refuse(`${operator} needs at least one value`);
      return { key, operator, values: values.map((value) => value.labelValue()) };
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) throw field.at("values").refuse(`${operator} takes no values`);
      return { key, operator };
    default:
      throw field.at("operator").refuse("the field must be In, NotIn, Exists or DoesNotExist");
  }
}

/** `namespaces` or `pods`, as subjects and peers of cluster policies have them. */
export function clusterSelectionOf(field: Field, choice: "namespaces" | "pods", reading: Reading): PodSelection {
  const chosen = field.at(choice);
  if (choice === "namespaces") {
    return { namespaces: { kind: "selected", selector: selectorOf(chosen, reading) }, pods: everything };
  }
  warnOfUnknown(chosen, ["namespaceSelector", "podSelector"], reading);
  return {
    namespaces: { kind: "selected", selector: selectorOf(chosen.at("namespaceSelector"), reading) },
    pods: selectorOf(chosen.at("podSelector"), reading),
  };
}
