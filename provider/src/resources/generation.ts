import type { ValueMap } from "../rpc/value";

/** How often the state says that the hosts were changed for a resource; `undefined` where it does not say. */
export const generationOf = (outputs: ValueMap): number | undefined =>
  typeof outputs["generation"] === "number" ? outputs["generation"] : undefined;
