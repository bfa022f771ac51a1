/** Services, namespaces and nodes. */

import { readAddress } from "../../model/address";
import { addressesOf } from "../../policy/address-set";
import type { NamespaceObject, NodeObject, ServiceObject } from "../objects";
import type { Field } from "./field";
import { metadataOf } from "./metadata";

export function serviceOf(object: Field): ServiceObject {
  const { namespace, name } = metadataOf(object);
  const selector = object.at("spec", "selector");
  const ports = object
    .at("spec", "ports")
    .items()
    .map((port) => {
      const number = port.at("port").port();
      const target = port.at("targetPort");
      // 0 and an empty text are what a program writes that leaves it out.
      const isGiven = !target.missing && target.value !== 0 && target.value !== "";
      return { name: port.at("name").textOr(""), port: number, targetPort: isGiven ? target.portReference() : number };
    });
  const labels = selector.labels();
  return { kind: "service", namespace, name, selector: Object.keys(labels).length === 0 ? undefined : labels, ports };
}

/** The server puts the name among the labels of every namespace. */
export const nameLabel = "kubernetes.io/metadata.name";

export function namespaceOf(object: Field): NamespaceObject {
  const { name, labels } = metadataOf(object);
  return { kind: "namespace", name, labels: { ...labels, [nameLabel]: name } };
}

export function nodeOf(object: Field): NodeObject {
  const { name, labels } = metadataOf(object);
  const addresses = object
    .at("status", "addresses")
    .items()
    .flatMap((one) => readAddress(one.at("address").textOr("")) ?? []);
  return { kind: "node", name, labels, addresses: addressesOf(addresses) };
}
