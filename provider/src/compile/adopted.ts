import type { AdoptedIntent } from "./intent";
import { markOf } from "./names";
import type { Step } from "./step";

/**
 * What somebody else made: it gets our mark and is watched. Nothing of it is made or removed here; what was changed
 * by hand afterwards is put back as it was adopted.
 */
export function adoptedSteps(intent: AdoptedIntent): readonly Step[] {
  const { bridge, vxlans, dockerNetwork } = intent;
  const mark = markOf(intent);
  const steps: Step[] = [];
  if (bridge !== undefined) {
    const { name, mtu } = bridge;
    steps.push({ kind: "adopted-link", name, type: "bridge", mtu, bridge: undefined, vxlan: undefined, mark });
  }
  for (const { name, mtu, vni, local, port, remotes } of vxlans) {
    const vxlan = { vni, local: local ?? "", port };
    steps.push({ kind: "adopted-link", name, type: "vxlan", mtu, bridge: bridge?.name, vxlan, mark });
    steps.push({ kind: "flood", device: name, peers: remotes });
  }
  // An engine's networks cannot be labelled afterwards: the record on the host is the mark.
  if (dockerNetwork !== undefined) steps.push({ kind: "adopted-docker-network", ...dockerNetwork });
  return steps;
}
