/** Open flows that conntrack has not seen, or not in their bridge's zone: the first policy of a host ends them. */

import type { FirewallPlan } from "../../compile/firewall/plan";
import type { Words } from "../../compile/steps";
import { zonesOf } from "../../compile/zones";
import type { Snapshot } from "../../model/snapshot";

/** Whether bridged packets are shown to conntrack. A kernel without that key shows none. */
const key = "net.bridge.bridge-nf-call-iptables";
export const unseenQuery: Words = ["query_sysctl", "-", key];

export function unseenSentences({ guarded }: Pick<FirewallPlan, "guarded">, snapshot: Snapshot): readonly string[] {
  const bridges = guarded.filter((bridge) => snapshot.host.links.has(bridge));
  if (bridges.length === 0) return [];
  const end = "TCP connections that are open there end when the first policy comes";
  if (snapshot.sysctls.get(`- ${key}`) !== "1") {
    return [`what passes its bridges is not shown to conntrack (${key} is not 1): ${end}`];
  }
  const zones = zonesOf(snapshot);
  const unzoned = bridges.filter((bridge) => !zones.has(bridge));
  if (unzoned.length === 0) return [];
  const names = unzoned.length > 3 ? `${unzoned.length} bridges` : unzoned.join(", ");
  return [
    `${names} of an older version without a conntrack zone: ${end}, unless \`pulumi refresh\` and \`up\` go before`,
  ];
}
