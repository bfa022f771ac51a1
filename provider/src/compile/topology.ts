import { inCidr, parseCidr } from "../model/cidr";
import { readAddress } from "../model/address";
import { isPeerList } from "../model/peer-set";
import type { Snapshot } from "../model/snapshot";
import type { FleetIntents, HostView, Placed } from "./fleet-intents";
import { fleetIntents, intentsOf } from "./fleet-intents";
import { foreignOf, foreignSentences } from "./foreign";
import type {
  AdoptedIntent,
  Nat,
  PeeringIntent,
  PolicyRoute,
  RouterIntent,
  SegmentAddressing,
  SegmentIntent,
  StaticRoute,
} from "./intent";
import { bridgeName, peeringLinkName, routerNamespace, vxlanName } from "./names";
import { driftOf } from "./plan";
import { endpointsOf } from "./topology-endpoints";
import { routingOf } from "./topology-routing";

/** What the hosts of a fabric show together, as plain data. Everything in it was read, nothing is assumed. */
export interface Topology {
  readonly hosts: readonly TopologyHost[];
  readonly networks: readonly TopologyNetwork[];
  readonly subnets: readonly TopologySubnet[];
  readonly endpoints: readonly TopologyEndpoint[];
  readonly peerings: readonly TopologyPeering[];
  readonly adopted: readonly TopologyAdopted[];
}

/** What somebody else made, on one host. */
export interface TopologyAdopted {
  readonly name: string;
  readonly owner: string;
  readonly host: string;
  readonly bridge: string | undefined;
  readonly vxlans: readonly { readonly device: string; readonly vni: number; readonly remotes: readonly string[] }[];
  readonly dockerNetwork: string | undefined;
}

/** A peering on one host. */
export interface TopologyPeering {
  readonly name: string;
  readonly host: string;
  /** The link in both routers. */
  readonly device: string;
  readonly mtu: number;
  readonly sides: readonly { readonly network: string; readonly vni: number; readonly prefixes: readonly string[] }[];
}

export interface TopologyHost {
  readonly name: string;
  readonly uri: string;
  /** Why the host could not be read. */
  readonly problem: string | undefined;
  readonly underlayAddress: string | undefined;
  readonly dockerVersion: string | undefined;
  /** How the host differs from what it was last asked for. */
  readonly drift: readonly string[];
}

export interface TopologyNetwork {
  readonly name: string;
  /** `PROJECT/STACK`. */
  readonly owner: string;
  readonly vni: number;
  readonly cidr: string | undefined;
  readonly ipv6Cidr: string | undefined;
  readonly mtu: number;
  readonly routers: readonly TopologyRouter[];
  /** Names of the networks that it has a peering with. */
  readonly peers: readonly string[];
  readonly routes: readonly StaticRoute[];
  /** In the order in which they are asked. */
  readonly policyRoutes: readonly PolicyRoute[];
}

export interface TopologyRouter {
  readonly host: string;
  readonly namespace: string;
  /** Whether this host lets the network out: its own IPv4, its own IPv6. */
  readonly egress4: boolean;
  readonly egress6: boolean;
  /** How it lets out what it lets out. */
  readonly mode: "nat" | "routed" | "none";
  readonly nat: Nat | undefined;
  /** Destinations that it drops. */
  readonly blackholes: readonly string[];
}

export interface TopologySubnet {
  readonly name: string;
  readonly owner: string;
  readonly vni: number;
  readonly networkVni: number;
  readonly cidr: string | undefined;
  readonly gateway: string | undefined;
  readonly ipv6Cidr: string | undefined;
  readonly ipv6Gateway: string | undefined;
  readonly mtu: number;
  /** Layer 2 only, without gateways. */
  readonly internal: boolean;
  readonly segments: readonly TopologySegment[];
}

/** A subnet on one host. */
export interface TopologySegment {
  readonly host: string;
  readonly bridge: string;
  readonly device: string;
  readonly underlayAddress: string;
  /** VTEPs that it sends to. */
  readonly peers: readonly string[];
  readonly range: string | undefined;
  readonly ipv6Range: string | undefined;
  /** The host's own router in this subnet. */
  readonly routers: readonly string[];
  /** Whether the router of this host has no leg here. */
  readonly internal: boolean;
  /** The network's routes on this host whose next hop is in this subnet. */
  readonly routes: readonly StaticRoute[];
  readonly policyRoutes: readonly PolicyRoute[];
  readonly dockerNetwork: string | undefined;
}

export interface TopologyEndpoint {
  readonly name: string;
  readonly host: string;
  readonly vni: number;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  readonly mac: string | undefined;
  /** What it is: `container web1`. */
  readonly attached: string;
  /** Whether a program declares it; else it is a container that joined the subnet's Docker network by itself. */
  readonly declared: boolean;
}

export function topologyOf(views: readonly HostView[]): Topology {
  const intents = fleetIntents(views);
  return {
    hosts: views.map((view) => hostOf(view, intents)),
    networks: groups(intents.routers).map((placed) => networkOf(placed, intents)),
    subnets: groups(intents.segments).map(subnetOf).sort(inOrder),
    endpoints: endpointsOf(views, intents),
    peerings: intents.peerings.map(peeringOf),
    adopted: intents.adopted.map(adoptedOf),
  };
}

/** Intents of one thing on several hosts: they have owner and VNI in common. */
function groups<I extends RouterIntent | SegmentIntent>(
  placed: readonly Placed<I>[],
): readonly (readonly Placed<I>[])[] {
  const found = Map.groupBy(placed, ({ intent }) => `${intent.owner} ${intent.vni}`);
  return [...found.values()].sort(([one], [other]) => (one?.intent.vni ?? 0) - (other?.intent.vni ?? 0));
}

/** Network by network. */
function inOrder(one: TopologySubnet, other: TopologySubnet): number {
  return one.networkVni - other.networkVni || (one.name < other.name ? -1 : 1);
}

function hostOf({ name, uri, problem, snapshot }: HostView, { segments }: FleetIntents): TopologyHost {
  const underlay = segments.find(({ host }) => host === name)?.intent.underlay ?? snapshot?.facts?.underlayHint;
  return {
    name,
    uri,
    problem,
    underlayAddress: underlay === "" ? undefined : underlay,
    dockerVersion: snapshot?.facts?.docker?.version,
    drift: snapshot === undefined ? [] : differencesOf(snapshot),
  };
}

/** What is foreign is said by one resource of each stack. */
function differencesOf(snapshot: Snapshot): readonly string[] {
  const said = intentsOf(snapshot).flatMap((intent) => [
    ...driftOf(intent, snapshot),
    ...foreignSentences(foreignOf(intent, snapshot)),
  ]);
  return [...new Set(said)];
}

function networkOf(placed: readonly Placed<RouterIntent>[], { peerings, segments }: FleetIntents): TopologyNetwork {
  const [{ intent }] = placed as readonly [Placed<RouterIntent>];
  const { label: name, owner, vni, cidr, ipv6Cidr, mtu } = intent;
  const routers = placed.map(({ host, intent: { egress, nat, scope, blackholes = [] } }): TopologyRouter => {
    const mode = egress === undefined ? "none" : (egress.mode ?? "nat");
    const leaves = (link: unknown): boolean => mode !== "none" && link !== undefined;
    const [egress4, egress6] = [leaves(egress?.ipv4), leaves(egress?.ipv6)];
    return { host, namespace: routerNamespace(vni, scope), egress4, egress6, mode, nat, blackholes };
  });
  const own = segments.filter((segment) => segment.intent.owner === owner && segment.intent.routerVni === vni);
  const peers = peersOf(vni, peerings);
  return { name, owner, vni, cidr, ipv6Cidr, mtu, routers, peers, ...routingOf(placed, own) };
}

function subnetOf(placed: readonly Placed<SegmentIntent>[]): TopologySubnet {
  const [{ intent }] = placed as readonly [Placed<SegmentIntent>];
  const { label: name, owner, vni, routerVni: networkVni, mtu, ipv4, ipv6, internal = false } = intent;
  const gateway = (family: SegmentAddressing | undefined): string | undefined =>
    internal ? undefined : family?.gateway;
  return {
    name,
    owner,
    vni,
    networkVni,
    cidr: ipv4?.cidr,
    gateway: gateway(ipv4),
    ipv6Cidr: ipv6?.cidr,
    ipv6Gateway: gateway(ipv6),
    mtu,
    internal,
    segments: placed.map((one) => segmentOf(one, placed)),
  };
}

function segmentOf({ host, intent }: Placed<SegmentIntent>, all: readonly Placed<SegmentIntent>[]): TopologySegment {
  const { vni, underlay, peers, ipv4, ipv6, dockerNetwork, internal = false, routes = [], policyRoutes = [] } = intent;
  return {
    host,
    bridge: bridgeName(vni),
    device: vxlanName(vni),
    underlayAddress: underlay,
    // Of many only a digest is written down: they are the subnet's other segments.
    peers: isPeerList(peers)
      ? peers
      : all.map((other) => other.intent.underlay).filter((address) => address !== underlay),
    range: ipv4?.range,
    ipv6Range: ipv6?.range,
    routers: internal ? [] : [ipv4?.router, ipv6?.router].filter((router) => router !== undefined),
    internal,
    routes,
    policyRoutes,
    dockerNetwork,
  };
}

function adoptedOf({ host, intent }: Placed<AdoptedIntent>): TopologyAdopted {
  const { name, owner, bridge, vxlans, dockerNetwork } = intent;
  const devices = vxlans.map(({ name: device, vni, remotes }) => ({ device, vni, remotes }));
  return { name, owner, host, bridge: bridge?.name, vxlans: devices, dockerNetwork: dockerNetwork?.name };
}

function peeringOf({ host, intent }: Placed<PeeringIntent>): TopologyPeering {
  const { label: name, vni, mtu, sides } = intent;
  return {
    name,
    host,
    device: peeringLinkName(vni),
    mtu,
    sides: sides.map(({ network, routerVni, prefixes }) => ({ network, vni: routerVni, prefixes })),
  };
}

function peersOf(vni: number, peerings: readonly Placed<PeeringIntent>[]): readonly string[] {
  const far = peerings
    .filter(({ intent }) => intent.sides.some(({ routerVni }) => routerVni === vni))
    .flatMap(({ intent }) => intent.sides.filter(({ routerVni }) => routerVni !== vni).map(({ network }) => network));
  return [...new Set(far)];
}

/** Whether the address, given as text, lies in the CIDR; both may be absent. */
export function isIn(address: string | undefined, cidr: string | undefined): boolean {
  const parsed = address === undefined ? undefined : readAddress(address);
  return parsed !== undefined && cidr !== undefined && inCidr(parsed, parseCidr(cidr, "cidr"));
}
