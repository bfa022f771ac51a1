/**
 * What answered the host before a change of its own policies and must answer after it: gateways and the underlay's other
 * hosts. What a rule denies is meant so; what only a default denies was hardly thought of.
 */

import { type Address, parseAddress } from "../../model/address";
import type { ReachedAddress } from "../../model/snapshot";
import { icmpOf } from "../../policy/transport";
import { decisionOn, noZone } from "./flows";
import type { FirewallPlan } from "./plan";

export interface Probe {
  readonly address: string;
  readonly kind: ReachedAddress["kind"];
  /** `POLICY/default` that denies it; `undefined`: it is allowed. */
  readonly deniedBy: string | undefined;
}

export interface ProbeOptions {
  readonly time: number;
  /** Names of policies that may cut off whomever they like. */
  readonly unsafe: ReadonlySet<string>;
}

export function probesOf(
  plan: FirewallPlan,
  reached: readonly ReachedAddress[],
  { time, unsafe }: ProbeOptions,
): readonly Probe[] {
  const { own } = plan;
  if (own === undefined) return [];
  return reached.flatMap(({ address, kind }): readonly Probe[] => {
    const destination = parseAddress(address, "address");
    const source = own.hostAddresses.find(({ family }) => family === destination.family);
    if (source === undefined) return [];
    const { verdict, by } = decisionOn(plan, echoRequest(source, destination), { direction: "egress", time });
    if (verdict === "allow") return [{ address, kind, deniedBy: undefined }];
    if (by?.endsWith("/default") !== true || unsafe.has(by.slice(0, by.indexOf("/")))) return [];
    return [{ address, kind, deniedBy: by }];
  });
}

const echoRequest = (source: Address, destination: Address) => ({
  zone: noZone,
  source,
  destination,
  protocol: icmpOf(destination.family),
  icmp: { type: destination.family === 4 ? 8 : 128, code: 0 },
  icmpId: 0,
});
