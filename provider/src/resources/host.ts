import { formatAddress, parseAddress, readAddress } from "../model/address";
import type { Connection } from "../model/connection";
import { connectionUri } from "../model/connection";
import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { HostFacts, LinkState, Snapshot } from "../model/snapshot";
import { diffInputs } from "../rpc/diff";
import type {
  CallContext,
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CustomResourceHandler,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import { connectionFromUri, connectionValue, readConnection, withSecretKeys } from "./connection-inputs";
import { eventSentence, eventsValue, newEvents, persistenceProblem } from "./host-events";
import type { Hosts } from "./hosts";
import { InputReader } from "../inputs/input-reader";
import { located } from "./located";
import { splitUrn } from "./owner";

interface HostInputs {
  readonly connection: Connection;
  readonly underlayAddress: string | undefined;
  readonly retired: boolean;
}

/**
 * A machine. It is looked at, and it is an error where it lacks what sdn needs. Only an update changes anything: it
 * mends what restores networks when the host starts, where that is damaged.
 */
export class HostHandler implements CustomResourceHandler {
  readonly token = "sdn:index:Host";

  constructor(private readonly hosts: Hosts) {}

  private readInputs(inputs: ValueMap): { reader: InputReader; parsed: HostInputs | undefined } {
    const reader = InputReader.of(inputs);
    const connection = readConnection(reader);
    const underlayAddress = reader.parsed("underlayAddress", (text, property) =>
      formatAddress(parseAddress(text, property)),
    );
    const retired = reader.boolean("retired") ?? false;
    reader.finish();
    if (connection === undefined || reader.unknowns.size > 0) return { reader, parsed: undefined };
    if (reader.problems.empty) this.hosts.note(connection);
    if (retired) this.hosts.retire(connection);
    return { reader, parsed: { connection, underlayAddress, retired } };
  }

  check(_context: CallContext, { news }: CheckRequest): Promise<CheckResult> {
    return Promise.resolve({ inputs: withSecretKeys(news), failures: this.readInputs(news).reader.problems.list });
  }

  diff(_context: CallContext, { olds, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const result = diffInputs({ properties: {} }, oldInputs, news, ignoreChanges);
    if (!isDamaged(olds)) return Promise.resolve(result);
    const detailedDiff = new Map([...result.detailedDiff, ["facts", { kind: "update", inputDiff: false } as const]]);
    return Promise.resolve({ ...result, changes: true, detailedDiff });
  }

  async create(context: CallContext, { urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const { reader, parsed } = this.readInputs(inputs);
    reader.problems.throwIfAny();
    if (parsed === undefined) return { id: unknown, outputs: unknownOutputs(inputs) };
    if (parsed.retired) {
      throw new SdnError({
        code: "invalid-input",
        property: "retired",
        value: true,
        cause: "a host that was never used cannot be retired",
        remedy: "take this Host out of the program",
      });
    }
    context.status("reading facts");
    const { name } = splitUrn(urn);
    if (preview) return { id: unknown, outputs: await this.lookAhead(context, name, {}, inputs, parsed) };
    return { id: connectionUri(parsed.connection), outputs: (await this.look(context, name, inputs, parsed)).outputs };
  }

  async update(context: CallContext, { urn, olds, news, preview }: UpdateRequest): Promise<ValueMap> {
    const { reader, parsed } = this.readInputs(news);
    reader.problems.throwIfAny();
    if (parsed === undefined) return unknownOutputs(news);
    if (parsed.retired) return { ...olds, ...withSecretKeys(news) };
    const { name } = splitUrn(urn);
    if (preview) return this.lookAhead(context, name, olds, news, parsed);
    return (await this.look(context, name, news, parsed, isDamaged(olds))).outputs;
  }

  async read(context: CallContext, { urn, id, inputs, state }: ReadRequest): Promise<ReadResult> {
    const imported = inputs === undefined || Object.keys(inputs).length === 0;
    const actual = imported ? importedInputs(id) : inputs;
    const { reader, parsed } = this.readInputs(actual);
    reader.problems.throwIfAny();
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    if (parsed.retired && state !== undefined) return { id, inputs: actual, outputs: state };
    const { name } = splitUrn(urn);
    const { outputs, snapshot } = await this.look(context, name, actual, parsed);
    for (const event of newEvents(snapshot.events, state)) {
      context.log(event.kind === "restored" ? "info" : "warning", `host ${name}: ${eventSentence(event)}`);
    }
    const problem = persistenceProblem(snapshot.facts?.persistence ?? "none");
    if (problem !== undefined) context.log("warning", `host ${name}: ${problem}`);
    return { id, inputs: actual, outputs };
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  /** In a preview: a host that does not answer may do so when the change is made. What was known of it holds on. */
  private async lookAhead(
    context: CallContext,
    name: string,
    olds: ValueMap,
    inputs: ValueMap,
    parsed: HostInputs,
  ): Promise<ValueMap> {
    try {
      return (await this.look(context, name, inputs, parsed)).outputs;
    } catch (thrown) {
      if (!(thrown instanceof SdnError) || thrown.code !== "unreachable") throw thrown;
      context.log("warning", `${thrown.message} It was not checked whether the host has what sdn needs.`);
      const { connection } = parsed;
      const known = { connection: connectionValue(connection), uri: connectionUri(connection) };
      return { ...unknownOutputs({ ...olds, ...withSecretKeys(inputs) }), ...known };
    }
  }

  private async look(
    context: CallContext,
    name: string,
    inputs: ValueMap,
    { connection, underlayAddress }: HostInputs,
    mend = false,
  ): Promise<{ readonly outputs: ValueMap; readonly snapshot: Snapshot }> {
    const session = this.hosts.session(connection);
    const read = (): Promise<Snapshot> => session.read([], context.signal, mend);
    const snapshot = await located(name, undefined, () => this.hosts.progress.during(name, context, read));
    const { facts } = snapshot;
    if (facts === undefined) throw new SdnError({ code: "internal", host: name, cause: "the host told no facts" });
    const problems = missing(facts, name);
    const underlay = problems.collect(() => underlayOf(snapshot, facts, underlayAddress, name));
    problems.throwIfAny();
    if (underlay === undefined) throw new SdnError({ code: "internal", host: name, cause: "no underlay was found" });
    const outputs = {
      ...withSecretKeys(inputs),
      connection: connectionValue(connection),
      uri: connectionUri(connection),
      facts: factsValue(facts),
      hasDocker: facts.docker !== undefined,
      underlayAddress: underlay.address,
      underlayInterface: underlay.link.name,
      underlayMtu: underlay.link.mtu,
      events: eventsValue(snapshot.events),
    };
    return { outputs, snapshot };
  }
}

/** Whether the last refresh found that what restores the host is damaged. */
function isDamaged({ facts }: ValueMap): boolean {
  return typeof facts === "object" && facts !== null && "persistence" in facts && facts["persistence"] === "damaged";
}

function factsValue(facts: HostFacts): ValueMap {
  const { kernel, architecture, os, hostname, iproute2, nftables, docker, persistence } = facts;
  const engine = docker === undefined ? {} : { dockerVersion: docker.version, dockerApiVersion: docker.apiVersion };
  return { kernel, architecture, os, hostname, iproute2, nftables, persistence, ...engine };
}

/** Every output, unknown where it is not in `known`. */
function unknownOutputs(known: ValueMap): ValueMap {
  const outputs = [
    "connection",
    "uri",
    "facts",
    "hasDocker",
    "underlayAddress",
    "underlayInterface",
    "underlayMtu",
    "events",
  ];
  return { ...Object.fromEntries(outputs.map((name) => [name, unknown])), ...known };
}

/** What must be there, and where it comes from. */
const needs: readonly { readonly feature: string; readonly what: string; readonly remedy: string }[] = [
  { feature: "bridge", what: "the kernel's bridge", remedy: "load the module bridge" },
  { feature: "vxlan", what: "the kernel's VXLAN", remedy: "load the module vxlan" },
  { feature: "veth", what: "the kernel's veth", remedy: "load the module veth" },
  { feature: "macvlan", what: "the kernel's macvlan", remedy: "load the module macvlan" },
  { feature: "nftables", what: "nftables", remedy: "install the package nftables" },
  { feature: "nat", what: "nftables NAT", remedy: "load the module nft_chain_nat" },
  { feature: "nft-bridge", what: "nftables of the bridge family", remedy: "load the module nf_tables for bridges" },
];

function missing(facts: HostFacts, host: string): Problems {
  const problems = new Problems();
  const lack = (what: string, remedy: string): void => {
    problems.add(new SdnError({ code: "missing-capability", host, cause: `the host lacks ${what}`, remedy }));
  };
  if (facts.uid !== 0)
    lack("the privilege: sdn runs as root or by sudo -n", "use root or a user with password-less sudo");
  else if (facts.iproute2 === "") lack("iproute2", "install the package iproute2");
  else {
    for (const { feature, what, remedy } of needs) {
      if (facts.features.has(feature)) continue;
      // Without the program, the kernel's features cannot be told.
      if (facts.nftables === "" && feature.startsWith("n") && feature !== "nftables") continue;
      lack(what, remedy);
    }
  }
  return problems;
}

function underlayOf(
  snapshot: Snapshot,
  facts: HostFacts,
  wanted: string | undefined,
  host: string,
): { address: string; link: LinkState } {
  const hint = readAddress(facts.underlayHint);
  const address = wanted ?? (hint === undefined ? undefined : formatAddress(hint));
  const found = addressesOf(snapshot);
  const link = address === undefined ? undefined : found.get(address);
  if (address !== undefined && link !== undefined) return { address, link };
  const list = [...found.keys()].filter((one) => one !== "127.0.0.1" && one !== "::1");
  throw new SdnError({
    code: "invalid-input",
    host,
    property: "underlayAddress",
    ...(wanted === undefined ? {} : { value: wanted }),
    cause:
      wanted === undefined
        ? "the address that reaches the other hosts cannot be told"
        : "is not an address of this host",
    remedy: `set it to one of ${list.join(", ")}`,
  });
}

function addressesOf(snapshot: Snapshot): ReadonlyMap<string, LinkState> {
  return new Map(
    [...snapshot.host.links.values()].flatMap((link) =>
      link.addresses.map((cidr): [string, LinkState] => [cidr.replace(/\/.*$/, ""), link]),
    ),
  );
}

function importedInputs(id: string): ValueMap {
  const connection = connectionFromUri(id);
  switch (connection?.kind) {
    case undefined:
      throw new SdnError({
        code: "invalid-input",
        property: "id",
        value: id,
        cause: "does not say how to reach the host",
        remedy: "write ssh://USER@ADDRESS:PORT, netns:NAME or local:",
      });
    case "local":
      return { local: true };
    case "namespace":
      return { namespace: connection.name };
    case "ssh":
      return { ssh: { address: connection.address, port: connection.port, user: connection.user } };
  }
}
