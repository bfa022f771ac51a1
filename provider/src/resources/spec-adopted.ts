import type { AdoptedIntent } from "../compile/intent";
import { readAdopted } from "../inputs/adopted";
import type { InputReader } from "../inputs/input-reader";
import { parseName } from "../model/name";
import type { SpecOf } from "./spec-inputs";
import { label } from "./spec-inputs";

export function readAdoptedSpec(reader: InputReader): SpecOf<AdoptedIntent> | undefined {
  const title = label(reader);
  const name = reader.require("name", reader.parsed("name", parseName), "its name");
  const parts = readAdopted(reader);
  reader.finish();
  return title === undefined || name === undefined ? undefined : { label: title, name, ...parts };
}
