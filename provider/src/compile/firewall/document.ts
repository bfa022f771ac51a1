/**
 * What a host keeps of the firewall: the entries of all stacks that concern it and what it had itself when they were
 * compiled. The document is the compiler's whole input, so that the program which a host has can be computed again and
 * a change be sent as the difference of two programs.
 */

import { assignZones } from "../zones";
import type { MemberSpec, PolicySpec } from "./intent";

/** The record's key on the host, and its mark: the document has entries of many owners. */
export const firewallKey = "firewall";
export const firewallMark = "sdn:firewall";

export interface Entry<Spec> {
  /** `PROJECT/STACK` */
  readonly owner: string;
  /** How often its resource was changed: a run that knows an older one is refused. */
  readonly generation: number;
  readonly spec: Spec;
}

/** A subnet on this host. */
export interface SiteSegment {
  readonly vni: number;
  readonly routerVni: number;
  readonly cidrs: readonly string[];
  /** What is at home on this host besides its endpoints: what its engine hands out, allowed address pairs. */
  readonly ranges: readonly string[];
}

/** An endpoint on this host. */
export interface SitePort {
  readonly name: string;
  readonly vni: number;
  readonly addresses: readonly string[];
}

/** What the host has, from its own records. */
export interface Site {
  readonly segments: readonly SiteSegment[];
  readonly ports: readonly SitePort[];
  /** Pairs of networks that are peered, by VNI. */
  readonly peerings: readonly (readonly [number, number])[];
  /** UDP ports on which VXLAN arrives. */
  readonly underlayPorts: readonly number[];
}

/** Whom the host's own policies never cut off. */
export interface Failsafe {
  /** An address or a CIDR; left out: from anywhere. */
  readonly client?: string;
  /** The host's address; left out: any of its own. */
  readonly server?: string;
  /** TCP. */
  readonly port: number;
}

/** An open flow that is ended, as conntrack has it. */
export interface CutFlow {
  readonly zone: number;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort?: number;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
  readonly icmpId?: number;
  /** `POLICY/RULE` that forbids it. */
  readonly by: string;
}

export interface FirewallDocument {
  readonly version: 1;
  /** By name: counters and logs speak of policies by their names, so a host has one of each. */
  readonly policies: Readonly<Record<string, Entry<PolicySpec>>>;
  /** By `VNI/NAME`. */
  readonly members: Readonly<Record<string, Entry<MemberSpec>>>;
  readonly site: Site;
  /** Conntrack zone of each segment, by VNI: its bridge's on the host. Another one would lose all flows. */
  readonly zones: Readonly<Record<string, number>>;
  readonly failsafe: readonly Failsafe[];
  /** The host's own addresses, where a policy applies to the host itself: they tell its flows from those it passes on. */
  readonly ownAddresses: readonly string[];
  readonly cuts: readonly CutFlow[];
  /** Seconds since 1970: what had expired by then was left out. */
  readonly now: number;
}

export const emptyDocument: FirewallDocument = {
  version: 1,
  policies: {},
  members: {},
  site: { segments: [], ports: [], peerings: [], underlayPorts: [] },
  zones: {},
  failsafe: [],
  ownAddresses: [],
  cuts: [],
  now: 0,
};

/** Whether any policy applies to a host itself, which may be this one. */
export const speaksOfHosts = (specs: readonly PolicySpec[]): boolean =>
  specs.some(({ appliesTo }) => appliesTo.some(({ kind }) => kind === "host"));

/** Whether nobody has anything in it any more. */
export const isVacant = ({ policies, members }: FirewallDocument): boolean =>
  Object.keys(policies).length === 0 && Object.keys(members).length === 0;

export type EntryChange =
  | { readonly kind: "policy"; readonly key: string; readonly entry: Entry<PolicySpec> | undefined }
  | { readonly kind: "member"; readonly key: string; readonly entry: Entry<MemberSpec> | undefined };

/** Entries put in and taken out; sorted by key, so that equal documents are equal texts. */
export function changed(document: FirewallDocument, changes: readonly EntryChange[]): FirewallDocument {
  const policies = new Map(Object.entries(document.policies));
  const members = new Map(Object.entries(document.members));
  for (const change of changes) {
    if (change.kind === "policy") put(policies, change.key, change.entry);
    else put(members, change.key, change.entry);
  }
  return { ...document, policies: sorted(policies), members: sorted(members) };
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function sorted<T>(map: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...map].sort(([one], [other]) => (one < other ? -1 : 1)));
}

export const memberKey = ({ vni, name }: MemberSpec): string => `${vni}/${name}`;

/** @param found the zones that bridges have on the host, by their names */
export function zonesFor(
  { segments }: Site,
  found: ReadonlyMap<string, number>,
  known: FirewallDocument["zones"],
): FirewallDocument["zones"] {
  return assignZones(
    segments.map(({ vni }) => vni),
    found,
    known,
  );
}
