/** Construct: registers a component, lets its handler register the children, and registers what it gives out. */
import { ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { RegisterResourceOutputsRequest } from "@pulumi/pulumi/proto/resource_pb";

import { SdnError } from "../model/error";
import { decodeStruct, encodeStruct } from "./codec";
import { Construction } from "./construction";
import { InvalidInputs } from "./errors";
import type { ComponentHandler } from "./handlers";
import { Monitor } from "./monitor";
import { componentRegistration, monitorPeer } from "./registration";
import type { Session } from "./session";
import { handlerOf } from "./tokens";
import type { Call, Method } from "./unary";
import type { ValueMap } from "./value";
import { dependenciesOf, settleOutputs } from "./values";

export class ConstructMethod implements Method<ConstructRequest, ConstructResponse> {
  constructor(private readonly session: Session) {}

  readonly run = async (request: ConstructRequest, call: Call): Promise<ConstructResponse> => {
    const { handlers } = this.session;
    const handler = handlerOf(handlers.components, request.getType(), "component", handlers);
    const monitor = new Monitor(request.getMonitorendpoint(), call.context.signal);
    try {
      return await this.build(request, call, handler, monitor);
    } catch (thrown) {
      throw asInvalidInputs(request, thrown);
    } finally {
      monitor.close();
    }
  };

  private async build(
    request: ConstructRequest,
    call: Call,
    handler: ComponentHandler,
    monitor: Monitor,
  ): Promise<ConstructResponse> {
    const given = decodeStruct(request.getInputs());
    const inputs = settleOutputs(given);
    call.secrets.learn(inputs);
    const failures = handler.check(inputs);
    if (failures.length > 0) throw new InvalidInputs(subject(request), failures, inputs);

    const dependencies = inputDependencies(request, given);
    const construction = new Construction(request, this.session, monitor, call.secrets);
    const { urn } = await construction.register(componentRegistration(request, inputs, dependencies));
    call.setUrn(urn);
    const outputs = await handler.construct(construction.context(call.context, urn, dependencies), inputs);
    await monitor.registerOutputs(
      new RegisterResourceOutputsRequest().setUrn(urn).setOutputs(encodeStruct(outputs, monitorPeer)),
    );
    return response(request, urn, outputs);
  }
}

function response(request: ConstructRequest, urn: string, outputs: ValueMap): ConstructResponse {
  const keepOutputs = request.getAcceptsOutputValues();
  const answer = new ConstructResponse().setUrn(urn).setState(encodeStruct(outputs, { ...monitorPeer, keepOutputs }));
  for (const [property, value] of Object.entries(outputs)) {
    const urns = [...dependenciesOf(value)];
    answer.getStatedependenciesMap().set(property, new ConstructResponse.PropertyDependencies().setUrnsList(urns));
  }
  return answer;
}

/** What the request says of each input, and what the outputs in it say. */
function inputDependencies(request: ConstructRequest, given: ValueMap): (property: string) => readonly string[] {
  const stated = new Map<string, readonly string[]>();
  request.getInputdependenciesMap().forEach((urns, property) => stated.set(property, urns.getUrnsList()));
  return (property) => [...new Set([...(stated.get(property) ?? []), ...dependenciesOf(given[property])])].sort();
}

/** A single wrong input is told in the same way as several. */
function asInvalidInputs(request: ConstructRequest, thrown: unknown): unknown {
  if (!(thrown instanceof SdnError) || thrown.code !== "invalid-input") return thrown;
  const { property, ...rest } = thrown.detail;
  if (property === undefined) return thrown;
  const inputs = decodeStruct(request.getInputs());
  return new InvalidInputs(subject(request), [{ property, reason: new SdnError(rest).message }], inputs);
}

function subject(request: ConstructRequest): string {
  return `${request.getType()} "${request.getName()}"`;
}
