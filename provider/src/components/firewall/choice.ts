import type { InputReader } from "../../inputs/input-reader";
import { SdnError } from "../../model/error";

/** The one of some properties that is given; `undefined` with a problem where it is none or several. */
export function readChoice<Name extends string>(reader: InputReader, names: readonly Name[]): Name | undefined {
  const given = names.filter((name) => reader.given(name));
  if (given.length === 1) return given[0];
  reader.problems.add(
    new SdnError({
      code: "invalid-input",
      property: reader.path,
      cause: given.length === 0 ? "says nothing" : `${given.join(" and ")} exclude each other`,
      remedy: given.length === 0 ? `give one of ${names.join(", ")}` : "write an item for each",
    }),
  );
  return undefined;
}
