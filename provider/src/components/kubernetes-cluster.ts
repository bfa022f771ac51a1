import { policyApis } from "../compile/kubernetes/world";
import { InputReader } from "../inputs/input-reader";
import { formatCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { parseName } from "../model/name";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";

function read(inputs: ValueMap): { reader: InputReader; outputs: ValueMap } {
  const reader = InputReader.of(inputs);
  const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));
  const cidrs = (name: string): ValueMap => ({ [name]: reader.orUnknown(name, reader.texts(name, cidr)) ?? [] });
  const outputs = {
    policyApi: reader.orUnknown("policyApi", reader.choice("policyApi", policyApis)) ?? "none",
    ...cidrs("podCidrs"),
    ...cidrs("nodeCidrs"),
    ...cidrs("serviceCidrs"),
  };
  reader.finish();
  return { reader, outputs };
}

/** How a cluster is opened stays with the user's provider; what is here is what policies must know of it. */
export const kubernetesCluster: ComponentHandler = {
  token: "sdn:index:KubernetesCluster",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const providerReference = context.providerOf("kubernetes");
    if (providerReference === undefined) {
      throw new SdnError({
        code: "invalid-input",
        resource: `cluster ${context.name}`,
        cause: "has no provider, and the one that Pulumi takes by default is of whichever cluster a kubeconfig names",
        remedy:
          "make a provider of package kubernetes with the cluster's kubeconfig, and give it with the option providers",
      });
    }
    return Promise.resolve({ providerReference, ...read(inputs).outputs });
  },
};
