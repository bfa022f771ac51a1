/**
 * As much of an engine as a fleet needs, over the real protocol: it constructs components, carries out what they
 * register and keeps the state. Unlike Pulumi's own engine it takes no time worth mentioning for a resource, so that
 * what is measured is the provider.
 */
import { credentials } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import type { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { channelOptions } from "../../../provider/src/rpc/channel";
import { decodeStruct, encodeStruct, keepAll } from "../../../provider/src/rpc/codec";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference } from "../../../provider/src/rpc/value";
import type { Outcome, Plugin } from "../../../tests/protocol/fakes";
import { startPlugin, urnOf } from "../../../tests/protocol/fakes";

interface Stored {
  readonly type: string;
  readonly id: string;
  readonly parent: string;
  readonly inputs: Struct;
  readonly outputs: Struct;
}

/** What a program of the bench can do. */
export interface FleetRun {
  custom(type: string, name: string, inputs: ValueMap): Promise<ResourceReference>;
  component(type: string, name: string, inputs: ValueMap): Promise<ResourceReference>;
}

export class FleetEngine {
  /** By URN, as Pulumi's state would hold them. */
  private readonly state = new Map<string, Stored>();
  /** Outputs of components, by URN. */
  private readonly components = new Map<string, ValueMap>();
  changes = 0;

  async run(port: number, preview: boolean, program: (run: FleetRun) => Promise<void>): Promise<void> {
    this.changes = 0;
    const plugin: Plugin = await startPlugin(
      { port },
      { dryRun: preview, decide: (request) => this.decide(plugin, request, preview) },
    );
    const client = new ResourceMonitorClient(plugin.monitor.address, credentials.createInsecure(), channelOptions);
    try {
      await program({
        custom: (type, name, inputs) => register(client, type, name, inputs),
        component: async (type, name, inputs) => {
          const { urn } = await plugin.construct(type, name, inputs);
          return new ResourceReference(urn, "", "");
        },
      });
      for (const [urn, outputs] of plugin.monitor.outputs) this.components.set(urn, outputs);
    } finally {
      client.close();
      await plugin.close();
    }
  }

  /** Reads every resource. */
  async refresh(port: number): Promise<void> {
    const plugin = await startPlugin({ port });
    try {
      await Promise.all(
        [...this.state].map(async ([urn, { id, type, inputs, outputs }]) => {
          const request = new pb.ReadRequest().setUrn(urn).setType(type).setId(id);
          const found = await plugin.client.read(request.setInputs(inputs).setProperties(outputs));
          if (found.getId() !== id) throw new Error(`${urn} is gone`);
        }),
      );
    } finally {
      await plugin.close();
    }
  }

  /** Bytes of each resource's entry in the state: those that a host has each, and the components and allocations. */
  stateBytes(): { readonly perHost: readonly number[]; readonly others: readonly number[] } {
    const size = (entry: unknown): number => Buffer.byteLength(JSON.stringify(entry));
    const perHost: number[] = [];
    const others = [...this.components].map(([urn, outputs]) => {
      return size({ urn, outputs: encodeStruct(outputs, keepAll).toJavaScript() });
    });
    for (const [urn, { id, type, parent, inputs, outputs }] of this.state) {
      const entry = {
        urn,
        custom: true,
        id,
        type,
        parent,
        inputs: inputs.toJavaScript(),
        outputs: outputs.toJavaScript(),
      };
      (/^sdn:(linux|index):/.test(type) ? perHost : others).push(size(entry));
    }
    return { perHost, others };
  }

  private async decide(plugin: Plugin, request: RegisterResourceRequest, preview: boolean): Promise<Outcome> {
    if (!request.getCustom()) return {};
    const type = request.getType();
    const parent = request.getParent();
    const urn = urnOf(type, request.getName(), parent);
    const old = this.state.get(urn);
    const news = request.getObject() ?? encodeStruct({}, keepAll);
    const check = new pb.CheckRequest().setUrn(urn).setType(type).setName(request.getName()).setNews(news);
    const checked = await plugin.client.check(old === undefined ? check : check.setOlds(old.inputs));
    const [failure] = checked.getFailuresList();
    if (failure !== undefined) throw new Error(`${urn}: ${failure.getProperty()}: ${failure.getReason()}`);
    const inputs = checked.getInputs() ?? news;
    const made = await this.carryOut(plugin, { urn, type, parent, inputs, old, preview });
    if (!preview) this.state.set(urn, made);
    return { id: made.id, outputs: decodeStruct(made.outputs) };
  }

  private async carryOut(
    plugin: Plugin,
    {
      urn,
      type,
      parent,
      inputs,
      old,
      preview,
    }: {
      readonly urn: string;
      readonly type: string;
      readonly parent: string;
      readonly inputs: Struct;
      readonly old: Stored | undefined;
      readonly preview: boolean;
    },
  ): Promise<Stored> {
    if (old === undefined) {
      this.changes += 1;
      const request = new pb.CreateRequest().setUrn(urn).setType(type).setProperties(inputs).setPreview(preview);
      const created = await plugin.client.create(request);
      return { type, parent, id: created.getId(), inputs, outputs: created.getProperties() ?? inputs };
    }
    const diff = await plugin.client.diff(
      new pb.DiffRequest()
        .setUrn(urn)
        .setType(type)
        .setId(old.id)
        .setOlds(old.outputs)
        .setOldInputs(old.inputs)
        .setNews(inputs),
    );
    if (diff.getChanges() !== pb.DiffResponse.DiffChanges.DIFF_SOME) return old;
    this.changes += 1;
    const updated = await plugin.client.update(
      new pb.UpdateRequest()
        .setUrn(urn)
        .setType(type)
        .setId(old.id)
        .setOlds(old.outputs)
        .setOldInputs(old.inputs)
        .setNews(inputs)
        .setPreview(preview),
    );
    return { ...old, inputs, outputs: updated.getProperties() ?? inputs };
  }
}

async function register(
  client: ResourceMonitorClient,
  type: string,
  name: string,
  inputs: ValueMap,
): Promise<ResourceReference> {
  const request = new RegisterResourceRequest()
    .setType(type)
    .setName(name)
    .setCustom(true)
    .setObject(encodeStruct(inputs, keepAll));
  const response = await new Promise<RegisterResourceResponse>((resolve, reject) => {
    client.registerResource(request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
  return new ResourceReference(response.getUrn(), response.getId(), "");
}
