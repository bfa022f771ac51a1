/** The policy API: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), ClusterNetworkPolicy (v1alpha2). */

import type { AddressSet } from "../../policy/address-set";
import { noAddress } from "../../policy/address-set";
import { type Interval, intervalSet } from "../../policy/intervals";
import { allConnections, firstPort, lastPort, portInterval, protocols } from "../connection-set";
import type {
  ClusterAction,
  ClusterPolicyObject,
  ClusterPolicyRule,
  NamedPort,
  PolicyPeer,
  RulePorts,
  Tier,
} from "../objects";
import { networksOf } from "./blocks";
import type { Field } from "./field";
import { metadataOf } from "./metadata";
import { protocolOf } from "./network-policy";
import { type Reading, warnOfUnknown } from "./reading";
import { clusterSelectionOf, selectorOf } from "./selector";

/** How a kind says what they all mean. */
interface Dialect {
  readonly type: string;
  readonly tier: (spec: Field) => Tier;
  readonly priority: (spec: Field) => number;
  readonly actions: Readonly<Record<string, ClusterAction>>;
  readonly portsField: string;
  readonly ports: (field: Field, reading: Reading) => RulePorts;
  readonly specFields: readonly string[];
  readonly name?: string;
}

const common = ["subject", "ingress", "egress"];
const priorityOf = (spec: Field): number => spec.at("priority").integer(0, 1000);

const admin: Dialect = {
  type: "AdminNetworkPolicy",
  tier: () => "admin",
  priority: priorityOf,
  actions: { Allow: "accept", Deny: "deny", Pass: "pass" },
  portsField: "ports",
  ports: adminPortsOf,
  specFields: [...common, "priority"],
};
const baseline: Dialect = {
  ...admin,
  type: "BaselineAdminNetworkPolicy",
  tier: () => "baseline",
  // There is one only.
  priority: () => 0,
  actions: { Allow: "accept", Deny: "deny" },
  specFields: common,
  name: "default",
};
const cluster: Dialect = {
  type: "ClusterNetworkPolicy",
  tier: tierOf,
  priority: priorityOf,
  actions: { Accept: "accept", Deny: "deny", Pass: "pass" },
  portsField: "protocols",
  ports: clusterPortsOf,
  specFields: [...common, "priority", "tier"],
};

export const adminPolicyOf = (object: Field, reading: Reading) => policyOf(object, admin, reading);
export const baselinePolicyOf = (object: Field, reading: Reading) => policyOf(object, baseline, reading);
export const clusterPolicyOf = (object: Field, reading: Reading) => policyOf(object, cluster, reading);

function policyOf(object: Field, dialect: Dialect, reading: Reading): ClusterPolicyObject {
  const { name } = metadataOf(object);
  if (dialect.name !== undefined && name !== dialect.name) {
    throw object.at("metadata", "name").refuse(`a ${dialect.type} must have the name ${dialect.name}`);
  }
  const spec = object.at("spec");
  warnOfUnknown(spec, dialect.specFields, reading);
  const subject = spec.at("subject");
  warnOfUnknown(subject, ["namespaces", "pods"], reading);
  const rules = (direction: "ingress" | "egress"): readonly ClusterPolicyRule[] =>
    spec
      .at(direction)
      .items()
      .map((rule) => ruleOf(rule, direction, dialect, reading));
  return {
    kind: "cluster-policy",
    type: dialect.type,
    name,
    tier: dialect.tier(spec),
    priority: dialect.priority(spec),
    subject: clusterSelectionOf(subject, subject.only(["namespaces", "pods"]), reading),
    ingress: rules("ingress"),
    egress: rules("egress"),
  };
}

function tierOf(spec: Field): Tier {
  const tier = spec.at("tier");
  switch (tier.text()) {
    case "Admin":
      return "admin";
    case "Baseline":
      return "baseline";
    default:
      throw tier.refuse("the field must be Admin or Baseline");
  }
}

function ruleOf(rule: Field, direction: "ingress" | "egress", dialect: Dialect, reading: Reading): ClusterPolicyRule {
  const peersField = direction === "ingress" ? "from" : "to";
  warnOfUnknown(rule, ["name", "action", peersField, dialect.portsField], reading);
  const action = dialect.actions[rule.at("action").text()];
  if (action === undefined) {
    throw rule.at("action").refuse(`the field must be ${Object.keys(dialect.actions).join(" or ")}`);
  }
  const peers = rule.at(peersField).items();
  if (peers.length === 0) throw rule.at(peersField).refuse("the field must have at least one peer");
  const ports = rule.at(dialect.portsField);
  return {
    action,
    peers: peers.map((peer) => (direction === "ingress" ? ingressPeerOf(peer, reading) : egressPeerOf(peer, reading))),
    ports: ports.missing ? { numbered: allConnections, named: [] } : dialect.ports(ports, reading),
  };
}

const selections = ["namespaces", "pods"] as const;

function ingressPeerOf(peer: Field, reading: Reading): PolicyPeer {
  warnOfUnknown(peer, selections, reading);
  return { kind: "pods", ...clusterSelectionOf(peer, peer.only(selections), reading) };
}

function egressPeerOf(peer: Field, reading: Reading): PolicyPeer {
  const choices = [...selections, "nodes", "networks", "domainNames"] as const;
  warnOfUnknown(peer, choices, reading);
  const choice = peer.only(choices);
  switch (choice) {
    case "namespaces":
    case "pods":
      return { kind: "pods", ...clusterSelectionOf(peer, choice, reading) };
    case "nodes":
      return { kind: "nodes", selector: selectorOf(peer.at("nodes"), reading) };
    case "networks":
      return { kind: "networks", addresses: networksOf(peer.at("networks"), reading) };
    case "domainNames":
      reading.warn(
        peer.at("domainNames"),
        "which addresses the names have is not known; the peer matches nothing here",
      );
      return { kind: "addresses", addresses: nowhere };
  }
}

const nowhere: AddressSet = noAddress;

/** `portNumber`, `portRange` and `namedPort` of v1alpha1. */
function adminPortsOf(field: Field, reading: Reading): RulePorts {
  return rulePorts(
    field.items().map((item) => {
      const choice = item.only(["portNumber", "portRange", "namedPort"]);
      warnOfUnknown(item, [choice], reading);
      const port = item.at(choice);
      switch (choice) {
        case "namedPort":
          return { name: port.text(), protocol: undefined };
        case "portNumber": {
          warnOfUnknown(port, ["protocol", "port"], reading);
          const number = port.at("port").port();
          return portInterval(protocolOf(port.at("protocol")), number, number);
        }
        case "portRange": {
          warnOfUnknown(port, ["protocol", "start", "end"], reading);
          const { first, last } = rangeOf(port);
          return portInterval(protocolOf(port.at("protocol")), first, last);
        }
      }
    }),
  );
}

/** `tcp`, `udp`, `sctp` and `destinationNamedPort` of v1alpha2. */
function clusterPortsOf(field: Field, reading: Reading): RulePorts {
  return rulePorts(
    field.items().map((item) => {
      const choice = item.only(["tcp", "udp", "sctp", "destinationNamedPort"]);
      warnOfUnknown(item, [choice], reading);
      if (choice === "destinationNamedPort") return { name: item.at(choice).text(), protocol: undefined };
      const protocol = protocols.find((one) => one.toLowerCase() === choice) ?? "TCP";
      const port = item.at(choice, "destinationPort");
      if (port.missing) return portInterval(protocol, firstPort, lastPort);
      const { first, last } = numberOrRange(port);
      return portInterval(protocol, first, last);
    }),
  );
}

function numberOrRange(port: Field): { readonly first: number; readonly last: number } {
  if (port.only(["number", "range"]) === "range") return rangeOf(port.at("range"));
  const number = port.at("number").port();
  return { first: number, last: number };
}

function rangeOf(range: Field): { readonly first: number; readonly last: number } {
  const [first, last] = [range.at("start").port(), range.at("end").port()];
  if (last < first) throw range.at("end").refuse("end must not be less than start");
  return { first, last };
}

function rulePorts(ports: readonly (NamedPort | Interval<number>)[]): RulePorts {
  return {
    numbered: intervalSet(ports.flatMap((port) => ("name" in port ? [] : [port]))),
    named: ports.flatMap((port) => ("name" in port ? [port] : [])),
  };
}
