/** Jest's asymmetric matchers, typed: they stand where the value stands that they describe. */

export function textContaining(part: string): unknown {
  return expect.stringContaining(part);
}

export function textMatching(expression: RegExp): unknown {
  return expect.stringMatching(expression);
}
