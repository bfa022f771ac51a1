import type { Connection } from "../model/connection";
import { connectionUri } from "../model/connection";
import { SdnError } from "../model/error";
import { parseDockerName } from "../model/name";
import { parseSharedMode } from "../model/network-mode";
import type { ContainerState, Snapshot } from "../model/snapshot";
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
import { connectionFromUri, connectionValue, readConnectionValue } from "./connection-inputs";
import type { Hosts } from "./hosts";
import { InputReader } from "../inputs/input-reader";
import { located } from "./located";

interface SharedInputs {
  readonly connection: Connection;
  readonly host: string;
  readonly container: string;
  readonly networkMode: string;
}

/** A container that lives in another's network namespace: nothing is made, its addresses are the other's. */
export class SharedPortHandler implements CustomResourceHandler {
  readonly token = "sdn:linux:SharedPort";

  constructor(private readonly hosts: Hosts) {}

  private readInputs(inputs: ValueMap): { reader: InputReader; parsed: SharedInputs | undefined } {
    const reader = InputReader.of(inputs);
    const nested = reader.object("connection");
    const read = nested === undefined ? undefined : readConnectionValue(nested);
    const connection = reader.require("connection", read, "a Host's connection");
    const host = reader.require("host", reader.text("host"), "the host's name");
    const container = reader.require("container", reader.parsed("container", parseDockerName), "the container's name");
    const networkMode = reader.require("networkMode", reader.parsed("networkMode", parseSharedMode), "the mode");
    reader.finish();
    if (connection === undefined || host === undefined || container === undefined || networkMode === undefined) {
      return { reader, parsed: undefined };
    }
    this.hosts.note(connection);
    return { reader, parsed: { connection, host, container, networkMode } };
  }

  check(_context: CallContext, { news }: CheckRequest): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: this.readInputs(news).reader.problems.list });
  }

  diff(_context: CallContext, { oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    return Promise.resolve(diffInputs({ properties: {} }, oldInputs, news, ignoreChanges));
  }

  async create(context: CallContext, { inputs, preview }: CreateRequest): Promise<CreateResult> {
    const { reader, parsed } = this.readInputs(inputs);
    reader.problems.throwIfAny();
    if (parsed === undefined || preview) {
      return { id: unknown, outputs: { ...inputs, ipv4Address: unknown, ipv6Address: unknown } };
    }
    const addresses = await this.look(context, parsed);
    return {
      id: `${connectionUri(parsed.connection)}#container-${parsed.container}`,
      outputs: { ...inputs, ...addresses },
    };
  }

  async update(context: CallContext, { news, preview }: UpdateRequest): Promise<ValueMap> {
    const { parsed } = this.readInputs(news);
    if (parsed === undefined || preview) return { ...news, ipv4Address: unknown, ipv6Address: unknown };
    return { ...news, ...(await this.look(context, parsed)) };
  }

  async read(context: CallContext, { id, inputs }: ReadRequest): Promise<ReadResult> {
    if (inputs === undefined || inputs["container"] === undefined) return this.import(context, id);
    const { parsed } = this.readInputs(inputs);
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    try {
      return { id, inputs, outputs: { ...inputs, ...(await this.look(context, parsed)) } };
    } catch (thrown) {
      if (thrown instanceof SdnError && thrown.code === "not-found") return undefined;
      throw thrown;
    }
  }

  /** From the id alone: the engine tells whose network the container has. */
  private async import(context: CallContext, id: string): Promise<ReadResult> {
    const [uri = "", key = ""] = id.split("#");
    const connection = this.hosts.known(uri) ?? connectionFromUri(uri);
    const container = /^container-(.+)$/.exec(key)?.[1];
    if (connection === undefined || container === undefined) {
      throw new SdnError({
        code: "invalid-input",
        property: "id",
        value: id,
        cause: "is not an id of this resource",
        remedy: "write HOST#container-NAME, for example ssh://root@192.0.2.11:22#container-web",
      });
    }
    parseDockerName(container, "id");
    const session = this.hosts.session(connection);
    const snapshot = await session.read([["query_container", container]], context.signal);
    const networkMode = snapshot.containers.get(container)?.networkMode;
    if (networkMode === undefined) return undefined;
    parseSharedMode(networkMode, "networkMode");
    const host = snapshot.facts?.hostname ?? uri;
    const inputs = { connection: connectionValue(connection), host, container, networkMode };
    const parsed = { connection, host, container, networkMode };
    return { id, inputs, outputs: { ...inputs, ...(await this.look(context, parsed)) } };
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  private async look(
    context: CallContext,
    { connection, host, container, networkMode }: SharedInputs,
  ): Promise<ValueMap> {
    const other = networkMode.startsWith("container:") ? networkMode.slice("container:".length) : undefined;
    const queries = [container, ...(other === undefined ? [] : [other])].map((name) => ["query_container", name]);
    const snapshot = await located(host, undefined, () => this.hosts.session(connection).read(queries, context.signal));
    const state = existing(snapshot, container, host);
    const shares = other === undefined ? state.networkMode === "host" : state.networkMode.startsWith("container:");
    if (!shares) {
      throw new SdnError({
        code: "conflict",
        host,
        property: "container.networkMode",
        value: networkMode,
        cause: `container ${container} runs with network mode ${state.networkMode}`,
        remedy: "state its real mode, or start it in this one",
      });
    }
    return other === undefined ? hostAddresses(snapshot) : containerAddresses(existing(snapshot, other, host));
  }
}

function existing(snapshot: Snapshot, name: string, host: string): ContainerState {
  const state = snapshot.containers.get(name);
  if (state !== undefined) return state;
  throw new SdnError({
    code: "not-found",
    host,
    property: "container.name",
    value: name,
    cause: "no such container on this engine",
    remedy: "create it first, or let the resource that creates it come before this one (dependsOn)",
  });
}

function hostAddresses(snapshot: Snapshot): ValueMap {
  const hint = snapshot.facts?.underlayHint ?? "";
  if (hint === "") return {};
  return hint.includes(":") ? { ipv6Address: hint } : { ipv4Address: hint };
}

function containerAddresses(state: ContainerState): ValueMap {
  const networks = [...state.networks.values()];
  const ipv4 = networks.find((network) => network.ipv4 !== "")?.ipv4;
  const ipv6 = networks.find((network) => network.ipv6 !== "")?.ipv6;
  return { ...(ipv4 === undefined ? {} : { ipv4Address: ipv4 }), ...(ipv6 === undefined ? {} : { ipv6Address: ipv6 }) };
}
