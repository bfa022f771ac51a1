import { hash64 } from "../model/hash";
import { formatMac, macFromHash } from "../model/mac";
import type { Intent } from "./intent";

/** Names of what we make on a host. They follow from the VNI alone, so an interrupted run finds its own again. */

export const bridgeName = (vni: number): string => `sdn-b-${vni}`;
export const vxlanName = (vni: number): string => `sdn-v-${vni}`;
/** The bridge's port towards the router. */
export const routerPortName = (vni: number): string => `sdn-p-${vni}`;
export const uplinkName = (vni: number): string => `sdn-u-${vni}`;
/** Inside the router: the link with the router's own address, and the one with the gateway's. */
export const routerLinkName = (vni: number): string => `g${vni}`;
export const gatewayLinkName = (vni: number): string => `a${vni}`;

/** Both ends of the link between two routers that are peers, and the chain that guards it. */
export const peeringLinkName = (vni: number): string => `p${vni}`;
/** In a router: translates what a segment's clients send to backends of their own segment by the router. */
export const servicePathChain = (bridge: string): string => `services-${bridge.slice("sdn-b-".length)}`;
export const peeringChainName = (vni: number): string => `peering-${vni}`;

export function routerNamespace(vni: number, scope: string): string {
  return scope === "" ? `sdn-r-${vni}` : `sdn-r-${vni}--${scope}`;
}

/** Host end of an endpoint's pair: at most 15 characters (IFNAMSIZ), so the name is hashed. */
export function endpointLinkName(vni: number, name: string): string {
  return `sdn-e-${hash64(`${vni}/${name}`).toString(36).padStart(9, "0").slice(-9)}`;
}

// Locally administered prefixes (IEEE 802: bit 1 of the first octet), one for each use.
const gatewayPrefix = [0x0a, 0x5d];
const ownPrefix = [0x0e, 0x5d];

/** The anycast gateway's: the same on every host. */
export const gatewayMac = (vni: number): string => formatMac(macFromHash(`gateway/${vni}`, gatewayPrefix));
/** Of something that exists once a host. */
export const hostMac = (use: string, vni: number, host: string): string =>
  formatMac(macFromHash(`${use}/${vni}/${host}`, ownPrefix));

/** The resource's name on the host: in marks, in the ledger and in ids. */
export function resourceKey(intent: Intent): string {
  if (intent.kind === "adopted") return `adopted-${intent.name}`;
  if (intent.kind === "service") return `service-${intent.routerVni}-${intent.name}`;
  return intent.kind === "port" ? `port-${intent.vni}-${intent.name}` : `${intent.kind}-${intent.vni}`;
}

/** The mark that everything made for this resource carries (an interface alias holds 255 characters). */
export function markOf(intent: Intent): string {
  return `sdn:${intent.owner}:${resourceKey(intent)}`;
}
