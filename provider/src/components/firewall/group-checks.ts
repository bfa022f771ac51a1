/** What policies name and cannot mean: who is not known where the policy is enforced. */
import { SdnError } from "../../model/error";
import type { Value } from "../../rpc/value";
import { Unknown } from "../../rpc/value";
import type { ClusterMember } from "../cluster-member";
import type { Member } from "../member";
import { mapsOf, nameOf } from "../references";
import type { Item, Items } from "./items";
import { holds, type Resolution } from "./resolve";
import type { RuleInputs } from "./rules";

type GroupItem = Exclude<Item, { kind: "value" }>;

/** Who is in such a group on other hosts is known there alone. */
export async function refuseContainers(resolution: Resolution, rules: readonly RuleInputs[]): Promise<void> {
  for (const { action, peers } of rules) {
    if (action !== "deny" && action !== "reject") continue;
    for (const peer of groupsIn(peers)) {
      if (!holds("containers", await resolution.outputs(peer.urn))) continue;
      resolution.problems.add(
        new SdnError({
          code: "invalid-input",
          property: peer.at,
          value: nameOf(peer.urn),
          cause: `a rule that says ${action} cannot go by labels of containers: those on other hosts are not known to the host that judges, so they get through`,
          remedy: "name endpoints, their labels, or subnets, or allow what is wanted and let the default deny the rest",
        }),
      );
    }
  }
}

/** A host sees addresses, and pods get theirs from their cluster whenever they start. */
export async function refusePods(resolution: Resolution, peers: readonly Items[]): Promise<void> {
  for (const peer of peers.flatMap(groupsIn)) {
    const outputs = await resolution.outputs(peer.urn);
    const bare = mapsOf(outputs, "members").find(({ kind, cidrs }) => kind === "cluster" && isEmptyList(cidrs));
    if (!holds("pods", outputs) && bare === undefined) continue;
    resolution.problems.add(
      new SdnError({
        code: "invalid-input",
        property: peer.at,
        value: nameOf(peer.urn),
        cause:
          bare === undefined
            ? "the policy is enforced on hosts as well, and they cannot tell pods apart by their labels"
            : "the policy is enforced on hosts as well, and they know the cluster by its addresses, which it does not say",
        remedy:
          bare === undefined
            ? "name the whole cluster or addresses as cidr, or write a policy for pods and one for hosts"
            : "give the cluster podCidrs, and nodeCidrs where what pods send leaves with addresses of nodes",
      }),
    );
  }
}

/** What is of another fabric's cluster would silently never match. */
export async function refuseForeignClusters(
  resolution: Resolution,
  items: readonly Items[],
  clusters: readonly ClusterMember[],
  fabric: string,
): Promise<void> {
  for (const item of items.flatMap(groupsIn)) {
    const named = mapsOf(await resolution.outputs(item.urn), "members").map(({ cluster }) => cluster);
    const foreign = named
      .filter((one) => typeof one === "string")
      .find((one) => !clusters.some(({ name }) => name === one));
    if (foreign === undefined) continue;
    resolution.problems.add(
      new SdnError({
        code: "invalid-input",
        property: item.at,
        value: nameOf(item.urn),
        cause: `has pods of cluster ${foreign}, which is not of fabric ${nameOf(fabric)}`,
        remedy: "add the cluster to the fabric",
      }),
    );
  }
}

/** A host that is not of the fabric would never get the policy. */
export function refuseStrangers(
  resolution: Resolution,
  appliesTo: Items,
  members: readonly Member[],
  fabric: string,
): void {
  if (appliesTo instanceof Unknown || members.length === 0) return;
  for (const item of appliesTo) {
    if (item.kind !== "host" || members.some(({ urn }) => urn === item.urn)) continue;
    resolution.problems.add(
      new SdnError({
        code: "invalid-input",
        property: item.at,
        value: nameOf(item.urn),
        cause: `is not a host of fabric ${nameOf(fabric)}`,
        remedy: `choose from ${members.map(({ name }) => name).join(", ")}, or add it to the fabric`,
      }),
    );
  }
}

const groupsIn = (items: Items): readonly GroupItem[] => (items instanceof Unknown ? [] : items.filter(isGroup));
const isGroup = (item: Item): item is GroupItem => item.kind === "group";
const isEmptyList = (value: Value | undefined): boolean => Array.isArray(value) && value.length === 0;
