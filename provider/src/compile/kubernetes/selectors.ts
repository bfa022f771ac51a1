import type { Selector } from "../../policy/selector";
import type { Json } from "./object";
import type { Pods } from "./world";

/** As Kubernetes writes it; one without parts selects all. */
export function selectorJson({ matchLabels, matchExpressions }: Selector): { readonly [key: string]: Json } {
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions: matchExpressions.map((one) => ({ ...one })) }),
  };
}

/** As the policy API writes pods, as a subject and as a peer. */
export function podsJson({ namespaces, pods }: Pods): { readonly [key: string]: Json } {
  if (isEverything(pods)) return { namespaces: selectorJson(namespaces) };
  return { pods: { namespaceSelector: selectorJson(namespaces), podSelector: selectorJson(pods) } };
}

export const isEverything = ({ matchLabels, matchExpressions }: Selector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
