/** Which open flows a change ends, in words. */

import type { Compiled } from "../../compile/firewall/compile";
import type { CutFlow } from "../../compile/firewall/document";

const mostShown = 5;
const protocolNames: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp" };

/** Nothing where it ends none. */
export function openFlowSentences(
  before: Compiled | undefined,
  { document }: Compiled,
  policy: string,
): readonly string[] {
  // Those that an earlier change ended linger in conntrack for a while.
  const earlier = new Set((before?.document.cuts ?? []).map(({ by: _by, ...flow }) => JSON.stringify(flow)));
  const own = document.cuts.filter(
    ({ by, ...flow }) => by.startsWith(`${policy}/`) && !earlier.has(JSON.stringify(flow)),
  );
  if (own.length === 0) return [];
  const shown = own.slice(0, mostShown).map((flow) => `${flowText(flow)} by ${flow.by}`);
  const more = own.length > mostShown ? ` and ${own.length - mostShown} more` : "";
  const what = own.length === 1 ? "1 open flow ends" : `${own.length} open flows end`;
  return [`${what} with this change: ${shown.join(", ")}${more}`];
}

function flowText({ source, destination, protocol, port }: CutFlow): string {
  const name = protocolNames[protocol] ?? `protocol ${protocol}`;
  return `${source} → ${destination} ${name}${port === undefined ? "" : `/${port}`}`;
}
