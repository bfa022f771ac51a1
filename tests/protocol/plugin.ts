/**
 * A provider under test together with a fake engine and a fake monitor, driven over gRPC as the engine drives it:
 * requests carry what the engine puts into them, answers come back as property values.
 */
import * as pb from "@pulumi/pulumi/proto/provider_pb";

import { decodeStruct, encodeStruct, keepAll } from "../../provider/src/rpc/codec";
import type { CheckFailure, Handlers } from "../../provider/src/rpc/handlers";
import { serve } from "../../provider/src/rpc/server";
import type { ValueMap } from "../../provider/src/rpc/value";
import { startEngine } from "./fake-engine";
import type { FakeEngine } from "./fake-engine";
import { project, stack, startMonitor, urnOf } from "./fake-monitor";
import type { FakeMonitor, FakeMonitorOptions } from "./fake-monitor";
import { connectProvider } from "./provider-client";
import type { ProviderClient } from "./provider-client";

export interface Outputs {
  readonly id: string;
  readonly outputs: ValueMap;
}

export interface CallOptions {
  /** Default false. */
  readonly preview?: boolean;
  /** Time limit in seconds. Default none. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface Plugin {
  /** Every method with its raw messages. */
  readonly client: ProviderClient;
  readonly engine: FakeEngine;
  readonly monitor: FakeMonitor;
  check(type: string, name: string, news: ValueMap, olds?: ValueMap): Promise<Checked>;
  diff(type: string, name: string, request: DiffArguments): Promise<pb.DiffResponse>;
  create(type: string, name: string, inputs: ValueMap, options?: CallOptions): Promise<Outputs>;
  /** `undefined` where the resource does not exist. Without inputs and state: an import. */
  read(type: string, name: string, id: string, inputs?: ValueMap, state?: ValueMap): Promise<Found | undefined>;
  update(type: string, name: string, request: UpdateArguments, options?: CallOptions): Promise<ValueMap>;
  delete(type: string, name: string, id: string, outputs: ValueMap, options?: CallOptions): Promise<void>;
  /** `configure` sets further options on the request. */
  construct(
    type: string,
    name: string,
    inputs: ValueMap,
    configure?: (request: pb.ConstructRequest) => void,
  ): Promise<Constructed>;
  invoke(
    token: string,
    args: ValueMap,
  ): Promise<{ readonly result: ValueMap; readonly failures: readonly CheckFailure[] }>;
  close(): Promise<void>;
}

export interface Checked {
  readonly inputs: ValueMap;
  readonly failures: readonly CheckFailure[];
}

export interface Found extends Outputs {
  readonly inputs: ValueMap;
}

export interface Constructed {
  readonly urn: string;
  readonly state: ValueMap;
  readonly stateDependencies: Readonly<Record<string, readonly string[]>>;
}

export interface DiffArguments {
  readonly id?: string;
  readonly olds?: ValueMap;
  readonly oldInputs: ValueMap;
  readonly news: ValueMap;
  readonly ignoreChanges?: readonly string[];
}

export interface UpdateArguments {
  readonly id: string;
  readonly olds: ValueMap;
  readonly oldInputs?: ValueMap;
  readonly news: ValueMap;
}

/**
 * Serves `handlers` in this process, handshakes and configures it with `config`. With `port`, uses the provider that
 * listens there instead.
 */
export async function startPlugin(
  provider: { readonly handlers: Handlers } | { readonly port: number },
  options: FakeMonitorOptions & { readonly config?: ValueMap } = {},
): Promise<Plugin> {
  const [engine, monitor] = await Promise.all([startEngine(), startMonitor(options)]);
  const server = "handlers" in provider ? await serve(provider.handlers) : undefined;
  const port = "port" in provider ? provider.port : server?.port;
  const client = connectProvider(`127.0.0.1:${port}`);
  await client.handshake(new pb.ProviderHandshakeRequest().setEngineAddress(engine.address));
  const args = encodeStruct(options.config ?? {}, keepAll);
  await client.configure(new pb.ConfigureRequest().setArgs(args).setAcceptsecrets(true).setAcceptresources(true));
  return {
    client,
    engine,
    monitor,
    ...resourceCalls(client),
    ...otherCalls(client, monitor, options.dryRun === true),
    close: async () => {
      client.close();
      await server?.close();
      engine.close();
      monitor.close();
    },
  };
}

type ResourceCalls = Pick<Plugin, "check" | "diff" | "create" | "read" | "update" | "delete">;

function resourceCalls(client: ProviderClient): ResourceCalls {
  return {
    check: async (type, name, news, olds) => {
      const request = addressed(new pb.CheckRequest(), type, name)
        .setNews(wire(news))
        .setOlds(wire(olds ?? {}));
      const response = await client.check(request);
      return { inputs: decodeStruct(response.getInputs()), failures: failuresOf(response.getFailuresList()) };
    },
    diff: (type, name, { id, olds, oldInputs, news, ignoreChanges }) =>
      client.diff(
        addressed(new pb.DiffRequest(), type, name)
          .setId(id ?? `${name}-id`)
          .setOlds(wire(olds ?? oldInputs))
          .setOldInputs(wire(oldInputs))
          .setNews(wire(news))
          .setIgnorechangesList([...(ignoreChanges ?? [])]),
      ),
    create: async (type, name, inputs, options = {}) => {
      const request = addressed(new pb.CreateRequest(), type, name)
        .setProperties(wire(inputs))
        .setPreview(options.preview ?? false)
        .setTimeout(options.timeout ?? 0);
      const response = await client.create(request, options.signal);
      return { id: response.getId(), outputs: decodeStruct(response.getProperties()) };
    },
    read: async (type, name, id, inputs, state) => {
      const request = addressed(new pb.ReadRequest(), type, name).setId(id);
      if (inputs !== undefined) request.setInputs(wire(inputs));
      if (state !== undefined) request.setProperties(wire(state));
      const response = await client.read(request);
      if (response.getId() === "") return undefined;
      const outputs = decodeStruct(response.getProperties());
      return { id: response.getId(), inputs: decodeStruct(response.getInputs()), outputs };
    },
    update: async (type, name, { id, olds, oldInputs, news }, options = {}) => {
      const request = addressed(new pb.UpdateRequest(), type, name)
        .setId(id)
        .setOlds(wire(olds))
        .setOldInputs(wire(oldInputs ?? olds))
        .setNews(wire(news))
        .setPreview(options.preview ?? false)
        .setTimeout(options.timeout ?? 0);
      return decodeStruct((await client.update(request, options.signal)).getProperties());
    },
    delete: async (type, name, id, outputs, options = {}) => {
      const request = addressed(new pb.DeleteRequest(), type, name)
        .setId(id)
        .setProperties(wire(outputs))
        .setOldInputs(wire(outputs))
        .setTimeout(options.timeout ?? 0);
      await client.delete(request, options.signal);
    },
  };
}

function otherCalls(
  client: ProviderClient,
  monitor: FakeMonitor,
  dryRun: boolean,
): Pick<Plugin, "construct" | "invoke"> {
  return {
    construct: async (type, name, inputs, configure) => {
      const request = new pb.ConstructRequest()
        .setProject(project)
        .setStack(stack)
        .setOrganization("acme")
        .setDryrun(dryRun)
        .setMonitorendpoint(monitor.address)
        .setAcceptsOutputValues(true)
        .setType(type)
        .setName(name)
        .setInputs(wire(inputs));
      configure?.(request);
      const response = await client.construct(request);
      const dependencies: Record<string, readonly string[]> = {};
      response.getStatedependenciesMap().forEach((urns, property) => (dependencies[property] = urns.getUrnsList()));
      const state = decodeStruct(response.getState());
      return { urn: response.getUrn(), state, stateDependencies: dependencies };
    },
    invoke: async (token, args) => {
      const response = await client.invoke(new pb.InvokeRequest().setTok(token).setArgs(wire(args)));
      return { result: decodeStruct(response.getReturn()), failures: failuresOf(response.getFailuresList()) };
    },
  };
}

interface Addressable<T> {
  setUrn(urn: string): T;
  setName(name: string): T;
  setType(type: string): T;
}

function addressed<T extends Addressable<T>>(request: T, type: string, name: string): T {
  return request.setUrn(urnOf(type, name)).setName(name).setType(type);
}

function wire(map: ValueMap): ReturnType<typeof encodeStruct> {
  return encodeStruct(map, keepAll);
}

function failuresOf(failures: readonly pb.CheckFailure[]): readonly CheckFailure[] {
  return failures.map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
}
