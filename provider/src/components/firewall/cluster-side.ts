/** A policy on the clusters of its fabric: objects of Kubernetes, registered with each cluster's own provider. */
import { type CompiledObject, compileForCluster } from "../../compile/kubernetes/compile";
import { type ClusterPolicySpec, clusterPolicyOf } from "../../compile/kubernetes/parse-spec";
import type { ConstructContext } from "../../rpc/handlers";
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap, Unknown, unknown } from "../../rpc/value";
import { containsUnknown, mapValue, stripSecrets } from "../../rpc/values";
import type { ClusterMember } from "../cluster-member";
import type { ClusterPlaces } from "./cluster-places";

/** Names of the clusters that got anything. */
export async function registerOnClusters(
  context: ConstructContext,
  clusters: readonly ClusterMember[],
  spec: ValueMap,
  places: ClusterPlaces,
): Promise<readonly string[]> {
  // All are compiled before the first is registered: what one cannot express, no other gets.
  const compiled = clusters.map((cluster) => [cluster, objectsOn(context, cluster, spec)] as const);
  const governed = compiled.filter(([, objects]) => objects.length > 0);
  for (const [{ urn, policyApi }] of governed) takePlace(context, urn, policyApi, spec, places);
  if (governed.length > 0 && spec["onClose"] === "cut") {
    const names = governed.map(([{ name }]) => name).join(", ");
    context.log(
      "warning",
      `whether a change ends open flows that it forbids, the network plugin of cluster ${names} decides; onClose: keep says that it need not`,
    );
  }
  const all = governed.flatMap(([cluster, objects]) => objects.map((one) => [cluster, one] as const));
  await Promise.all(all.map(([cluster, one]) => register(context, cluster, one)));
  return governed.map(([{ name }]) => name);
}

interface KnownObject extends Pick<CompiledObject, "key"> {
  readonly type: string;
  readonly inputs: ValueMap;
}

function objectsOn(
  context: ConstructContext,
  { name, policyApi }: ClusterMember,
  spec: ValueMap,
): readonly KnownObject[] {
  if (policyApi instanceof Unknown) return [];
  const owner = { project: context.project, stack: context.stack, resource: `policy ${context.name}` };
  const plain = withoutHosts(stripSecrets(spec));
  const isKnown = !containsUnknown(plain);
  const least = isKnown ? plain : { ...plain, rules: [] };
  // Then nobody can say yet which pods it is about.
  if (containsUnknown(least)) return [];
  // Parsed from the same texts that the schema of `sdn:firewall:Policy` is read from.
  const { policy, world } = clusterPolicyOf(least as unknown as ClusterPolicySpec);
  return compileForCluster(policy, world, { name, policyApi }, owner).map(({ key, object }) => ({
    key,
    type: `kubernetes:${object.apiVersion}:${object.kind}`,
    inputs: isKnown ? { ...object } : { ...object, spec: unknown },
  }));
}

/** On which host an endpoint is, and from where hosts are administered, is nothing to a cluster. */
const withoutHosts = (spec: ValueMap): ValueMap => {
  const { management: _management, ...rest } = spec;
  return mapValue(rest, (node) => {
    if (!isValueMap(node) || node["kind"] !== "endpoint") return node;
    const { host: _host, ...endpoint } = node;
    return endpoint;
  }) as ValueMap;
};

function takePlace(
  { urn }: ConstructContext,
  cluster: string,
  policyApi: Value,
  { tier, priority }: ValueMap,
  places: ClusterPlaces,
): void {
  // Policies of this tier add up: none comes first.
  if (typeof tier !== "string" || tier === "application" || typeof priority !== "number") return;
  const isSingle = policyApi === "v1alpha1" && tier === "baseline";
  places.take(urn, { cluster, tier, priority: isSingle ? undefined : priority });
}

async function register(
  context: ConstructContext,
  { name, urn, providerReference }: ClusterMember,
  { key, type, inputs }: KnownObject,
): Promise<void> {
  await context.child({
    type,
    name: `${context.name}-${name}-${key}`,
    inputs,
    dependencies: [urn],
    provider: providerReference,
  });
}
