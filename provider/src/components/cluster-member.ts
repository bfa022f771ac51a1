import { type PolicyApi, policyApis } from "../compile/kubernetes/world";
import type { ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { type Unknown, unknown } from "../rpc/value";
import { isList } from "../rpc/values";
import { known, mapsOf, nameOf, outputsOf, textOf } from "./references";

/** A cluster as a fabric's components pass it on. */
export interface ClusterMember {
  readonly name: string;
  readonly urn: string;
  readonly providerReference: string;
  readonly policyApi: PolicyApi | Unknown;
  readonly podCidrs: Value;
  readonly nodeCidrs: Value;
  readonly serviceCidrs: Value;
}

export async function clusterOf(context: ConstructContext, urn: string): Promise<ClusterMember> {
  return memberIn({ ...(await outputsOf(context, urn)), name: nameOf(urn), urn });
}

export const clusterValue = (cluster: ClusterMember): ValueMap => ({ ...cluster });

/** The clusters in a fabric's outputs, in its order. */
export const clustersOf = (fabric: ValueMap): readonly ClusterMember[] =>
  fabric["clusters"] === undefined ? [] : mapsOf(fabric, "clusters").map(memberIn);

function memberIn(outputs: ValueMap): ClusterMember {
  const text = (name: string): string => {
    const found = textOf(outputs, name);
    return typeof found === "string" ? found : "";
  };
  return {
    name: text("name"),
    urn: text("urn"),
    providerReference: text("providerReference"),
    policyApi: policyApis.find((one) => one === text("policyApi")) ?? unknown,
    podCidrs: known(outputs, "podCidrs"),
    nodeCidrs: known(outputs, "nodeCidrs"),
    serviceCidrs: known(outputs, "serviceCidrs"),
  };
}

/** By which everybody else knows what comes from a cluster; what is not known yet stays so. */
export function addressesOf(cluster: ValueMap): Value {
  const [pods, nodes] = [known(cluster, "podCidrs"), known(cluster, "nodeCidrs")];
  return isList(pods) && isList(nodes) ? [...pods, ...nodes] : unknown;
}

/** What networks are never taken from because a cluster has it. */
export function reservedByCluster(cluster: ClusterMember): readonly Value[] {
  const kinds = [
    ["pods", cluster.podCidrs],
    ["nodes", cluster.nodeCidrs],
    ["services", cluster.serviceCidrs],
  ] as const;
  return kinds.flatMap(([what, cidrs]) =>
    isList(cidrs) ? cidrs.map((cidr) => ({ cidr, reason: `${what} of cluster ${cluster.name}` })) : [],
  );
}
