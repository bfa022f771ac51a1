import { Refusal } from "./refusal";
import type { ModelLink, ModelNamespace, ModelState } from "./state";

/** A container's namespace is named as the words name it, and is there while the container runs. */
export function space(state: ModelState, where: string): ModelNamespace {
  const container = where.startsWith("container:") ? state.docker.containers.get(where.slice(10)) : undefined;
  if (where.startsWith("container:") && container?.running !== true) {
    throw new Refusal("not-found", `container ${where.slice(10)} is not running`);
  }
  const found = state.namespaces.get(where);
  if (found === undefined) throw new Refusal("remote-failure", `Cannot open network namespace "${where}"`);
  return found;
}

export function linkOf(state: ModelState, where: string, name: string): ModelLink {
  const found = space(state, where).links.get(name);
  if (found === undefined) throw new Refusal("remote-failure", `Cannot find device "${name}"`);
  return found;
}

/** The engine's identifier of a network. */
export const networkId = (name: string): string => `id-of-${name}`;
