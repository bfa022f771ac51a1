import { SdnError } from "../../model/error";
import { nameOf } from "../references";

/** What a policy takes of a cluster: a place in the order, or the one baseline that there is. */
export interface Place {
  /** URN. */
  readonly cluster: string;
  readonly tier: string;
  /** `undefined`: the whole tier. */
  readonly priority: number | undefined;
}

/**
 * The places that policies of this run have on clusters. Which of two with the same one is asked first, a cluster does
 * not say. It lives as long as the provider process, which is at least one run.
 */
export class ClusterPlaces {
  private readonly taken = new Map<string, Place>();

  /** @throws SdnError `invalid-input` where another policy has the place */
  take(policy: string, place: Place): void {
    const key = (urn: string): string => `${urn} ${place.cluster}`;
    const other = [...this.taken].find(([at, one]) => at !== key(policy) && isSame(one, place));
    if (other !== undefined) throw conflict(nameOf(other[0].split(" ")[0] ?? ""), place);
    this.taken.set(key(policy), place);
  }
}

const isSame = (a: Place, b: Place): boolean =>
  a.cluster === b.cluster && a.tier === b.tier && a.priority === b.priority;

function conflict(other: string, { cluster, tier, priority }: Place): SdnError {
  const where = `of tier ${tier} on cluster ${nameOf(cluster)}`;
  return new SdnError({
    code: "invalid-input",
    property: "priority",
    ...(priority === undefined ? {} : { value: priority }),
    cause:
      priority === undefined
        ? `policy ${other} is the one ${where}`
        : `policy ${other} has the same priority ${where}, which does not say which of them it asks first`,
    remedy: priority === undefined ? "write all rules into that one" : "give one of them another priority",
  });
}
