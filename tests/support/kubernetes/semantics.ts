/**
 * What Kubernetes says of its policy objects (the comments of `networking/v1` and of network-policy-api's types), as
 * plainly as possible, for new flows of TCP, UDP and SCTP. What we make of policies is measured against this.
 */
import type { KubernetesObject } from "../../../provider/src/compile/kubernetes/object";
import type { Address } from "../../../provider/src/model/address";
import { inCidr, parseCidr } from "../../../provider/src/model/cidr";
import type { Direction } from "../../../provider/src/policy/rule";
import { matchesLabels } from "../../../provider/src/policy/selector";

type Labels = Readonly<Record<string, string>>;

export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly address: Address;
}

export interface Flow {
  readonly source: Pod | Address;
  readonly destination: Pod | Address;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
}

interface SelectorJson {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: Parameters<typeof matchesLabels>[0]["matchExpressions"];
}
interface PeerJson {
  readonly podSelector?: SelectorJson;
  readonly namespaceSelector?: SelectorJson;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly pods?: { readonly namespaceSelector: SelectorJson; readonly podSelector: SelectorJson };
  readonly namespaces?: SelectorJson;
  readonly networks?: readonly string[];
}
interface PortJson {
  readonly protocol: string;
  readonly port?: number;
  readonly endPort?: number;
}
type RangeJson = { readonly start: number; readonly end: number };
interface ApiPortJson {
  readonly portNumber?: { readonly protocol: string; readonly port: number };
  readonly portRange?: { readonly protocol: string } & RangeJson;
  readonly [protocol: string]: unknown;
}
interface RuleJson {
  readonly action?: string;
  readonly from?: readonly PeerJson[];
  readonly to?: readonly PeerJson[];
  readonly ports?: readonly (PortJson & ApiPortJson)[];
  readonly protocols?: readonly ApiPortJson[];
}
interface SpecJson {
  readonly podSelector: SelectorJson;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly RuleJson[];
  readonly egress?: readonly RuleJson[];
  readonly subject: PeerJson;
  readonly tier?: string;
  readonly priority?: number;
}
type Verdict = "allow" | "deny";

export const isPod = (end: Pod | Address): end is Pod => "namespace" in end;
const specOf = ({ spec }: KubernetesObject): SpecJson => spec as unknown as SpecJson;

/** A flow passes when the egress of its source and the ingress of its destination let it. */
export function isAllowed(objects: readonly KubernetesObject[], flow: Flow): boolean {
  return (["egress", "ingress"] as const).every((direction) => verdict(objects, flow, direction) === "allow");
}

function verdict(objects: readonly KubernetesObject[], flow: Flow, direction: Direction): Verdict {
  const subject = direction === "egress" ? flow.source : flow.destination;
  if (!isPod(subject)) return "allow";
  const admin = tieredVerdict(objects, "Admin", subject, flow, direction);
  if (admin !== undefined) return admin;
  const own = networkPolicyVerdict(objects, subject, flow, direction);
  return own ?? tieredVerdict(objects, "Baseline", subject, flow, direction) ?? "allow";
}

/** `undefined`: nothing decided, or the next tier is to decide. */
function tieredVerdict(
  objects: readonly KubernetesObject[],
  tier: "Admin" | "Baseline",
  subject: Pod,
  flow: Flow,
  direction: Direction,
): Verdict | undefined {
  const policies = objects
    .filter((object) => tierOf(object) === tier)
    .sort((a, b) => (specOf(a).priority ?? 0) - (specOf(b).priority ?? 0));
  for (const policy of policies) {
    const spec = specOf(policy);
    if (!isPeer(spec.subject, subject)) continue;
    const rule = (spec[direction] ?? []).find((one) => matches(one, flow, direction));
    if (rule === undefined) continue;
    if (rule.action === "Pass") return undefined;
    return rule.action === "Deny" ? "deny" : "allow";
  }
  return undefined;
}

function tierOf(object: KubernetesObject): string | undefined {
  switch (object.kind) {
    case "ClusterNetworkPolicy":
      return specOf(object).tier;
    case "AdminNetworkPolicy":
      return "Admin";
    case "BaselineAdminNetworkPolicy":
      return "Baseline";
    default:
      return undefined;
  }
}

/** Pods that no NetworkPolicy selects are not isolated; for the others, any rule of any policy may allow. */
function networkPolicyVerdict(
  objects: readonly KubernetesObject[],
  subject: Pod,
  flow: Flow,
  direction: Direction,
): Verdict | undefined {
  const type = direction === "egress" ? "Egress" : "Ingress";
  const selecting = objects.filter(
    (object) =>
      object.kind === "NetworkPolicy" &&
      object.metadata.namespace === subject.namespace &&
      specOf(object).policyTypes.includes(type) &&
      isSelected(specOf(object).podSelector, subject.labels),
  );
  if (selecting.length === 0) return undefined;
  const rules = selecting.flatMap((object) => specOf(object)[direction] ?? []);
  return rules.some((rule) => matches(rule, flow, direction)) ? "allow" : "deny";
}

function matches(rule: RuleJson, flow: Flow, direction: Direction): boolean {
  const [peers, peer] = direction === "egress" ? [rule.to, flow.destination] : [rule.from, flow.source];
  const ports = rule.protocols ?? rule.ports;
  // Empty or missing: all.
  const isAnyPeer = peers === undefined || peers.length === 0 || peers.some((one) => isPeer(one, peer));
  return isAnyPeer && (ports === undefined || ports.length === 0 || ports.some((one) => isPort(one, flow)));
}

function isPeer(peer: PeerJson, end: Pod | Address): boolean {
  const address = isPod(end) ? end.address : end;
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return isIn(cidr, address) && !except.some((hole) => isIn(hole, address));
  }
  if (peer.networks !== undefined) return peer.networks.some((cidr) => isIn(cidr, address));
  if (!isPod(end)) return false;
  const { namespaceSelector, podSelector } = peer.pods ?? peer;
  return (
    isSelected(peer.namespaces ?? namespaceSelector ?? {}, end.namespaceLabels) &&
    isSelected(podSelector ?? {}, end.labels)
  );
}

function isPort(port: ApiPortJson & Partial<PortJson>, flow: Flow): boolean {
  const within = (first: number, last: number): boolean => first <= flow.port && flow.port <= last;
  const { portNumber, portRange } = port;
  if (portNumber !== undefined) return portNumber.protocol === flow.protocol && portNumber.port === flow.port;
  if (portRange !== undefined) return portRange.protocol === flow.protocol && within(portRange.start, portRange.end);
  if (port.protocol !== undefined) {
    if (port.protocol !== flow.protocol) return false;
    return port.port === undefined || within(port.port, port.endPort ?? port.port);
  }
  const own = port[flow.protocol.toLowerCase()] as
    { readonly destinationPort: { readonly number?: number; readonly range?: RangeJson } } | undefined;
  if (own === undefined) return false;
  const { number, range } = own.destinationPort;
  return number === undefined ? range !== undefined && within(range.start, range.end) : number === flow.port;
}

const isIn = (cidr: string, address: Address): boolean => inCidr(address, parseCidr(cidr, "object"));
const isSelected = ({ matchLabels = {}, matchExpressions = [] }: SelectorJson, labels: Labels): boolean =>
  matchesLabels({ matchLabels, matchExpressions }, labels);
