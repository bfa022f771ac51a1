/** The engine's resource monitor with promises, abort signals and `SdnError`s. */
import { credentials, Metadata, status } from "@grpc/grpc-js";
import type { ClientUnaryCall, ServiceError } from "@grpc/grpc-js";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { ResourceInvokeRequest } from "@pulumi/pulumi/proto/resource_pb";
import type {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  RegisterResourceResponse,
  ResourceInvokeResponse,
} from "@pulumi/pulumi/proto/resource_pb";

import { SdnError } from "../model/error";
import type { SdnErrorCode } from "../model/error";
import { channelOptions } from "./channel";
import { decodeStruct, encodeStruct, keepAll } from "./codec";
import type { ValueMap } from "./value";

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

export class Monitor {
  private readonly client: ResourceMonitorClient;

  constructor(
    endpoint: string,
    private readonly signal: AbortSignal,
  ) {
    this.client = new ResourceMonitorClient(endpoint, credentials.createInsecure(), channelOptions);
  }

  /** Ends when the engine has carried the registration out, which may take long. */
  register(request: RegisterResourceRequest): Promise<RegisterResourceResponse> {
    const resource = `${request.getType()} "${request.getName()}"`;
    return this.call<RegisterResourceResponse>(resource, (done) => this.client.registerResource(request, meta(), done));
  }

  async registerOutputs(request: RegisterResourceOutputsRequest): Promise<void> {
    await this.call(request.getUrn(), (done) => this.client.registerResourceOutputs(request, meta(), done));
  }

  /** What the engine knows of a registered resource: `urn`, `id`, `provider`, `state`. */
  async getResource(urn: string): Promise<ValueMap> {
    const request = new ResourceInvokeRequest()
      .setTok("pulumi:pulumi:getResource")
      .setArgs(encodeStruct({ urn }, keepAll))
      .setAcceptresources(true);
    const response = await this.call<ResourceInvokeResponse>(urn, (done) => this.client.invoke(request, meta(), done));
    const [failure] = response.getFailuresList();
    if (failure !== undefined) {
      throw new SdnError({ code: "not-found", resource: urn, cause: failure.getReason() });
    }
    return decodeStruct(response.getReturn());
  }

  close(): void {
    this.client.close();
  }

  private call<Response>(resource: string, start: (done: Callback<Response>) => ClientUnaryCall): Promise<Response> {
    const { signal } = this;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const call = start((error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error === null) resolve(response);
        else reject(refusal(resource, error));
      });
      const cancel = (): void => call.cancel();
      signal.addEventListener("abort", cancel);
    });
  }
}

function meta(): Metadata {
  return new Metadata();
}

function refusal(resource: string, error: ServiceError): SdnError {
  return new SdnError({ code: refusalCode(error.code), resource, cause: error.details }, { cause: error });
}

/** The monitor answers UNAVAILABLE once the engine shuts down. */
function refusalCode(code: status): SdnErrorCode {
  switch (code) {
    case status.CANCELLED:
    case status.UNAVAILABLE:
      return "cancelled";
    case status.INVALID_ARGUMENT:
      return "invalid-input";
    default:
      return "remote-failure";
  }
}
