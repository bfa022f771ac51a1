/**
 * What a firewall policy and a labelled endpoint are to the hosts, as plain data: every name of the program made a
 * number or an address, texts as the user wrote them. The `sdn:firewall:*` resources hold exactly these as their
 * `spec`, and every host that enforces them keeps them in its document.
 */

import type { DefaultAction, Direction, RuleAction, Tier } from "../../policy/rule";
import type { LabelExpression } from "../../policy/selector";

/** A subnet, wherever it is. */
export interface SubnetRef {
  readonly name: string;
  readonly vni: number;
  readonly routerVni: number;
  readonly cidrs: readonly string[];
}

/** An endpoint, wherever it is. */
export interface EndpointRef {
  readonly name: string;
  /** Of its subnet and of its network. */
  readonly vni: number;
  readonly routerVni: number;
  /** Without prefix lengths. */
  readonly addresses: readonly string[];
  /** URI of the host that it is on. */
  readonly host?: string | undefined;
}

/** Every part must match. */
export interface SelectorSpec {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly LabelExpression[] | undefined;
}

export interface CidrSpec {
  readonly kind: "cidr";
  readonly cidr: string;
  readonly except?: readonly string[] | undefined;
}

export type GroupMemberSpec =
  /** Endpoints that the program declares with these labels, now or later. */
  | ({ readonly kind: "labels" } & SelectorSpec)
  /** Containers whose Docker labels match, as the engine of the judging host says at any moment. */
  | ({ readonly kind: "containers" } & SelectorSpec)
  | ({ readonly kind: "endpoint" } & EndpointRef)
  | ({ readonly kind: "subnet" } & SubnetRef)
  | CidrSpec;

export interface GroupSpec {
  readonly name: string;
  readonly members: readonly GroupMemberSpec[];
}

export type PeerSpec =
  | { readonly kind: "any" }
  /** One of `PolicySpec.groups`. */
  | { readonly kind: "group"; readonly name: string }
  | ({ readonly kind: "subnet" } & SubnetRef)
  | ({ readonly kind: "endpoint" } & EndpointRef)
  | CidrSpec
  /** What a DNS name resolves to, as the host sees it. In allow rules alone. */
  | { readonly kind: "name"; readonly name: string };

export type TargetSpec =
  | { readonly kind: "network"; readonly name: string; readonly vni: number }
  | { readonly kind: "group"; readonly name: string }
  | ({ readonly kind: "subnet" } & SubnetRef)
  | ({ readonly kind: "endpoint" } & EndpointRef)
  /** A host itself: what it gets and sends, and what is translated to others on the way in, before translation. */
  | { readonly kind: "host"; readonly name: string; readonly uri: string };

/** As the user wrote it; `policy/parse.ts` has the forms. */
export interface ServiceSpec {
  /** `tcp`, `udp`, `icmp`, …, or a number. `icmp` is ICMP in IPv4 and ICMPv6 in IPv6 packets. */
  readonly protocol: string;
  /** `80,443,8000-8010` */
  readonly ports?: string | undefined;
  /** `echo-request`, `3/4`. With `icmp` a name is meant in both families, a number in IPv4. */
  readonly icmpTypes?: readonly string[] | undefined;
}

export interface RuleSpec {
  readonly name: string;
  readonly reason?: string | undefined;
  readonly direction: Direction;
  readonly action: RuleAction;
  readonly peers: readonly PeerSpec[];
  readonly services: readonly ServiceSpec[] | "any";
  /** Left out: true. */
  readonly enabled?: boolean | undefined;
  /** RFC 3339, with an offset. */
  readonly expires?: string | undefined;
  /** `5/minute` */
  readonly log?: string | undefined;
}

/** From where the hosts are administered. */
export interface ManagementSpec {
  readonly cidr: string;
  /** TCP ports of the hosts: `22`, `22,8443`. */
  readonly ports: string;
}

export interface PolicySpec {
  /** The component's name: in messages. */
  readonly label: string;
  readonly name: string;
  readonly tier: Tier;
  readonly priority: number;
  readonly appliesTo: readonly TargetSpec[];
  readonly rules: readonly RuleSpec[];
  readonly defaults: Readonly<Record<Direction, DefaultAction>>;
  readonly defaultLog?: string | undefined;
  readonly enforcement: "enforced" | "watch";
  /** Of `watch`: from then on it is enforced. RFC 3339. */
  readonly watchUntil?: string | undefined;
  readonly onClose: "cut" | "keep";
  /** Those that rules and `appliesTo` name. */
  readonly groups: readonly GroupSpec[];
  /** What policies of hosts never cut off. */
  readonly management?: readonly ManagementSpec[] | undefined;
  /** Left out: a change that cuts the operator's session off is refused, and that session is always let through. */
  readonly failsafe?: "off" | undefined;
}

/** An endpoint with labels: known to all hosts of its fabric, whatever policies there are. */
export interface MemberSpec extends EndpointRef {
  readonly label: string;
  readonly labels: Readonly<Record<string, string>>;
}
