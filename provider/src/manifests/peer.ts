/** The ends of connections, and what they are called. */

import { formatAddress } from "../model/address";
import type { Range } from "./judge/outside";

export interface WorkloadPeer {
  readonly kind: "workload";
  readonly namespace: string;
  readonly name: string;
  readonly workloadKind: string;
  readonly text: string;
}

export interface OutsidePeer {
  readonly kind: "outside";
  readonly range: Range;
  readonly text: string;
}

export interface ControllerPeer {
  readonly kind: "ingress-controller";
  readonly text: string;
}

export type Peer = WorkloadPeer | OutsidePeer | ControllerPeer;

export const workloadPeer = (namespace: string, name: string, workloadKind: string): WorkloadPeer => ({
  kind: "workload",
  namespace,
  name,
  workloadKind,
  text: `${namespace}/${name}[${workloadKind}]`,
});

export function outsidePeer(range: Range): OutsidePeer {
  const [first, last] = [range.first, range.last].map((value) => formatAddress({ family: 4, value }));
  return { kind: "outside", range, text: `${first ?? ""}-${last ?? ""}[External]` };
}

export const controllerPeer: ControllerPeer = { kind: "ingress-controller", text: "{ingress-controller}" };
