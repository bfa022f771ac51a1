import { parse } from "yaml";

import { SdnError } from "../../../../provider/src/model/error";
import type { CustomResourceHandler, Handlers, ValueMap } from "../../../../provider/src/rpc/handlers";
import { stripSecrets } from "../../../../provider/src/rpc/values";
import { type Access, KubernetesClient } from "../../kubernetes/client";
import { KubernetesResource } from "./resource";

const version = "4.99.0-standin";

/** Any token of the package is a kind of the cluster: nothing but the cluster knows which there are. */
class EveryKind extends Map<string, () => CustomResourceHandler> {
  constructor(private readonly client: () => KubernetesClient) {
    super();
  }
  override get(token: string): () => CustomResourceHandler {
    return () => new KubernetesResource(token, this.client());
  }
}

const anything = { $ref: "pulumi.json#/Any" };
const object = { apiVersion: anything, kind: anything, metadata: anything, spec: anything };

/** As much as programs of tests write themselves. */
const schema = {
  name: "kubernetes",
  version,
  description: "A stand-in for @pulumi/kubernetes in tests. It is not that package.",
  provider: { inputProperties: { kubeconfig: { type: "string" }, clusterIdentifier: { type: "string" } } },
  resources: {
    "kubernetes:core/v1:Namespace": { inputProperties: object, properties: object },
  },
};

export function createStandin(): Handlers {
  let client: KubernetesClient | undefined;
  const configured = (): KubernetesClient => {
    if (client !== undefined) return client;
    throw new SdnError({ code: "invalid-input", property: "kubeconfig", cause: "stand-in: is required and missing" });
  };
  return {
    packageName: schema.name,
    version,
    schema: () => JSON.stringify(schema),
    resources: new EveryKind(configured),
    components: new Map(),
    functions: new Map(),
    checkConfig: (news) => ({ inputs: news, failures: [] }),
    configure: (config) => {
      client = new KubernetesClient(accessOf(stripSecrets(config)));
    },
    close: () => Promise.resolve(),
  };
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

/** Of a kubeconfig with one cluster and a token; a text in JSON comes as what it says. */
function accessOf({ kubeconfig = "" }: ValueMap): Access {
  const given: unknown = typeof kubeconfig === "string" ? parse(kubeconfig) : kubeconfig;
  const { clusters, users } = given as Kubeconfig;
  const { server = "", "certificate-authority-data": authority = "" } = clusters[0]?.cluster ?? {};
  return { server, ca: Buffer.from(authority, "base64").toString("utf8"), token: users[0]?.user.token ?? "" };
}
