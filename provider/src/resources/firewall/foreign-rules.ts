/** What others put on a host and what wins over our rules, in words. */

import { foreignChains, foreignSentence } from "../../compile/firewall/foreign";
import type { Snapshot } from "../../model/snapshot";

export function foreignSentences({ firewall }: Snapshot): readonly string[] {
  const { tables = "", legacy = [] } = firewall.foreign ?? {};
  const chains = foreignChains(tables).map(
    (chain) => `what somebody else drops stays dropped: ${foreignSentence(chain)}`,
  );
  // Rules of before nftables are in nobody's listing but their own.
  const old = legacy.some((text) => / (DROP|REJECT)/.test(text));
  return old
    ? [...chains, "what somebody else drops stays dropped: rules of iptables-legacy, see iptables-legacy-save"]
    : chains;
}
