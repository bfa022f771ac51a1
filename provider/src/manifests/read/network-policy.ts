/** NetworkPolicy of networking.k8s.io/v1. */

import { intervalSet } from "../../policy/intervals";
import type { Interval } from "../../policy/intervals";
import { allConnections, firstPort, lastPort, portInterval, type Protocol, protocols } from "../connection-set";
import type { NamedPort, NetworkPolicyObject, NetworkPolicyRule, PolicyPeer, RulePorts } from "../objects";
import { ipBlockOf } from "./blocks";
import type { Field } from "./field";
import { metadataOf } from "./metadata";
import { type Reading, warnOfUnknown } from "./reading";
import { everything, selectorOf } from "./selector";

type Direction = "ingress" | "egress";
const peerFields = { ingress: "from", egress: "to" } as const;
const policyTypes = { ingress: "Ingress", egress: "Egress" } as const;

export function networkPolicyOf(object: Field, reading: Reading): NetworkPolicyObject {
  const { namespace, name } = metadataOf(object);
  const spec = object.at("spec");
  warnOfUnknown(spec, ["podSelector", "policyTypes", "ingress", "egress"], reading);
  const judged = judgedDirections(spec);
  const rules = (direction: Direction): readonly NetworkPolicyRule[] =>
    spec
      .at(direction)
      .items()
      .map((rule) => ruleOf(rule, direction, namespace, reading));
  const all = { ingress: rules("ingress"), egress: rules("egress") };
  return {
    kind: "network-policy",
    namespace,
    name,
    pods: selectorOf(spec.at("podSelector"), reading),
    ingress: judged.has("Ingress") ? all.ingress : undefined,
    egress: judged.has("Egress") ? all.egress : undefined,
    blocks: { ingress: blocksOf(all.ingress), egress: blocksOf(all.egress) },
  };
}

const blocksOf = (rules: readonly NetworkPolicyRule[]) =>
  rules
    .flatMap(({ peers }) => (peers === "any" ? [] : peers))
    .flatMap((peer) => (peer.kind === "addresses" ? [peer.addresses] : []));

/** What `policyTypes` says; where it is not given: ingress always, egress where there are rules for it. */
function judgedDirections(spec: Field): ReadonlySet<string> {
  const given = spec.at("policyTypes").items();
  if (given.length === 0) {
    const both = spec.at("egress").items().length > 0;
    return new Set([policyTypes.ingress, ...(both ? [policyTypes.egress] : [])]);
  }
  return new Set(
    given.map((item) => {
      const type = item.text();
      if (type !== "Ingress" && type !== "Egress") throw item.refuse("the field must be Ingress or Egress");
      return type;
    }),
  );
}

function ruleOf(rule: Field, direction: Direction, namespace: string, reading: Reading): NetworkPolicyRule {
  const field = peerFields[direction];
  warnOfUnknown(rule, [field, "ports"], reading);
  const peers = rule.at(field).items();
  return {
    peers: peers.length === 0 ? "any" : peers.map((peer) => peerOf(peer, namespace, reading)),
    ports: portsOf(rule.at("ports"), reading),
  };
}

function peerOf(peer: Field, namespace: string, reading: Reading): PolicyPeer {
  warnOfUnknown(peer, ["podSelector", "namespaceSelector", "ipBlock"], reading);
  const [pods, namespaces, block] = [peer.at("podSelector"), peer.at("namespaceSelector"), peer.at("ipBlock")];
  if (!block.missing) {
    if (!pods.missing || !namespaces.missing) throw peer.refuse("ipBlock excludes podSelector and namespaceSelector");
    return { kind: "addresses", addresses: ipBlockOf(block, reading) };
  }
  if (pods.missing && namespaces.missing) {
    throw peer.refuse("one of the fields podSelector, namespaceSelector, ipBlock must be given");
  }
  return {
    kind: "pods",
    namespaces: namespaces.missing
      ? { kind: "named", name: namespace }
      : { kind: "selected", selector: selectorOf(namespaces, reading) },
    pods: pods.missing ? everything : selectorOf(pods, reading),
  };
}

function portsOf(field: Field, reading: Reading): RulePorts {
  const items = field.items();
  if (items.length === 0) return { numbered: allConnections, named: [] };
  const ports = items.map((item) => portOf(item, reading));
  return {
    numbered: intervalSet(ports.flatMap((port) => ("name" in port ? [] : [port]))),
    named: ports.flatMap((port) => ("name" in port ? [port] : [])),
  };
}

function portOf(item: Field, reading: Reading): NamedPort | Interval<number> {
  warnOfUnknown(item, ["protocol", "port", "endPort"], reading);
  const protocol = protocolOf(item.at("protocol"));
  const [port, end] = [item.at("port"), item.at("endPort")];
  if (port.missing || typeof port.value === "string") {
    if (!end.missing) throw end.refuse("endPort needs a port that is a number");
    return port.missing ? portInterval(protocol, firstPort, lastPort) : { name: port.text(), protocol };
  }
  const first = port.port();
  const last = end.missing ? first : end.port();
  if (last < first) throw end.refuse("endPort must not be less than port");
  return portInterval(protocol, first, last);
}

/** TCP where none is written. */
export function protocolOf(field: Field): Protocol {
  const text = field.textOr("TCP");
  const found = protocols.find((protocol) => protocol === text);
  if (found === undefined) throw field.refuse("the field must be TCP, UDP or SCTP");
  return found;
}
