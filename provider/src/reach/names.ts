/** What people call what the policy core's world calls by numbers. */

import type { Intent } from "../compile/intent";
import type { PolicySpec } from "../compile/firewall/intent";
import { networkName, segmentName } from "../compile/firewall/world-names";

export interface Names {
  readonly network: (name: string) => string;
  readonly segment: (name: string) => string;
  /** By its URI. */
  readonly host: (uri: string) => string;
}

/**
 * @param specs of the policies, which name what they speak of
 * @param intents of the hosts, whose labels are the program's names
 * @param hosts names by URI
 */
export function namesOf(
  specs: readonly PolicySpec[],
  intents: readonly Intent[],
  hosts: ReadonlyMap<string, string>,
): Names {
  const networks = new Map<string, string>();
  const segments = new Map<string, string>();
  for (const spec of specs) {
    const named = [
      ...spec.appliesTo,
      ...spec.rules.flatMap(({ peers }) => peers),
      ...spec.groups.flatMap(({ members }) => members),
    ];
    for (const one of named) {
      if (one.kind === "network") networks.set(networkName(one.vni), one.name);
      if (one.kind === "subnet") segments.set(segmentName(one.vni), one.name);
    }
  }
  for (const intent of intents) {
    if (intent.kind === "router") networks.set(networkName(intent.vni), intent.label);
    if (intent.kind === "segment") segments.set(segmentName(intent.vni), intent.label);
  }
  return {
    network: (name) => networks.get(name) ?? `VNI ${name}`,
    segment: (name) => segments.get(name) ?? `VNI ${name}`,
    host: (uri) => hosts.get(uri) ?? uri,
  };
}
