/** A shop of pods to speak of in tables of cases, with hosts beside the cluster. */
import { compileForCluster } from "../../../provider/src/compile/kubernetes/compile";
import type { KubernetesObject, Owner } from "../../../provider/src/compile/kubernetes/object";
import {
  type Cluster,
  type ClusterMember,
  type ClusterWorld,
  everything,
  namespaceNameLabel,
  type PolicyApi,
} from "../../../provider/src/compile/kubernetes/world";
import type { Policy } from "../../../provider/src/policy/rule";
import type { Selector } from "../../../provider/src/policy/selector";
import { cidr, ip } from "../policy/shop";

export const labels = (matchLabels: Readonly<Record<string, string>>): Selector => ({ ...everything, matchLabels });
export const pods = (namespace: string, app?: string, cluster = "prod"): ClusterMember => ({
  kind: "pods",
  cluster,
  namespaces: labels({ [namespaceNameLabel]: namespace }),
  pods: app === undefined ? everything : labels({ app }),
});

export const groups: Readonly<Record<string, readonly ClusterMember[]>> = {
  web: [pods("shop", "web")],
  db: [pods("shop", "db")],
  both: [pods("shop", "web"), pods("bank")],
  tenants: [{ kind: "pods", cluster: "prod", namespaces: labels({ tenant: "yes" }), pods: everything }],
  office: [{ kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [cidr("203.0.113.64/26")] }],
  nothing: [],
  hollow: [{ kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [cidr("203.0.113.0/24")] }],
  prod: [{ kind: "cluster", cluster: "prod", cidrs: [cidr("10.244.0.0/16")] }],
  other: [{ kind: "cluster", cluster: "test", cidrs: [cidr("10.245.0.0/16"), cidr("192.0.2.64/28")] }],
  "other-web": [pods("shop", "web", "test")],
  labelled: [{ kind: "labels", selector: labels({ app: "web" }) }],
  boxes: [{ kind: "containers", selector: labels({ app: "web" }) }],
};

export const world: ClusterWorld = {
  groups: new Map(Object.entries(groups)),
  subnets: new Map([["5001", ["10.20.1.0/24", "fd00:20:1::/64"].map(cidr)]]),
  endpoints: new Map([["5001/web1", ["10.20.1.9", "fd00:20:1::9"].map(ip)]]),
};

export const clusterWith = (policyApi: PolicyApi): Cluster => ({ name: "prod", policyApi });
export const owner = (policy: Policy): Owner => ({ project: "shop", stack: "dev", resource: `policy ${policy.name}` });

export const objectsFor = (policy: Policy, policyApi: PolicyApi): readonly KubernetesObject[] =>
  compileForCluster(policy, world, clusterWith(policyApi), owner(policy)).map(({ object }) => object);
