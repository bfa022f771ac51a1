/** What becomes of one host's firewall by some changes: computed from what the host says, before anything is sent. */

import type { Compiled } from "../../compile/firewall/compile";
import { compileDocument, cutting } from "../../compile/firewall/compile";
import { cutOf, flowOfCut } from "../../compile/firewall/cut-flow";
import type { EntryChange, Failsafe, FirewallDocument } from "../../compile/firewall/document";
import { changed, emptyDocument, isVacant, speaksOfHosts, zonesFor } from "../../compile/firewall/document";
import type { PolicySpec } from "../../compile/firewall/intent";
import { lockouts } from "../../compile/firewall/lockout";
import { flowsToCut } from "../../compile/firewall/flows";
import { type Probe, probesOf } from "../../compile/firewall/probes";
import { siteOf } from "../../compile/firewall/site";
import { intentsOf } from "../../compile/fleet-intents";
import type { Intent } from "../../compile/intent";
import { zonesOf } from "../../compile/zones";
import { formatCidr } from "../../model/cidr";
import { SdnError } from "../../model/error";
import { parsePorts } from "../../policy/parse";
import type { FirewallState, Snapshot } from "../../model/snapshot";
import { parseFlows } from "../../render/conntrack";
import type { FirewallChange, FirewallHost } from "./change";
import { textsOf } from "./memory";

export interface HostPlan {
  readonly host: FirewallHost;
  readonly generation: number | undefined;
  readonly before: Compiled | undefined;
  /** `undefined`: nobody has anything in it any more. */
  readonly after: Compiled | undefined;
  /** Whether packets may be judged differently. */
  readonly rules: boolean;
  /** Whether the host's record has to be written, or what it holds back be let go. */
  readonly record: boolean;
  /** What passes nothing until now, since the host's rules did not know it. */
  readonly held: FirewallState["held"];
  /** Who must answer the host after the change. */
  readonly probes: readonly Probe[];
}

/** What is known of the host. */
export interface HostState {
  readonly firewall: FirewallState;
  /** What it has, or will have. */
  readonly intents: readonly Intent[];
  /** Without prefix lengths. */
  readonly addresses: readonly string[];
  /** Conntrack zones of bridges. */
  readonly zones: ReadonlyMap<string, number>;
}

/** `intents`: where they are not just what the host remembers. */
export function hostState(snapshot: Snapshot, intents = intentsOf(snapshot)): HostState {
  return {
    firewall: snapshot.firewall,
    intents,
    zones: zonesOf(snapshot),
    addresses: [...snapshot.host.links.values()].flatMap((link) =>
      link.addresses.map((one) => one.replace(/\/\d+$/, "")),
    ),
  };
}

/** A change, and the generation that it gets where it changes something. */
export interface Numbered {
  readonly change: FirewallChange;
  readonly generation: number;
}

export interface PlanCircumstances {
  /** Seconds since 1970. */
  readonly now: number;
  /** What was compiled for the host last. */
  readonly known?: Compiled | undefined;
}

/** @throws SdnError where the change is stale, an entry is somebody else's, or the policies cannot be compiled */
export function planHost(
  host: FirewallHost,
  found: HostState,
  changes: readonly Numbered[],
  { now, known }: PlanCircumstances,
): HostPlan {
  const { firewall } = found;
  const isKnown = known !== undefined && firewall.record?.hash === textsOf(known).hash;
  const present = isKnown ? known.document : documentOf(firewall);
  const entries = changes.map(({ change, generation }) => {
    const known = entryIn(present, change);
    refuseForeign(host, known, change);
    return entryChange(change, known, generation);
  });
  const wanted = settled(changed(present ?? emptyDocument, entries), found, now);
  const before = isKnown ? known : present && compileDocument(present, host.uri);
  const vacant = isVacant(wanted);
  const compiled = vacant ? undefined : compileDocument(wanted, host.uri);
  if (compiled !== undefined) refuseLockout(host, compiled);
  const after = compiled && withCuts(compiled, before, [...firewall.flows, ...firewall.ownFlows]);
  const rules =
    after === undefined
      ? before !== undefined
      : before === undefined || firewall.table !== "same" || textsOf(before).table !== textsOf(after).table;
  return {
    host,
    generation: firewall.record?.generation,
    before,
    after,
    rules,
    record:
      rules ||
      firewall.held.length > 0 ||
      changes.some(({ change }) => change.repair) ||
      !sameDocument(before?.document, after?.document),
    held: firewall.held,
    probes: after === undefined ? [] : probesOf(after.plan, firewall.reached, { time: now, unsafe: unsafeIn(after) }),
  };
}

/** What has to be added to a plan that was carried out, for flows that are open all the same. */
export function lateCuts(plan: HostPlan, { firewall }: Snapshot): HostPlan | undefined {
  const { after } = plan;
  if (after === undefined) return undefined;
  const wanted = withCuts(after, after, [...firewall.flows, ...firewall.ownFlows]);
  const known = new Set(after.document.cuts.map((flow) => JSON.stringify(flow)));
  if (wanted.document.cuts.every((flow) => known.has(JSON.stringify(flow)))) return undefined;
  return { ...plan, before: after, after: wanted, generation: firewall.record?.generation, held: [] };
}

// A large one is asked for several times in one rollout.
const documents = new WeakMap<NonNullable<FirewallState["record"]>, FirewallDocument>();

export function documentOf({ record }: FirewallState): FirewallDocument | undefined {
  if (record?.intent === undefined) return undefined;
  const document = documents.get(record) ?? (JSON.parse(record.intent) as FirewallDocument);
  documents.set(record, document);
  return document;
}

/** The document with what the host has now. */
function settled(
  document: FirewallDocument,
  { firewall, intents, addresses, zones }: HostState,
  now: number,
): FirewallDocument {
  const site = siteOf(intents);
  const specs = Object.values(document.policies).map(({ spec }) => spec);
  return {
    ...document,
    site,
    zones: zonesFor(site, zones, document.zones),
    failsafe: failsafeOf(specs, firewall),
    ownAddresses: speaksOfHosts(specs) ? [...addresses].sort() : [],
    now,
  };
}

/** The session in use, and what the fabrics say, where a policy is about the host itself. */
function failsafeOf(specs: readonly PolicySpec[], { session }: FirewallState): readonly Failsafe[] {
  const own = specs.filter((spec) => spec.failsafe !== "off" && speaksOfHosts([spec]));
  if (own.length === 0) return [];
  const management = own.flatMap((spec) => spec.management ?? []);
  const all: readonly Failsafe[] = [
    ...(session === undefined
      ? []
      : [{ client: session.clientAddress, server: session.serverAddress, port: session.serverPort }]),
    ...management.flatMap(({ cidr, ports }) =>
      parsePorts(ports, "management").flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, index) => ({ client: cidr, port: first + index })),
      ),
    ),
  ];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** Not only who is at work now, but whom the fabric says it must always let in. */
function refuseLockout(host: FirewallHost, compiled: Compiled): void {
  const off = unsafeIn(compiled);
  const found = lockouts(compiled.plan).find(({ by }) => !off.has(by.slice(0, by.indexOf("/"))));
  if (found === undefined) return;
  const { session, by, from } = found;
  const client = session.client === undefined ? "anywhere" : formatCidr(session.client);
  const when = from === undefined ? "" : ` from ${new Date(from * 1000).toISOString()} on`;
  throw new SdnError({
    code: "invalid-input",
    host: host.name,
    resource: `policy ${by.slice(0, by.indexOf("/"))}`,
    cause: `rule ${by} would cut off management from ${client} to port ${session.port}${when}`,
    remedy: `allow tcp/${session.port} from there before it, or write failsafe: false to be cut off and brought back by the host's timer`,
  });
}

/** Policies that may cut off whomever they like. */
const unsafeIn = ({ document }: Compiled): ReadonlySet<string> =>
  new Set(Object.values(document.policies).flatMap(({ spec }) => (spec.failsafe === "off" ? [spec.name] : [])));

function withCuts(after: Compiled, before: Compiled | undefined, flows: FirewallState["flows"]): Compiled {
  const open = parseFlows(flows.filter((line) => !isOver(line)));
  const earlier = (before?.document.cuts ?? []).map(flowOfCut);
  const { plan, policies, document } = after;
  const cuts = flowsToCut(plan, policies, open, document.now, earlier).map(cutOf);
  if (cuts.length === 0 && document.cuts.length === 0) return after;
  return cutting(after, cuts);
}

export type KnownEntry = FirewallDocument["policies"][string] | FirewallDocument["members"][string];

export function entryIn(document: FirewallDocument | undefined, { kind, key }: FirewallChange): KnownEntry | undefined {
  return kind === "policy" ? document?.policies[key] : document?.members[key];
}

const isSame = (known: KnownEntry, { owner, spec }: FirewallChange): boolean =>
  known.owner === owner && JSON.stringify(known.spec) === JSON.stringify(spec);

/** What the host has already stays as it is, generation included. */
function entryChange(change: FirewallChange, known: KnownEntry | undefined, generation: number): EntryChange {
  const { kind, key, owner } = change;
  const own = known !== undefined && isSame(known, change) ? known.generation : generation;
  if (kind === "policy") {
    return { kind, key, entry: change.spec && { owner, generation: own, spec: change.spec } };
  }
  return { kind, key, entry: change.spec && { owner, generation: own, spec: change.spec } };
}

function refuseForeign(host: FirewallHost, known: KnownEntry | undefined, change: FirewallChange): void {
  if (known === undefined) return;
  const at = { host: host.name, resource: change.label };
  if (known.owner !== change.owner) {
    throw new SdnError({
      ...at,
      code: "conflict",
      cause: `the host has one of this name already, which belongs to ${known.owner}`,
      remedy: "choose another name",
    });
  }
  const { expected } = change;
  // A generation that moved on to just what is wanted now is our own change whose reply was lost.
  if (expected === undefined || known.generation <= expected || isSame(known, change)) return;
  throw new SdnError({
    ...at,
    code: "stale",
    cause: `it has generation ${known.generation} on the host, this state was written for ${expected}`,
    remedy: "run `pulumi refresh`, look at what the other run changed, and run again",
  });
}

/** Conntrack remembers a connection for some time after both ends closed it. */
const isOver = (line: string): boolean => / (TIME_WAIT|CLOSE) /.test(line);

/** Time alone is no reason to write. */
function sameDocument(one: FirewallDocument | undefined, other: FirewallDocument | undefined): boolean {
  return JSON.stringify({ ...one, now: 0 }) === JSON.stringify({ ...other, now: 0 });
}
