/** A firewall policy as objects of a Kubernetes cluster. Pure. */

import type { Policy } from "../../policy/rule";
import { type KubernetesObject, marks, objectName, type Owner, shortHash } from "./object";
import { namespaceOf, networkPolicySpec } from "./network-policy";
import { subjectsOf } from "./peers";
import { tieredObjects } from "./policy-api";
import { Refusals } from "./refusals";
import { rulesOf } from "./rules";
import { selectorJson } from "./selectors";
import type { Cluster, ClusterWorld, Pods } from "./world";

export interface CompiledObject {
  /** Tells it apart from the policy's other objects on the cluster, and stays when those come and go. */
  readonly key: string;
  readonly object: KubernetesObject;
}

/**
 * What the policy is on the cluster; nothing where it applies to no pods of it.
 *
 * @throws SdnError `invalid-input` with all that the cluster cannot express
 */
export function compileForCluster(
  policy: Policy,
  world: ClusterWorld,
  cluster: Cluster,
  owner: Owner,
): readonly CompiledObject[] {
  const subjects = subjectsOf(policy.appliesTo, world, cluster);
  if (subjects.length === 0) return [];
  const refusals = new Refusals(policy, cluster);
  refuseManner(policy, refusals);
  const rules = rulesOf(policy, world, cluster, refusals);
  const { tier } = policy;
  const objects =
    tier === "application"
      ? applicationObjects(policy, subjects, networkPolicySpec(policy, rules, refusals), owner, refusals)
      : tieredObjects({ ...policy, tier }, rules, subjects, cluster, refusals).flatMap(([subject, parts]) =>
          parts.map(({ apiVersion, kind, part, name, spec }): CompiledObject => {
            const words = [keyOf(subject), String(part)];
            const metadata = { name: name ?? objectName(owner, policy.name, words), ...marks(owner) };
            return { key: words.join("-"), object: { apiVersion, kind, metadata, spec } };
          }),
        );
  refusals.problems.throwIfAny();
  return objects;
}

function refuseManner(policy: Policy, refusals: Refusals): void {
  if (policy.enforcement.mode === "watch") {
    refusals.ofPolicy("enforcement", { cause: "enforces what it has and cannot only watch", remedy: "write enforced" });
  }
  if (policy.defaultLog !== undefined) {
    refusals.ofPolicy("defaultLog", {
      cause: "has no log of what a policy decides",
      remedy: "leave it out; its network plugin may have one of its own",
    });
  }
}

function applicationObjects(
  policy: Policy,
  subjects: readonly Pods[],
  stated: KubernetesObject["spec"] | undefined,
  owner: Owner,
  refusals: Refusals,
): readonly CompiledObject[] {
  if (stated === undefined) return [];
  return subjects.flatMap((subject): readonly CompiledObject[] => {
    const namespace = namespaceOf(subject);
    if (namespace === undefined) {
      refusals.ofPolicy("appliesTo", {
        cause: "has NetworkPolicy for tier application, which is of one namespace",
        remedy: "give the pods of the group their namespace, or write a policy of tier admin or baseline",
      });
      return [];
    }
    const key = keyOf(subject);
    const metadata = { name: objectName(owner, policy.name, [key]), namespace, ...marks(owner) };
    const spec = { podSelector: selectorJson(subject.pods), ...stated };
    return [{ key, object: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec } }];
  });
}

const keyOf = (subject: Pods): string => shortHash([JSON.stringify(subject)]);
