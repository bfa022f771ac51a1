/** Everything that makes pods. */

import type { ContainerPort, PodTemplate } from "../objects";
import type { Field } from "./field";
import { kindOf, metadataOf, nameOf } from "./metadata";
import { protocolOf } from "./network-policy";
import type { Reading } from "./reading";

/** Where a workload's template of pods stands in it. */
const templates: ReadonlyMap<string, readonly string[]> = new Map([
  ["Deployment", ["spec", "template"]],
  ["StatefulSet", ["spec", "template"]],
  ["DaemonSet", ["spec", "template"]],
  ["ReplicaSet", ["spec", "template"]],
  ["ReplicationController", ["spec", "template"]],
  ["Job", ["spec", "template"]],
  ["CronJob", ["spec", "jobTemplate", "spec", "template"]],
]);

export function workloadOf(object: Field, kind: string, reading: Reading): PodTemplate {
  const { namespace, name } = metadataOf(object);
  const template = object.at(...(templates.get(kind) ?? []));
  return {
    kind: "pods",
    namespace,
    workload: { name, kind },
    labels: template.at("metadata", "labels").labels(),
    ports: portsOf(template.at("spec"), reading),
  };
}

/** A pod that a controller made counts as the controller's. */
export function podOf(object: Field, reading: Reading): PodTemplate {
  const { namespace, name, labels } = metadataOf(object);
  const owner = object
    .at("metadata", "ownerReferences")
    .items()
    .find((one) => one.at("controller").boolean());
  const kind = owner === undefined || owner.at("kind").missing ? "Pod" : kindOf(owner.at("kind"));
  const isOwned = owner !== undefined && kind !== "Node";
  return {
    kind: "pods",
    namespace,
    workload: isOwned ? { name: nameOf(owner.at("name")), kind } : { name, kind: "Pod" },
    labels,
    ports: portsOf(object.at("spec"), reading),
  };
}

/** Those of containers that run beside each other: an init container does where it is always restarted. */
function portsOf(spec: Field, reading: Reading): readonly ContainerPort[] {
  const sidecars = spec
    .at("initContainers")
    .items()
    .filter((one) => one.at("restartPolicy").textOr("") === "Always");
  return [...spec.at("containers").items(), ...sidecars].flatMap((container) =>
    container
      .at("ports")
      .items()
      .flatMap((port): readonly ContainerPort[] => {
        const number = port.at("containerPort");
        if (number.missing) {
          reading.warn(port, "the port has no containerPort; it is left out");
          return [];
        }
        const protocol = protocolOf(port.at("protocol"));
        return [{ name: port.at("name").textOr(""), protocol, port: number.port() }];
      }),
  );
}
