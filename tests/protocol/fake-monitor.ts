/** A resource monitor that registers whatever it is asked to and remembers it. */
import { Server, status } from "@grpc/grpc-js";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import type { IResourceMonitorServer } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { RegisterResourceResponse, ResourceInvokeResponse } from "@pulumi/pulumi/proto/resource_pb";
import type { RegisterResourceRequest, Result } from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { decodeStruct, encodeStruct, keepAll } from "../../provider/src/rpc/codec";
import type { ValueMap } from "../../provider/src/rpc/value";
import { bind } from "./fake-engine";

/** What becomes of one registration. Default: success, outputs as the inputs, id `<name>-id` (empty in a preview). */
export interface Outcome {
  readonly id?: string;
  readonly outputs?: ValueMap;
  readonly result?: Result;
}

export interface FakeMonitorOptions {
  /** As in a preview, nothing gets an id. Default false. */
  readonly dryRun?: boolean;
  /** Asked for each registration; `undefined` for the default. A promise that stays open keeps the caller waiting. */
  readonly decide?: (request: RegisterResourceRequest) => Outcome | undefined | Promise<Outcome | undefined>;
}

export interface FakeMonitor {
  /** `host:port`. */
  readonly address: string;
  /** In the order of arrival. */
  readonly registered: readonly RegisterResourceRequest[];
  /** Outputs given to RegisterResourceOutputs, by URN. */
  readonly outputs: ReadonlyMap<string, ValueMap>;
  /** The registration of that name; throws where there is none. */
  named(name: string): RegisterResourceRequest;
  close(): void;
}

interface Known {
  readonly id: string;
  readonly custom: boolean;
  outputs: ValueMap;
}

export const project = "shop";
export const stack = "dev";

/** The URN of a resource of the fake monitor's project and stack. */
export function urnOf(type: string, name: string, parent = ""): string {
  const parentType = parent.split("::")[2] ?? "";
  return `urn:pulumi:${stack}::${project}::${parentType === "" ? type : `${parentType}$${type}`}::${name}`;
}

export async function startMonitor(options: FakeMonitorOptions = {}): Promise<FakeMonitor> {
  const registered: RegisterResourceRequest[] = [];
  const outputs = new Map<string, ValueMap>();
  const known = new Map<string, Known>();
  const server = new Server();
  const service: Pick<IResourceMonitorServer, "registerResource" | "registerResourceOutputs" | "invoke"> = {
    registerResource: (call, respond) => {
      const { request } = call;
      registered.push(request);
      register(request, options, known).then(
        (response) => respond(null, response),
        (error: unknown) => respond({ code: status.UNKNOWN, details: String(error) }),
      );
    },
    registerResourceOutputs: (call, respond) => {
      const [urn, map] = [call.request.getUrn(), decodeStruct(call.request.getOutputs())];
      outputs.set(urn, map);
      const entry = known.get(urn);
      if (entry !== undefined) entry.outputs = map;
      respond(null, new Empty());
    },
    invoke: (call, respond) => {
      const { urn } = decodeStruct(call.request.getArgs()) as { readonly urn: string };
      const entry = known.get(urn);
      if (call.request.getTok() !== "pulumi:pulumi:getResource" || entry === undefined) {
        respond({ code: status.UNKNOWN, details: `unknown resource ${urn}` });
        return;
      }
      const provider = entry.custom ? "urn:pulumi:dev::shop::pulumi:providers:echo::default::1" : "";
      const found = encodeStruct({ urn, id: entry.id, provider, state: entry.outputs }, keepAll);
      respond(null, new ResourceInvokeResponse().setReturn(found));
    },
  };
  server.addService(ResourceMonitorService, { ...service });
  return {
    address: await bind(server),
    registered,
    outputs,
    named: (name) => {
      const found = registered.find((request) => request.getName() === name);
      if (found === undefined) throw new Error(`nothing named ${name} was registered`);
      return found;
    },
    close: () => server.forceShutdown(),
  };
}

async function register(
  request: RegisterResourceRequest,
  options: FakeMonitorOptions,
  known: Map<string, Known>,
): Promise<RegisterResourceResponse> {
  const outcome = (await options.decide?.(request)) ?? {};
  const urn = urnOf(request.getType(), request.getName(), request.getParent());
  const custom = request.getCustom();
  const id = outcome.id ?? (custom && options.dryRun !== true ? `${request.getName()}-id` : "");
  const outputs = outcome.outputs ?? (custom ? decodeStruct(request.getObject()) : {});
  known.set(urn, { id, custom, outputs });
  const response = new RegisterResourceResponse().setUrn(urn).setId(id).setObject(encodeStruct(outputs, keepAll));
  return outcome.result === undefined ? response : response.setResult(outcome.result);
}
