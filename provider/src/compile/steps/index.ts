import { SdnError } from "../../model/error";
import type { Snapshot } from "../../model/snapshot";
import type { Step, StepKind } from "../step";
import { addresses, neighbour, route } from "./addressing";
import { adoptedDockerNetwork, adoptedLink } from "./adoption";
import { serviceBalancer } from "./balancers";
import { dnsEntry, dnsServer } from "./dns";
import { containerGuard, dockerConnection, dockerNetwork } from "./docker";
import { forwardAccept, nftChain, nftElement, nftMap, nftTable, zone } from "./filtering";
import { bridge, flood, gatewayFdb, macvlan, master, namespace, veth, vxlan } from "./links";
import type { StepMeaning, Words } from "./meaning";
import { rule, tableRoute } from "./policy-routing";
import { bridgedPackets, serviceNetwork, servicePath, serviceRules } from "./services";
import { forwarding6, sysctl } from "./settings";

/** Every kind of step and its meaning: a kind without one does not compile. */
const meanings: { readonly [K in StepKind]: StepMeaning<K> } = {
  namespace,
  bridge,
  vxlan,
  flood,
  veth,
  macvlan,
  master,
  addresses,
  route,
  "table-route": tableRoute,
  rule,
  neighbour,
  "gateway-fdb": gatewayFdb,
  sysctl,
  forwarding6,
  "nft-table": nftTable,
  "nft-element": nftElement,
  "nft-chain": nftChain,
  "nft-map": nftMap,
  zone,
  "forward-accept": forwardAccept,
  "bridged-packets": bridgedPackets,
  "service-path": servicePath,
  "service-network": serviceNetwork,
  "service-rules": serviceRules,
  "service-balancer": serviceBalancer,
  "adopted-link": adoptedLink,
  "adopted-docker-network": adoptedDockerNetwork,
  "docker-network": dockerNetwork,
  "docker-connection": dockerConnection,
  "container-guard": containerGuard,
  "dns-entry": dnsEntry,
  "dns-server": dnsServer,
};

// The table above pairs each kind with its own meaning, which the type system cannot follow through a look-up.
function meaningOf(step: Step): StepMeaning<StepKind> {
  return meanings[step.kind] as StepMeaning<StepKind>;
}

export const identityOf = (step: Step): string => `${step.kind} ${meaningOf(step).identity(step)}`;
export const ensureWords = (step: Step): Words => meaningOf(step).ensure(step);
export function removeWords(step: Step): Words | undefined {
  const words = meaningOf(step).remove(step);
  return words === undefined || step.shared !== true ? words : sharedRemoval(words, ensureWords(step));
}

/** The host finds out who else has made the same thing by the beginning of the words that make it. */
function sharedRemoval([removal, ...thing]: Words, made: Words): Words {
  const operation = String(removal).replace(/^remove_/, "");
  if ([operation, ...thing].some((word, at) => word !== made[at])) {
    throw new SdnError({
      code: "internal",
      cause: `what ${operation} makes cannot be shared: its removal is of others`,
    });
  }
  return ["remove_shared", operation, ...thing];
}
export const queryWords = (step: Step): Words | undefined => meaningOf(step).query?.(step);
export const differencesOf = (step: Step, snapshot: Snapshot): readonly string[] =>
  meaningOf(step).differences(step, snapshot);
export type { Words };
