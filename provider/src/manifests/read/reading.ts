import type { Field } from "./field";

/** What reading an object may say beside its value. */
export interface Reading {
  readonly warn: (field: Field, message: string) => void;
}

/** Fields that the kind does not have are named, since a mistyped one changes what a policy means. */
export function warnOfUnknown(field: Field, known: readonly string[], reading: Reading): void {
  for (const unknown of field.unknown(known)) reading.warn(unknown, "there is no such field; it has no effect");
}
