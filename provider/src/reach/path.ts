/** The way of one packet between two classes, hop by hop. */

import { traceRoute } from "../compile/route-trace";
import type { RouteTrace } from "../compile/route-trail";
import type { Topology } from "../compile/topology";
import { networkName } from "../compile/firewall/world-names";
import { formatAddress } from "../model/address";
import { SdnError } from "../model/error";
import type { EndClass } from "./classes";

/** `undefined` where the sender is nobody of ours, or nobody is known to be there. */
export function pathBetween(
  topology: Topology,
  from: EndClass | undefined,
  to: EndClass | undefined,
): RouteTrace | undefined {
  const [sender] = from?.members ?? [];
  const [receiver] = to?.members ?? [];
  if (from?.place.kind !== "segment" || sender === undefined || receiver === undefined) return undefined;
  const { family } = from;
  try {
    return traceRoute(topology, {
      from: formatAddress({ family, value: sender.first }),
      to: formatAddress({ family, value: receiver.first }),
      network: topology.networks.find(({ vni }) => networkName(vni) === from.network)?.name,
      host: undefined,
    });
  } catch (thrown) {
    // Of an address that only a label tells of, no host has anything yet.
    if (thrown instanceof SdnError && thrown.code === "invalid-input") return undefined;
    throw thrown;
  }
}
