import { addressToCidr, type Cidr } from "../../model/cidr";
import { SdnError } from "../../model/error";
import { freeSpace } from "../../model/range";
import type { CidrBlock, Peer, Target } from "../../policy/rule";
import type { Found, Why } from "./refusals";
import { type Cluster, type ClusterMember, type ClusterWorld, everyPod, type Pods } from "./world";

export type ClusterPeer = ({ readonly kind: "pods" } & Pods) | CidrBlock;

/** The other side of a rule as a cluster sees it. An empty list matches nothing. */
export function peersOf(
  peers: readonly Peer[],
  world: ClusterWorld,
  cluster: Cluster,
): Found<readonly ClusterPeer[] | "any"> {
  const found: ClusterPeer[] = [];
  for (const peer of peers) {
    if (peer.kind === "any") return { found: "any" };
    for (const member of peer.kind === "group" ? membersOf(peer.name, world) : [peer]) {
      const one = peerOf(member, world, cluster);
      if ("cause" in one) return one;
      found.push(...one.found);
    }
  }
  return { found };
}

/** The pods of a cluster that a policy applies to, each selection once. What is elsewhere is not of the cluster. */
export function subjectsOf(targets: readonly Target[], world: ClusterWorld, cluster: Cluster): readonly Pods[] {
  const found = targets.flatMap((target): readonly Pods[] => {
    if (target.kind !== "group") return [];
    return membersOf(target.name, world).flatMap((member): readonly Pods[] => {
      if (member.kind === "cluster") return member.cluster === cluster.name ? [everyPod] : [];
      if (member.kind !== "pods" || member.cluster !== cluster.name) return [];
      return [{ namespaces: member.namespaces, pods: member.pods }];
    });
  });
  return [...new Map(found.map((pods) => [JSON.stringify(pods), pods])).values()];
}

function membersOf(group: string, world: ClusterWorld): readonly ClusterMember[] {
  const members = world.groups.get(group);
  if (members === undefined) throw new SdnError({ code: "internal", cause: `there is no group ${group}` });
  return members;
}

function peerOf(
  peer: Exclude<Peer, { kind: "any" | "group" }> | ClusterMember,
  world: ClusterWorld,
  cluster: Cluster,
): Found<readonly ClusterPeer[]> {
  switch (peer.kind) {
    case "pods":
      if (peer.cluster === cluster.name)
        return { found: [{ kind: "pods", namespaces: peer.namespaces, pods: peer.pods }] };
      return {
        cause: `cannot tell pods of cluster ${peer.cluster} apart by their labels`,
        remedy: "name that cluster as a whole, or its addresses as cidr",
      };
    case "cluster":
      return { found: peer.cluster === cluster.name ? [{ kind: "pods", ...everyPod }] : peer.cidrs.map(whole) };
    case "cidr":
      // Kubernetes refuses a block of which nothing is left.
      return { found: freeSpace(peer.cidr, peer.except).length === 0 ? [] : [peer] };
    case "subnet":
      return { found: (world.subnets.get(peer.name) ?? []).map(whole) };
    case "endpoint":
      return { found: (world.endpoints.get(peer.name) ?? []).map((address) => whole(addressToCidr(address))) };
    case "labels":
    case "containers":
    case "name":
      return unknownTo(peer.kind);
  }
}

const whole = (cidr: Cidr): CidrBlock => ({ kind: "cidr", cidr, except: [] });

function unknownTo(kind: "name" | "labels" | "containers"): Why {
  switch (kind) {
    case "labels":
      return {
        cause: "does not know which endpoints on hosts have such labels",
        remedy: "name the endpoints or their subnet",
      };
    case "containers":
      return { cause: "does not know the containers of hosts", remedy: "name endpoints or their subnet" };
    case "name":
      return {
        cause: "cannot go by DNS name: the standard form of its policy API has no names",
        remedy: "write cidr",
      };
  }
}
