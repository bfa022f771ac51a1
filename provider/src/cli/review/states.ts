/** From what Pulumi prints of a stack to what hosts would hold: `preview --json`, `stack export`. */
import type { Intent } from "../../compile/intent";
import type { Entry } from "../../compile/firewall/document";
import type { MemberSpec, PolicySpec } from "../../compile/firewall/intent";
import type { Connection } from "../../model/connection";
import { connectionUri } from "../../model/connection";
import type { StateHost } from "../../reach/review";
import { scopeOf } from "../../resources/hosts";
import { ownerOf } from "../../resources/owner";
import { nameOfUrn, typeOfUrn } from "../../rpc/tokens";
import { UsageError } from "../arguments";

export interface States {
  readonly before: readonly StateHost[];
  readonly after: readonly StateHost[];
  /** Names of policies and endpoints of which something is known only after the change. */
  readonly unknown: readonly string[];
  /** What failed the preview. */
  readonly errors: readonly string[];
  /** How many resources are created, updated, deleted. */
  readonly counts: Readonly<Record<string, number>>;
}

interface StateResource {
  readonly urn: string;
  readonly type?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: StateResource;
  readonly newState?: StateResource;
}

interface PreviewJson {
  readonly steps?: readonly PreviewStep[];
  readonly diagnostics?: readonly { readonly message?: string; readonly severity?: string }[];
  readonly changeSummary?: Readonly<Record<string, number>>;
}

interface ExportJson {
  readonly deployment?: { readonly resources?: readonly StateResource[] };
}

/** As Pulumi writes a value that is not known before the change. */
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function statesOfPreview(text: string): States {
  const { steps, diagnostics = [], changeSummary = {} } = parsedJson(text, "--preview") as PreviewJson;
  if (steps === undefined) throw new UsageError("--preview: this is not what `pulumi preview --json` prints");
  const isGone = ({ op }: PreviewStep): boolean => op.startsWith("delete");
  const next = steps.filter((step) => !isGone(step)).flatMap(({ newState, oldState }) => newState ?? oldState ?? []);
  return {
    before: hostsOf(steps.flatMap(({ oldState }) => oldState ?? [])),
    after: hostsOf(next),
    unknown: next.filter(isUnknown).map(({ urn }) => nameOfUrn(urn)),
    errors: diagnostics.flatMap(({ severity, message = "" }) => (severity === "error" ? [message.trim()] : [])),
    counts: changeSummary,
  };
}

export function statesOfExports(before: string, after: string): States {
  const resources = (text: string, option: string): readonly StateResource[] => {
    const found = (parsedJson(text, option) as ExportJson).deployment?.resources;
    if (found === undefined) throw new UsageError(`${option}: this is not what \`pulumi stack export\` prints`);
    return found;
  };
  const [old, next] = [resources(before, "--before"), resources(after, "--after")];
  return { before: hostsOf(old), after: hostsOf(next), unknown: [], errors: [], counts: countsOf(old, next) };
}

function countsOf(old: readonly StateResource[], next: readonly StateResource[]): States["counts"] {
  const known = new Map(old.map((one) => [one.urn, JSON.stringify(one.inputs)]));
  const kept = next.filter(({ urn }) => known.has(urn));
  return {
    create: next.length - kept.length,
    update: kept.filter(({ urn, inputs }) => known.get(urn) !== JSON.stringify(inputs)).length,
    delete: old.length - kept.length,
  };
}

function parsedJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${option}: this is not JSON`);
  }
}

const isOurs = ({ urn }: StateResource): boolean => /[:$]sdn:(firewall|linux):/.test(urn);
const isUnknown = (one: StateResource): boolean => isOurs(one) && JSON.stringify(one.inputs).includes(unknownText);

interface Collecting {
  readonly uri: string;
  readonly name: string;
  readonly scope: string;
  readonly policies: Entry<PolicySpec>[];
  readonly members: Entry<MemberSpec>[];
  readonly intents: Intent[];
}

class Collected {
  readonly hosts = new Map<string, Collecting>();

  /** Secrets are not shown in what Pulumi prints, and a host is known without them. */
  at(connection: Connection, name: string): Collecting {
    const uri = connectionUri(connection);
    const known = this.hosts.get(uri);
    if (known !== undefined) return known;
    const host = { uri, name, scope: scopeOf(connection), policies: [], members: [], intents: [] };
    this.hosts.set(uri, host);
    return host;
  }
}

const intentKinds: Readonly<Record<string, Intent["kind"]>> = {
  "sdn:linux:Router": "router",
  "sdn:linux:Segment": "segment",
  "sdn:linux:Port": "port",
  "sdn:linux:Peering": "peering",
};

interface EntryInputs<Spec> {
  readonly hosts: readonly { readonly name: string; readonly connection: Connection }[];
  readonly spec: Spec;
}

interface IntentInputs {
  readonly host: string;
  readonly connection: Connection;
  readonly spec: object;
}

function hostsOf(resources: readonly StateResource[]): readonly StateHost[] {
  const collected = new Collected();
  for (const resource of resources) {
    const { urn, inputs } = resource;
    if (inputs !== undefined && isOurs(resource) && !isUnknown(resource)) collect(collected, urn, inputs);
  }
  return [...collected.hosts.values()].sort((one, other) => (one.uri < other.uri ? -1 : 1));
}

/** What a state holds was checked when it was written. */
function collect(collected: Collected, urn: string, inputs: unknown): void {
  const [type, owner] = [typeOfUrn(urn), ownerOf(urn)];
  const kind = intentKinds[type];
  if (kind !== undefined) {
    const { host, connection, spec } = inputs as IntentInputs;
    const at = collected.at(connection, host);
    at.intents.push({ ...spec, kind, owner, scope: at.scope } as Intent);
  } else if (type === "sdn:firewall:Policy") {
    const { hosts, spec } = inputs as EntryInputs<PolicySpec>;
    for (const { name, connection } of hosts) {
      collected.at(connection, name).policies.push({ owner, generation: 0, spec });
    }
  } else if (type === "sdn:firewall:Member") {
    const { hosts, spec } = inputs as EntryInputs<MemberSpec>;
    for (const { name, connection } of hosts) {
      collected.at(connection, name).members.push({ owner, generation: 0, spec });
    }
  }
}
