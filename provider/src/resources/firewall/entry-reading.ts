/** How hosts differ from what an entry asks for. */

import type { RuleTotal } from "../../compile/firewall/hits";
import { firewallHits, ruleTotals } from "../../compile/firewall/hits";
import { compileDocument, sameProgram } from "../../compile/firewall/compile";
import { type FirewallDocument, zonesFor } from "../../compile/firewall/document";
import { siteOf } from "../../compile/firewall/site";
import { intentsOf } from "../../compile/fleet-intents";
import { zonesOf } from "../../compile/zones";
import type { Snapshot } from "../../model/snapshot";
import type { CallContext } from "../../rpc/handlers";
import { adviceOn } from "../drift";
import type { Hosts } from "../hosts";
import { located } from "../located";
import type { FirewallChange, FirewallHost } from "./change";
import { foreignSentences } from "./foreign-rules";
import { firewallSettings } from "./host-line";
import { documentOf, entryIn } from "./host-plan";

export interface FoundDrift {
  readonly host: string;
  readonly sentence: string;
  readonly advice: string;
}

export interface FoundEntry {
  readonly generation: number;
  readonly drift: readonly FoundDrift[];
  /** What is nobody's fault and a person should know. */
  readonly notes: readonly { readonly host: string; readonly sentence: string }[];
  /** Of a policy: what its rules have counted, over all hosts. */
  readonly hits: readonly RuleTotal[];
}

interface Found {
  readonly host: FirewallHost;
  readonly snapshot: Snapshot;
  readonly document: FirewallDocument | undefined;
}

/** `undefined`: no host has anything of it. Rejects where a host cannot be asked: nothing is known of it then. */
export async function readEntry(
  context: CallContext,
  hosts: Hosts,
  change: FirewallChange,
  places: readonly FirewallHost[],
): Promise<FoundEntry | undefined> {
  const settings = firewallSettings.map(([key]) => key);
  const found = await Promise.all(
    places.map((host) =>
      located(host.name, change.label, async () => {
        // The document comes once, where the hits are asked for after it.
        const ofPolicy = change.kind === "policy" ? [["query_firewall_hits"], ["query_foreign"]] : [];
        const queries = [["query_firewall"], ...ofPolicy, ["query_sysctl", "-", ...settings]];
        const read = (): Promise<Snapshot> => hosts.session(host.connection).ask(queries, context.signal);
        const snapshot = await hosts.progress.during(host.name, context, read);
        return { host, snapshot, document: documentOf(snapshot.firewall) };
      }),
    ),
  );
  const entries = found.map(({ document }) => entryIn(document, change));
  const damaged = found.some(({ snapshot }) => snapshot.firewall.damaged);
  if (!damaged && entries.every((entry) => entry === undefined)) return undefined;
  return {
    hits: hitsOf(change, found),
    generation: Math.max(change.expected ?? 0, ...entries.map((entry) => entry?.generation ?? 0)),
    drift: found.flatMap(({ host, snapshot, document }) =>
      [...entryDrift(change, document, snapshot), ...hostDrift(host, change, document, snapshot)].map((sentence) => ({
        host: host.name,
        sentence,
        advice: adviceOn(sentence),
      })),
    ),
    notes: found.flatMap(({ host, snapshot, document }) =>
      speaksForHost(change, document)
        ? foreignSentences(snapshot).map((sentence) => ({ host: host.name, sentence }))
        : [],
    ),
  };
}

function hitsOf(change: FirewallChange, found: readonly Found[]): readonly RuleTotal[] {
  if (change.kind !== "policy") return [];
  const counted = found.map(({ host: { name }, document, snapshot: { firewall } }) => {
    return { name, document, hits: firewall.hits ?? [] };
  });
  return ruleTotals(firewallHits(counted, change.key).rules);
}

function entryDrift(
  change: FirewallChange,
  document: FirewallDocument | undefined,
  snapshot: Snapshot,
): readonly string[] {
  if (snapshot.firewall.damaged) {
    return ["the host's record of its firewall is damaged (wrong checksum): a restart will not restore it"];
  }
  const entry = entryIn(document, change);
  if (entry === undefined) return ["the host's firewall does not have it"];
  if (entry.owner !== change.owner)
    return [`the host's firewall has one of this name that is not ours: it belongs to ${entry.owner}`];
  if (JSON.stringify(entry.spec) === JSON.stringify(change.spec)) return [];
  return [`another run changed it on the host: it has generation ${entry.generation} there`];
}

/** Of the host's firewall as a whole the first policy that this stack has there speaks. */
function speaksForHost({ kind, key, owner }: FirewallChange, document: FirewallDocument | undefined): boolean {
  const first = Object.entries(document?.policies ?? {}).find(([, entry]) => entry.owner === owner);
  return kind === "policy" && first?.[0] === key;
}

function hostDrift(
  host: FirewallHost,
  change: FirewallChange,
  document: FirewallDocument | undefined,
  snapshot: Snapshot,
): readonly string[] {
  if (document === undefined || !speaksForHost(change, document)) return [];
  return [
    ...tableDrift(snapshot),
    ...followDrift(snapshot),
    ...settingDrift(snapshot),
    ...siteDrift(host, document, snapshot),
  ];
}

function tableDrift({ firewall }: Snapshot): readonly string[] {
  switch (firewall.table) {
    case "missing":
      return ["the firewall's table inet sdn_fw is gone: nothing is filtered"];
    case "changed":
      return ["the firewall's table inet sdn_fw was changed by somebody else"];
    case "same":
    case "none":
    case undefined:
      return [];
  }
}

function followDrift({ firewall }: Snapshot): readonly string[] {
  return firewall.follow === "inactive"
    ? ["container labels and DNS names are not followed: sdn-follow is not running"]
    : [];
}

function settingDrift({ sysctls }: Snapshot): readonly string[] {
  return firewallSettings.flatMap(([key, value, without]) => {
    const actual = sysctls.get(`- ${key}`);
    return actual === value ? [] : [`sysctl ${key} is ${actual ?? "missing"} and should be ${value}: ${without}`];
  });
}

function siteDrift(host: FirewallHost, document: FirewallDocument, snapshot: Snapshot): readonly string[] {
  const site = siteOf(intentsOf(snapshot));
  if (JSON.stringify(site) === JSON.stringify(document.site)) return [];
  const known = compileDocument(document, host.uri).program;
  const zones = zonesFor(site, zonesOf(snapshot), document.zones);
  const wanted = compileDocument({ ...document, site, zones }, host.uri).program;
  return sameProgram(known, wanted)
    ? []
    : ["the firewall was not told what the host has now (a subnet or an endpoint came or went)"];
}
