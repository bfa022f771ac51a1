/** Objects of Kubernetes as plain data. */

import { hash64 } from "../../model/hash";

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly [key: string]: Json };
}

/** Whose an object is. */
export interface Owner {
  readonly project: string;
  readonly stack: string;
  /** The resource of the program: `policy web`. */
  readonly resource: string;
}

/** What is the same in the metadata of all our objects. */
export const marks = ({
  project,
  stack,
  resource,
}: Owner): Pick<KubernetesObject["metadata"], "labels" | "annotations"> => ({
  labels: { "app.kubernetes.io/managed-by": "sdn" },
  annotations: {
    "sdn/owner": `${project}/${stack}:${resource}`,
    // Both are read by Pulumi's Kubernetes provider. Fields have one manager, whichever provider made them, and what
    // somebody changed by hand is ours again after the next run: the names are nobody else's.
    "pulumi.com/patchFieldManager": "sdn",
    "pulumi.com/patchForce": "true",
  },
});

/**
 * A name that is the same in every run and no other stack's, in the grammar of Kubernetes.
 *
 * @param parts what tells the object apart from others of its owner
 */
export function objectName(owner: Owner, label: string, parts: readonly string[]): string {
  const readable = label.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `sdn-${readable.slice(0, 40).replace(/-+$/, "")}-${shortHash([owner.project, owner.stack, owner.resource, ...parts])}`;
}

/** Ten letters and digits. */
export const shortHash = (parts: readonly string[]): string =>
  hash64(JSON.stringify(parts)).toString(36).padStart(10, "0").slice(-10);
