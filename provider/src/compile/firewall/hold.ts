/** What is new on a host passes nothing until the host's firewall, where it has one, knows it. */

import type { HeldPlace } from "../../model/snapshot";
import { bridgeName } from "../names";
import type { Intent, PortIntent } from "../intent";
import type { Words } from "../steps";

/** Words for the beginning of a change; the host does nothing for them where it has no firewall. */
export function holdWords(before: Intent | undefined, intent: Intent): readonly Words[] {
  switch (intent.kind) {
    case "segment":
      return before === undefined ? [["firewall_hold", bridgeName(intent.vni)]] : [];
    case "port": {
      const known = before?.kind === "port" && before.vni === intent.vni ? addressesOf(before) : [];
      const fresh = addressesOf(intent).filter((address) => !known.includes(address));
      return fresh.length === 0 ? [] : [["firewall_hold", bridgeName(intent.vni), fresh.join(",")]];
    }
    case "router":
    case "peering":
    case "adopted":
    case "service":
      return [];
  }
}

/** Whether it still waits for that. */
export function isHeld(intent: Intent, held: readonly HeldPlace[]): boolean {
  switch (intent.kind) {
    case "segment":
      return held.some(({ bridge, address }) => bridge === bridgeName(intent.vni) && address === undefined);
    case "port": {
      const addresses = addressesOf(intent);
      return held.some(({ bridge, address = "" }) => bridge === bridgeName(intent.vni) && addresses.includes(address));
    }
    case "router":
    case "peering":
    case "adopted":
    case "service":
      return false;
  }
}

const addressesOf = ({ ipv4, ipv6 }: PortIntent): readonly string[] =>
  [ipv4, ipv6].flatMap((family) => (family === undefined ? [] : [family.address.replace(/\/\d+$/, "")]));
