import type { Intent } from "../compile/intent";
import type { VtepBook } from "../ipam/vtep-book";
import { isPeerList } from "../model/peer-set";

/** The intent with what it only refers to, where that is known in this run. */
export function wholeIntent<I extends Intent>(intent: I, vteps: VtepBook): I {
  if (intent.kind !== "segment" || isPeerList(intent.peers)) return intent;
  const peers = vteps.peers(intent.peers, intent.underlay);
  return peers === undefined ? intent : { ...intent, peers };
}
