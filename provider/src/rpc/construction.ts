/** One component under construction: what its handler can ask of the engine. */
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Result } from "@pulumi/pulumi/proto/resource_pb";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";

import { SdnError } from "../model/error";
import { decodeStruct } from "./codec";
import type { CallContext, ConstructContext, RegisteredResource } from "./handlers";
import type { Monitor } from "./monitor";
import type { Redactor } from "./redactor";
import { childRegistration } from "./registration";
import type { Session } from "./session";
import { isValueMap, unknown } from "./value";
import type { Value } from "./value";
import { settleOutputs } from "./values";

export class Construction {
  constructor(
    private readonly request: ConstructRequest,
    private readonly session: Session,
    private readonly monitor: Monitor,
    private readonly secrets: Redactor,
  ) {}

  context(
    call: CallContext,
    urn: string,
    inputDependencies: (property: string) => readonly string[],
  ): ConstructContext {
    const { request, session } = this;
    return {
      signal: call.signal,
      log: (severity, message) => {
        call.log(severity, message);
      },
      status: (message) => {
        call.status(message);
      },
      name: request.getName(),
      urn,
      project: request.getProject(),
      stack: request.getStack(),
      organization: request.getOrganization(),
      dryRun: request.getDryrun(),
      child: (child) => this.register(childRegistration(request, urn, child, session)),
      providerOf: (packageName) => request.getProvidersMap().get(packageName),
      lookup: (other) => this.lookup(other),
      inputDependencies,
    };
  }

  /** Rejects where the engine says that the resource failed or was skipped. */
  async register(registration: RegisterResourceRequest): Promise<RegisteredResource> {
    const response = await this.monitor.register(registration);
    if (response.getResult() !== Result.SUCCESS) {
      const skipped = response.getResult() === Result.SKIP;
      throw new SdnError({
        code: "remote-failure",
        resource: `${registration.getType()} "${registration.getName()}"`,
        cause: skipped
          ? "the engine skipped it, because something that it depends on failed"
          : "the engine failed to apply it",
        remedy: skipped ? "repair what failed first" : "see the errors of that resource",
      });
    }
    const outputs = settleOutputs(decodeStruct(response.getObject()));
    this.secrets.learn(outputs);
    const pending = registration.getCustom() && (this.request.getDryrun() || response.getUnknown());
    const id = response.getId();
    return { urn: response.getUrn(), id: id === "" && pending ? unknown : id, outputs };
  }

  private async lookup(urn: string): Promise<RegisteredResource> {
    const found = await this.monitor.getResource(urn);
    const state = found["state"];
    const outputs = isValueMap(state) ? settleOutputs(state) : {};
    this.secrets.learn(outputs);
    const id = text(found["id"]);
    // Only a custom resource has a provider; its id is empty as long as it does not exist.
    const pending = this.request.getDryrun() && text(found["provider"]) !== "";
    return { urn: text(found["urn"]), id: id === "" && pending ? unknown : id, outputs };
  }
}

function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}
