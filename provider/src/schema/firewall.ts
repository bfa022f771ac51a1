import type { EnumTypeSpec, ObjectTypeSpec, PropertySpec, ResourceSpec } from "./types";
import { anything, boolean, integer, listOf, ofResource, ofType, string, strings } from "./types";

function enumType(description: string, values: Readonly<Record<string, string>>): EnumTypeSpec {
  const entries = Object.entries(values).map(([value, meaning]) => ({ value, description: meaning }));
  return { type: "string", description, enum: entries };
}

const actions = {
  allow: "Allowed; nothing else is asked.",
  deny: "Dropped silently.",
  reject:
    "TCP is answered with a reset; what a host itself gets or sends, with an ICMP error; everything else is dropped silently.",
  pass: "The rest of this tier has no say: the next tier decides.",
};

const labelSelectorType: ObjectTypeSpec = {
  type: "object",
  description: "Selects by labels, as in Kubernetes: every part must match. Without any part it selects all.",
  properties: {
    matchLabels: {
      type: "object",
      additionalProperties: { type: "string" },
      description: "Labels that must be there with exactly these values.",
    },
    matchExpressions: listOf("sdn:index:LabelExpression", "Further conditions on labels."),
  },
};

const labelExpressionType: ObjectTypeSpec = {
  type: "object",
  description: "A condition on one label.",
  properties: {
    key: string("The label's key: `app`, `example.com/tier`."),
    operator: ofType("sdn:index:LabelOperator", "How the label is compared."),
    values: strings("What `In` and `NotIn` compare with; at least one. The others take none."),
  },
  required: ["key", "operator"],
};

const cidr = string("A block of addresses, IPv4 or IPv6, such as `203.0.113.0/24`. In whatever network they are.");
const except = strings("Parts of `cidr` that are not meant. With `cidr` alone.");
const subnet: PropertySpec = ofResource("sdn:index:Subnet", "A whole subnet: all its addresses, unknown ones too.");
const endpoint: PropertySpec = ofResource("sdn:index:Endpoint", "One endpoint: its addresses.");
const group: PropertySpec = ofResource("sdn:index:SecurityGroup", "What is in a group.");

const memberType: ObjectTypeSpec = {
  type: "object",
  description: "What a group holds. Exactly one of the properties, and `except` with `cidr`.",
  properties: {
    endpoint,
    subnet,
    cidr,
    except,
    labels: ofType(
      "sdn:index:LabelSelector",
      "Endpoints of the policy's fabric with such labels, declared now or later. What is not declared is in no group.",
    ),
    containers: ofType(
      "sdn:index:LabelSelector",
      "Containers with such Docker labels, declared or not: each host follows its engine between runs. A host knows its own containers alone, so such a group is for `appliesTo` and for rules that allow.",
    ),
    pods: ofType(
      "sdn:index:PodSelector",
      "Pods of a cluster by their labels. Their cluster alone can tell them apart, so hosts and other clusters take no such group in `from` and `to`.",
    ),
    cluster: ofResource(
      "sdn:index:KubernetesCluster",
      "All pods of a cluster. Hosts and other clusters know them by its `podCidrs` and `nodeCidrs`.",
    ),
  },
};

const targetType: ObjectTypeSpec = {
  type: "object",
  description: "What a policy applies to. Exactly one of the properties.",
  properties: {
    network: ofResource("sdn:index:VirtualNetwork", "Everything in a network."),
    subnet,
    group,
    endpoint,
    host: ofResource(
      "sdn:index:Host",
      "A host itself, one of the fabric's: what it gets and sends, and what comes in for others by its published and translated ports, which are judged before translation.",
    ),
  },
};

const peerType: ObjectTypeSpec = {
  type: "object",
  description:
    "The other side of a packet. Exactly one of the properties, and `except` with `cidr`. Groups, subnets and endpoints mean what is in the same network and in networks peered with it.",
  properties: {
    any: boolean("Everybody. Only `true` is possible."),
    group,
    subnet,
    endpoint,
    service: ofResource(
      "sdn:index:ServiceEntry",
      "Whoever answers for a service entry: its backends, at their own ports. An entry opens nothing by itself.",
    ),
    cidr,
    except,
    dnsName: string(
      "What a DNS name resolves to on the host that judges, such as `mirror.example.com`. In rules that allow, alone: to deny by name fails open where the name resolves to something else for the peer.",
    ),
  },
};

const serviceType: ObjectTypeSpec = {
  type: "object",
  description: "A protocol, with ports or types of ICMP.",
  properties: {
    protocol: string(
      "`tcp`, `udp`, `sctp`, `dccp`, `udplite`, `icmp` (in IPv6 packets: ICMPv6), `icmpv6`, `igmp`, `ipip`, `gre`, `esp`, `ah`, `ospf`, `pim`, `vrrp`, or a number from 0 to 255.",
    ),
    ports: string(
      "Destination ports of tcp, udp, sctp, dccp, udplite: `443`, `80,443`, `8000-8010`. Left out: all. 0 to 65535.",
    ),
    icmpTypes: strings(
      "Types by name or number, with a code where it matters: `echo-request`, `3/4`. Of `icmp` a name means the type in both families, and a number the one of IPv4. Left out: all. An empty list matches nothing.",
    ),
  },
  required: ["protocol"],
};

const log = "Lines per second, minute, hour or day, such as `5/minute`; as many may come at once. Default: no log.";

const ruleType: ObjectTypeSpec = {
  type: "object",
  description: "A rule. Of a policy's rules the first one that matches decides.",
  properties: {
    name: string(
      "1 to 40 letters, digits, `.`, `_`, `-`, a letter first; not `default`. Unique in the policy. In counters and logs.",
    ),
    reason: string("Why the rule is there. At most 200 characters; no host gets it."),
    direction: ofType(
      "sdn:index:FirewallDirection",
      "Which packets it is about, seen from what the policy applies to.",
    ),
    action: ofType("sdn:index:FirewallAction", "What becomes of a packet that it matches."),
    from: listOf(
      "sdn:index:FirewallPeer",
      "Of `ingress`: where packets come from, any of these. Left out: anywhere. An empty list matches nothing.",
    ),
    to: listOf(
      "sdn:index:FirewallPeer",
      "Of `egress`: where packets go, any of these. Left out: anywhere. An empty list matches nothing.",
    ),
    services: listOf(
      "sdn:index:FirewallService",
      "Protocols and ports, any of these. Left out: all. An empty list matches nothing.",
    ),
    enabled: boolean("False: as if the rule were not written. Default true."),
    expires: string(
      "From then on it matches nothing, by the host's clock, also when nobody runs Pulumi: `2027-03-01T18:00:00Z`. With an offset from UTC. Default: never.",
    ),
    log: string(`A line for each first packet of a flow that it matches: \`sdn POLICY/RULE ACTION: …\`. ${log}`),
  },
  required: ["name", "direction", "action"],
};

const defaultsType: ObjectTypeSpec = {
  type: "object",
  description: "What becomes of packets that no rule of the policy matches, for each direction.",
  properties: {
    ingress: ofType("sdn:index:FirewallDefaultAction", "Of what arrives."),
    egress: ofType("sdn:index:FirewallDefaultAction", "Of what is sent."),
  },
  required: ["ingress", "egress"],
};

export const firewallTypes: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>> = {
  "sdn:index:FirewallAction": enumType("What becomes of a packet that a rule matches.", actions),
  "sdn:index:FirewallDefaultAction": enumType("What becomes of a packet that no rule of a policy matches.", {
    ...actions,
    continue: "The next policy of the tier is asked: first match over all policies.",
    isolate: "Dropped silently, but only after all policies of the tier were asked: policies add up, as in Kubernetes.",
  }),
  "sdn:index:FirewallDefaults": defaultsType,
  "sdn:index:FirewallDirection": enumType("Which packets are meant.", {
    ingress: "Those that arrive at what the policy applies to.",
    egress: "Those that it sends.",
  }),
  "sdn:index:FirewallEnforcement": enumType("Whether a policy decides.", {
    enforced: "It decides.",
    watch: "It decides nothing; what it would drop is counted and logged.",
  }),
  "sdn:index:FirewallOnClose": enumType("What a change does to open flows that it forbids.", {
    cut: "It ends them, and no others.",
    keep: "It lets them end by themselves.",
  }),
  "sdn:index:FirewallPeer": peerType,
  "sdn:index:FirewallRule": ruleType,
  "sdn:index:FirewallService": serviceType,
  "sdn:index:FirewallTarget": targetType,
  "sdn:index:FirewallTier": enumType("Tiers, in the order in which they are asked.", {
    emergency: "First of all, for what must hold at once.",
    admin: "Of those who run the network.",
    application: "Of those who run what is on it.",
    baseline: "What holds where nobody said anything.",
  }),
  "sdn:index:LabelExpression": labelExpressionType,
  "sdn:index:LabelOperator": enumType("How a label is compared.", {
    In: "It is there with one of the values.",
    NotIn: "It has none of the values, or is not there.",
    Exists: "It is there.",
    DoesNotExist: "It is not there.",
  }),
  "sdn:index:LabelSelector": labelSelectorType,
  "sdn:index:SecurityGroupMember": memberType,
};

export const securityGroup: ResourceSpec = {
  description:
    "A set of endpoints, for firewall policies to name: by labels, one by one, whole subnets, or blocks of addresses. Nothing is made of it by itself.",
  isComponent: true,
  inputProperties: {
    members: listOf("sdn:index:SecurityGroupMember", "What it holds: all of these together. May be empty."),
  },
  requiredInputs: ["members"],
  properties: {
    members: anything("What it holds, as policies use it."),
    endpoints: strings("URNs of the endpoints that it names one by one."),
    fabrics: strings("URNs of the fabrics of the subnets and endpoints that it names."),
  },
  required: ["members", "endpoints", "fabrics"],
};

export const firewallPolicy: ResourceSpec = {
  description:
    "A policy of the distributed firewall: one ordered list of rules, enforced on every host and cluster of the fabric for what it applies to. A packet needs the egress of its source and the ingress of its destination. See docs/firewall.md for the order in which policies are asked.",
  isComponent: true,
  inputProperties: {
    fabric: ofResource("sdn:index:Fabric", "The fabric on whose hosts and clusters it is enforced."),
    tier: ofType("sdn:index:FirewallTier", "Its tier. Default `application`."),
    priority: integer(
      "Its place in the tier, 0 to 65535: lower ones are asked first. Two policies of one tier and priority that would answer the same packet differently are refused.",
    ),
    appliesTo: listOf("sdn:index:FirewallTarget", "What it applies to: any of these; at least one."),
    rules: listOf("sdn:index:FirewallRule", "Its rules in order: the first one that matches decides. Default: none."),
    defaults: ofType(
      "sdn:index:FirewallDefaults",
      "What becomes of packets that no rule matches. `continue` for both directions leaves them to the other policies.",
    ),
    defaultLog: string(`A line for each first packet of a flow that the default decides. ${log}`),
    enforcement: ofType(
      "sdn:index:FirewallEnforcement",
      "`watch`: it decides nothing, neither to drop nor to allow. Default `enforced`.",
    ),
    watchUntil: string(
      "With `watch`: from then on it is enforced, by the host's clock: `2027-03-01T18:00:00Z`. Default: it watches until this is changed.",
    ),
    onClose: ofType("sdn:index:FirewallOnClose", "What a change does to open flows that it forbids. Default `cut`."),
    failsafe: boolean(
      "Whether a change that cuts off the session that Pulumi itself uses is refused, and that session always let through. Default true. With false such a change is taken back by a timer.",
    ),
  },
  requiredInputs: ["fabric", "priority", "appliesTo", "defaults"],
  properties: {
    fabric: string("Name of the fabric."),
    tier: string("Its tier."),
    priority: integer("Its place in the tier."),
    enforcement: string("`enforced` or `watch`."),
    hosts: strings("Names of the hosts that enforce it."),
    clusters: strings("Names of the clusters that have pods which it applies to."),
    pending: strings("Names of the hosts that have not got it yet, because they could not be reached."),
  },
  required: ["fabric", "tier", "priority", "enforcement", "hosts", "clusters", "pending"],
};
