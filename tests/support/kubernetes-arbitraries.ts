/** Generated clusters, small enough that selectors often hit, and the manifests that declare them. */
import fc from "fast-check";
import type {
  BruteCluster,
  BruteClusterPolicy,
  BruteClusterRule,
  BruteNetworkPolicy,
  BrutePod,
  ClusterPeer,
  ClusterPort,
  LabelSelector,
  NetworkPort,
} from "./brute-kubernetes";

export interface GeneratedCluster extends BruteCluster {
  readonly pods: readonly BrutePod[];
}

const namespaceNames = ["a", "b", "c"] as const;
const protocol = fc.constantFrom("TCP", "UDP", "SCTP");
export const portNumbers = [1, 52, 53, 54, 80, 81, 443, 65_535] as const;
const portNumber = fc.constantFrom(...portNumbers);
const portName = fc.constantFrom("http", "dns");

const labels = fc.dictionary(fc.constantFrom("app", "tier"), fc.constantFrom("x", "y", "z"), { maxKeys: 2 });

const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom("app", "tier"),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.subarray(["x", "y", "z"], { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom("app", "tier"), operator: fc.constantFrom("Exists", "DoesNotExist") }),
);

const selectorOf = (keys: readonly string[]): fc.Arbitrary<LabelSelector> =>
  fc.oneof(
    fc.constant({}),
    fc.record({
      matchLabels: fc.dictionary(fc.constantFrom(...keys), fc.constantFrom("x", "y", "z"), { minKeys: 1, maxKeys: 1 }),
    }),
    fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }),
  );
const podSelector = selectorOf(["app", "tier"]);
const namespaceSelector = fc.oneof(
  selectorOf(["app"]),
  fc.constantFrom(...namespaceNames).map((name) => ({ matchLabels: { "kubernetes.io/metadata.name": name } })),
);

export const blocks = [
  { cidr: "0.0.0.0/0" },
  { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.1.2.0/24"] },
  { cidr: "10.1.0.0/16" },
  { cidr: "192.0.2.7/32" },
  { cidr: "128.0.0.0/1", except: ["192.0.2.0/24"] },
] as const;

/** On both sides of where a block begins or ends. */
export const addresses = [
  "0.0.0.0",
  "9.255.255.255",
  "10.0.0.0",
  "10.1.0.0",
  "10.1.2.0",
  "10.1.3.0",
  "10.2.0.0",
  "11.0.0.0",
  "128.0.0.0",
  "192.0.1.255",
  "192.0.2.6",
  "192.0.2.7",
  "192.0.2.8",
  "192.0.3.0",
  "255.255.255.255",
] as const;

const networkPeer = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ namespaceSelector, podSelector }),
  fc.constantFrom(...blocks).map((ipBlock) => ({ ipBlock })),
);

const networkPort: fc.Arbitrary<NetworkPort> = fc.oneof(
  fc.record({ protocol }),
  fc.record({ protocol, port: portNumber }),
  fc.record({ port: portName }),
  fc.record({ protocol, port: portName }),
  fc.tuple(protocol, portNumber, fc.constantFrom(0, 1, 30)).map(([of, port, more]) => {
    return { protocol: of, port, endPort: Math.min(port + more, 65_535) };
  }),
);

const few = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { maxLength: 2 });
const ruleOf = (field: "from" | "to") =>
  fc.record({ [field]: few(networkPeer), ports: few(networkPort) }, { requiredKeys: [] });

const networkPolicy: fc.Arbitrary<BruteNetworkPolicy> = fc.record(
  {
    namespace: fc.constantFrom(...namespaceNames),
    podSelector,
    policyTypes: fc.subarray(["Ingress", "Egress"]),
    ingress: few(ruleOf("from")),
    egress: few(ruleOf("to")),
  },
  { requiredKeys: ["namespace", "podSelector"] },
);

const clusterSelection: fc.Arbitrary<ClusterPeer> = fc.oneof(
  fc.record({ namespaces: namespaceSelector }),
  fc.record({ pods: fc.record({ namespaceSelector, podSelector }) }),
);
const networks = fc.subarray(["0.0.0.0/0", "10.1.0.0/16", "192.0.2.7/32"], { minLength: 1, maxLength: 2 });
const clusterPort: fc.Arbitrary<ClusterPort> = fc.oneof(
  fc.record({ number: fc.record({ protocol, port: portNumber }) }),
  fc.constantFrom({ start: 53, end: 80 }, { start: 1, end: 65_535 }).chain(({ start, end }) => {
    return fc.record({ range: fc.record({ protocol, start: fc.constant(start), end: fc.constant(end) }) });
  }),
  fc.record({ named: portName }),
);

const clusterRule = (peer: fc.Arbitrary<ClusterPeer>): fc.Arbitrary<BruteClusterRule> =>
  fc.record(
    {
      action: fc.constantFrom("Allow", "Deny", "Pass"),
      peers: fc.array(peer, { minLength: 1, maxLength: 2 }),
      ports: fc.array(clusterPort, { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ["action", "peers"] },
  );

const clusterPolicy: fc.Arbitrary<BruteClusterPolicy> = fc.record({
  tier: fc.constantFrom("Admin", "Baseline"),
  priority: fc.nat(1000),
  subject: clusterSelection,
  ingress: few(clusterRule(clusterSelection)),
  egress: few(clusterRule(fc.oneof(clusterSelection, fc.record({ networks })))),
});

const pod = fc.record({
  namespace: fc.constantFrom(...namespaceNames),
  labels,
  ports: few(fc.record({ name: portName, containerPort: portNumber, protocol }, { requiredKeys: ["containerPort"] })),
});

export const clusterArbitrary: fc.Arbitrary<GeneratedCluster> = fc.record({
  pods: fc
    .array(pod, { minLength: 2, maxLength: 6 })
    .map((pods) => pods.map((one, index): BrutePod => ({ ...one, name: `p${index}` }))),
  namespaces: fc.dictionary(fc.constantFrom(...namespaceNames), labels, { maxKeys: 2 }),
  networkPolicies: fc.array(networkPolicy, { maxLength: 5 }),
  clusterPolicies: fc.uniqueArray(clusterPolicy, {
    maxLength: 4,
    selector: ({ tier, priority }) => `${tier} ${priority}`,
  }),
});

/** The objects as a person would write them. Of the policy API its newer or its older version, where that can say it. */
export function manifestsOf(cluster: GeneratedCluster, version: "v1alpha1" | "v1alpha2"): string {
  const objects = [
    ...Object.entries(cluster.namespaces).map(([name, own]) => object("v1", "Namespace", { name, labels: own })),
    ...cluster.pods.map(({ name, namespace, labels: own, ports }) => ({
      ...object("v1", "Pod", { name, namespace, labels: own }),
      spec: { containers: [{ ports }] },
    })),
    ...cluster.networkPolicies.map(({ namespace, ...spec }, index) => ({
      ...object("networking.k8s.io/v1", "NetworkPolicy", { name: `n${index}`, namespace }),
      spec,
    })),
    ...cluster.clusterPolicies.map((policy, index) => clusterObject(policy, `c${index}`, version)),
  ];
  return objects.map((one) => JSON.stringify(one)).join("\n---\n");
}

const object = (apiVersion: string, kind: string, metadata: object) => ({ apiVersion, kind, metadata });

function clusterObject(policy: BruteClusterPolicy, name: string, version: "v1alpha1" | "v1alpha2"): object {
  const { tier, priority, subject, ingress, egress } = policy;
  // Baseline policies of the older version are one, and cannot pass.
  const isOld = version === "v1alpha1" && tier === "Admin";
  const rules = (list: readonly BruteClusterRule[], field: "from" | "to") =>
    list.map(({ action, peers, ports }) => ({
      action: isOld || action !== "Allow" ? action : "Accept",
      [field]: peers,
      ...(ports === undefined ? {} : { [isOld ? "ports" : "protocols"]: ports.map(isOld ? oldPort : newPort) }),
    }));
  const common = { priority, subject, ingress: rules(ingress, "from"), egress: rules(egress, "to") };
  return isOld
    ? { ...object("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", { name }), spec: common }
    : { ...object("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", { name }), spec: { tier, ...common } };
}

function oldPort({ number, range, named }: ClusterPort): object {
  if (number !== undefined) return { portNumber: number };
  return range !== undefined ? { portRange: range } : { namedPort: named };
}

function newPort({ number, range, named }: ClusterPort): object {
  if (named !== undefined) return { destinationNamedPort: named };
  if (range !== undefined) {
    const { protocol: of, start, end } = range;
    return { [of.toLowerCase()]: { destinationPort: { range: { start, end } } } };
  }
  return { [number?.protocol.toLowerCase() ?? "tcp"]: { destinationPort: { number: number?.port } } };
}
