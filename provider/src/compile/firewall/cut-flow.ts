/** Flows that are cut, as a document has them: addresses as text. */

import { formatAddress, parseAddress } from "../../model/address";
import type { CutFlow } from "./document";
import type { Flow, ForbiddenFlow } from "./flows";

export function flowOfCut({ by: _by, source, destination, ...rest }: CutFlow): Flow {
  return {
    ...rest,
    source: parseAddress(source, "source"),
    destination: parseAddress(destination, "destination"),
  };
}

export function cutOf({ flow, by }: ForbiddenFlow): CutFlow {
  return { ...flow, source: formatAddress(flow.source), destination: formatAddress(flow.destination), by };
}
