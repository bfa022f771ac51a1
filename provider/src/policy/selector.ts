/** Selects by labels, with the meaning of Kubernetes' label selectors. */

export type LabelExpression =
  | { readonly key: string; readonly operator: "In" | "NotIn"; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: "Exists" | "DoesNotExist" };

/** Every part must match; a selector without parts matches everything that has been declared. */
export interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelExpression[];
}

export function matchesLabels(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => valueOf(key) === value) &&
    selector.matchExpressions.every((expression) => matchesExpression(expression, valueOf(expression.key)))
  );
}

function matchesExpression(expression: LabelExpression, value: string | undefined): boolean {
  switch (expression.operator) {
    case "In":
      return value !== undefined && expression.values.includes(value);
    // As in Kubernetes: also without the label.
    case "NotIn":
      return value === undefined || !expression.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
