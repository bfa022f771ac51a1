/**
 * A second opinion about Kubernetes' policies: one packet at a time, straight from the objects as they are written, with
 * no sets and no classes. Slow and plain on purpose; it shares nothing with the analysis but the words of the API.
 */

export interface LabelSelector {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

export interface BrutePod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly ports: readonly { name?: string; containerPort: number; protocol?: string }[];
}

/** A pod, or an address outside as a number. */
export type BruteEnd = BrutePod | number;

export interface BrutePacket {
  readonly source: BruteEnd;
  readonly destination: BruteEnd;
  readonly protocol: string;
  readonly port: number;
}

interface NetworkPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { cidr: string; except?: readonly string[] };
}

export interface BruteNetworkPolicy {
  readonly namespace: string;
  readonly podSelector: LabelSelector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly { from?: readonly NetworkPeer[]; ports?: readonly NetworkPort[] }[];
  readonly egress?: readonly { to?: readonly NetworkPeer[]; ports?: readonly NetworkPort[] }[];
}

export interface NetworkPort {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface ClusterPeer {
  readonly namespaces?: LabelSelector;
  readonly pods?: { namespaceSelector: LabelSelector; podSelector: LabelSelector };
  readonly networks?: readonly string[];
}

export interface ClusterPort {
  readonly number?: { protocol: string; port: number };
  readonly range?: { protocol: string; start: number; end: number };
  readonly named?: string;
}

export interface BruteClusterPolicy {
  readonly tier: "Admin" | "Baseline";
  readonly priority: number;
  readonly subject: ClusterPeer;
  readonly ingress: readonly BruteClusterRule[];
  readonly egress: readonly BruteClusterRule[];
}

export interface BruteClusterRule {
  readonly action: "Allow" | "Deny" | "Pass";
  readonly peers: readonly ClusterPeer[];
  readonly ports?: readonly ClusterPort[];
}

export interface BruteCluster {
  /** Those that have an object. */
  readonly namespaces: Readonly<Record<string, Record<string, string>>>;
  readonly networkPolicies: readonly BruteNetworkPolicy[];
  readonly clusterPolicies: readonly BruteClusterPolicy[];
}

export function passes(cluster: BruteCluster, packet: BrutePacket): boolean {
  return allows(cluster, packet, "egress") && allows(cluster, packet, "ingress");
}

function allows(cluster: BruteCluster, packet: BrutePacket, direction: "ingress" | "egress"): boolean {
  const [judged, peer] =
    direction === "ingress" ? [packet.destination, packet.source] : [packet.source, packet.destination];
  // Policies select pods only.
  if (typeof judged === "number") return true;
  const admin = clusterVerdict(cluster, "Admin", judged, peer, packet, direction);
  if (admin === "Allow") return true;
  if (admin === "Deny") return false;
  const selecting = cluster.networkPolicies.filter((policy) => selects(policy, judged, direction));
  if (selecting.length > 0) return selecting.some((policy) => networkAllows(cluster, policy, peer, packet, direction));
  return clusterVerdict(cluster, "Baseline", judged, peer, packet, direction) !== "Deny";
}

function clusterVerdict(
  cluster: BruteCluster,
  tier: "Admin" | "Baseline",
  judged: BrutePod,
  peer: BruteEnd,
  packet: BrutePacket,
  direction: "ingress" | "egress",
): "Allow" | "Deny" | "Pass" | undefined {
  const policies = cluster.clusterPolicies
    .filter((policy) => policy.tier === tier && isClusterPeer(cluster, policy.subject, judged))
    .sort((a, b) => a.priority - b.priority);
  for (const policy of policies) {
    for (const { action, peers, ports } of policy[direction]) {
      if (!peers.some((one) => isClusterPeer(cluster, one, peer))) continue;
      if (ports !== undefined && !ports.some((port) => isClusterPort(port, packet))) continue;
      return action;
    }
  }
  return undefined;
}

function isClusterPeer(cluster: BruteCluster, peer: ClusterPeer, end: BruteEnd): boolean {
  if (typeof end === "number") return (peer.networks ?? []).some((cidr) => isIn(end, cidr));
  if (peer.networks !== undefined) return peer.networks.includes("0.0.0.0/0");
  if (peer.namespaces !== undefined) return matches(peer.namespaces, namespaceLabels(cluster, end.namespace));
  return (
    peer.pods !== undefined &&
    matches(peer.pods.namespaceSelector, namespaceLabels(cluster, end.namespace)) &&
    matches(peer.pods.podSelector, end.labels)
  );
}

function isClusterPort({ number, range, named }: ClusterPort, { destination, protocol, port }: BrutePacket): boolean {
  if (number !== undefined) return number.protocol === protocol && number.port === port;
  if (range !== undefined) return range.protocol === protocol && range.start <= port && port <= range.end;
  if (typeof destination === "number") return false;
  return destination.ports.some(
    (one) => one.name === named && one.containerPort === port && (one.protocol ?? "TCP") === protocol,
  );
}

function selects(policy: BruteNetworkPolicy, pod: BrutePod, direction: "ingress" | "egress"): boolean {
  if (policy.namespace !== pod.namespace || !matches(policy.podSelector, pod.labels)) return false;
  if ((policy.policyTypes ?? []).length > 0) {
    return policy.policyTypes?.includes(direction === "ingress" ? "Ingress" : "Egress") === true;
  }
  return direction === "ingress" || (policy.egress ?? []).length > 0;
}

function networkAllows(
  cluster: BruteCluster,
  policy: BruteNetworkPolicy,
  peer: BruteEnd,
  packet: BrutePacket,
  direction: "ingress" | "egress",
): boolean {
  const rules =
    direction === "ingress"
      ? (policy.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
      : (policy.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
  return rules.some(({ peers = [], ports = [] }) => {
    const isPeer = peers.length === 0 || peers.some((one) => isNetworkPeer(cluster, policy.namespace, one, peer));
    return isPeer && (ports.length === 0 || ports.some((port) => isNetworkPort(port, packet)));
  });
}

function isNetworkPeer(cluster: BruteCluster, namespace: string, peer: NetworkPeer, end: BruteEnd): boolean {
  if (typeof end === "number") {
    if (peer.ipBlock === undefined) return false;
    return isIn(end, peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some((cidr) => isIn(end, cidr));
  }
  if (peer.ipBlock !== undefined) return false;
  const isNamespace =
    peer.namespaceSelector === undefined
      ? end.namespace === namespace
      : matches(peer.namespaceSelector, namespaceLabels(cluster, end.namespace));
  return isNamespace && (peer.podSelector === undefined || matches(peer.podSelector, end.labels));
}

function isNetworkPort(wanted: NetworkPort, { destination, protocol, port }: BrutePacket): boolean {
  if ((wanted.protocol ?? "TCP") !== protocol) return false;
  if (wanted.port === undefined) return true;
  if (typeof wanted.port === "number") return wanted.port <= port && port <= (wanted.endPort ?? wanted.port);
  if (typeof destination === "number") return false;
  return destination.ports.some(
    (one) => one.name === wanted.port && one.containerPort === port && (one.protocol ?? "TCP") === protocol,
  );
}

const namespaceLabels = (cluster: BruteCluster, name: string): Record<string, string> => ({
  ...cluster.namespaces[name],
  "kubernetes.io/metadata.name": name,
});

function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string>): boolean {
  const areEqual = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return (
    areEqual &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      return operator === "In" ? isListed : !isListed;
    })
  );
}

/** With bits of a text, so that it is nobody else's arithmetic. */
function isIn(address: number, cidr: string): boolean {
  const [text = "", length = ""] = cidr.split("/");
  const bits = (value: number): string => value.toString(2).padStart(32, "0").slice(0, Number(length));
  return bits(address) === bits(addressNumber(text));
}

export const addressNumber = (text: string): number =>
  text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
