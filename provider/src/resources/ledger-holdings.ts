import { intentsOf } from "../compile/fleet-intents";
import type { Intent } from "../compile/intent";
import { parseAddress } from "../model/address";
import { addressToCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import type { Taken } from "../ipam/block";
import type { TakenNumber } from "../ipam/number";
import type { CallContext } from "../rpc/handlers";
import type { Hosts } from "./hosts";

export interface Holdings {
  readonly vnis: readonly TakenNumber[];
  /** Blocks of subnets, by the VNI of the network that they belong to. */
  readonly subnets: ReadonlyMap<number, readonly Taken[]>;
  /** Virtual addresses of services. */
  readonly services: readonly Taken[];
}

const nothing: Holdings = { vnis: [], subnets: new Map(), services: [] };

/**
 * What the hosts themselves hold: also of resources that this run has not seen yet, will only delete at its end, or
 * that belong to other stacks. A host that cannot be asked is passed over: the others of its fabric hold the same.
 */
export async function ledgerHoldings(hosts: Hosts, uris: readonly string[], context: CallContext): Promise<Holdings> {
  const intents = await Promise.all(uris.map((uri) => intentsOn(hosts, uri, context)));
  const all = intents.flat();
  if (all.length === 0) return nothing;
  const vnis: TakenNumber[] = [];
  const subnets = new Map<number, Taken[]>();
  const services: Taken[] = [];
  for (const intent of all) {
    if (intent.kind === "port") continue;
    const owner = holderName(intent);
    if (intent.kind === "adopted") {
      vnis.push(...intent.vxlans.map(({ vni }) => ({ value: vni, owner })));
      continue;
    }
    if (intent.kind === "service") {
      const own = [intent.ipv4, intent.ipv6].filter((vip) => vip !== undefined);
      services.push(...own.map((vip) => ({ cidr: addressToCidr(parseAddress(vip, "vip")), owner })));
      continue;
    }
    vnis.push({ value: intent.vni, owner });
    if (intent.kind !== "segment") continue;
    const blocks = subnets.get(intent.routerVni) ?? [];
    subnets.set(intent.routerVni, blocks);
    for (const family of [intent.ipv4, intent.ipv6]) {
      if (family !== undefined) blocks.push({ cidr: parseCidr(family.cidr, "cidr"), owner });
    }
  }
  return { vnis, subnets, services };
}

/** A holder as messages name it; the same for a resource of this stack as the allocation itself says. */
function holderName(intent: Intent): string {
  const nouns = {
    router: "network",
    segment: "subnet",
    peering: "peering",
    port: "endpoint",
    adopted: "adopted segment",
    service: "service",
  } as const;
  return `${nouns[intent.kind]} ${intent.label} of ${intent.owner}`;
}

async function intentsOn(hosts: Hosts, uri: string, context: CallContext): Promise<readonly Intent[]> {
  const connection = hosts.known(uri);
  if (connection === undefined) return [];
  try {
    const snapshot = await hosts.session(connection).recent([], context.signal);
    return intentsOf(snapshot);
  } catch (thrown) {
    if (thrown instanceof SdnError && thrown.code !== "internal" && thrown.code !== "cancelled") return [];
    throw thrown;
  }
}
