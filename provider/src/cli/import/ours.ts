/** What sdn made, as the program that would make the same. */
import type { HostView, Placed } from "../../compile/fleet-intents";
import { fleetIntents } from "../../compile/fleet-intents";
import type { PeeringIntent, RouterIntent, SegmentAddressing, SegmentIntent } from "../../compile/intent";
import { transitBlock } from "../../components/transit";
import type { Family } from "../../model/address";
import { familyBits, parseAddress } from "../../model/address";
import { enclosingCidr, formatCidr, parseCidr } from "../../model/cidr";
import type { Found, FoundNetwork, FoundSubnet } from "./agreement";
import { endpointDeclaration, reservations } from "./endpoints";
import { modeOf, natProperty } from "./nat";
import type { Declaration, PropertyMap } from "./program";
import { given, Reference, referenceTo } from "./program";
import { routingProperties } from "./routing";

/** What a fabric must say so that its networks come out the same. */
interface FabricSettings {
  readonly hosts: readonly string[];
  readonly mtu: number;
  readonly underlayPort: number;
  /** Where the links of routers begin, in decimal; `undefined` where it is the default place or there is no way out. */
  readonly transit4: string | undefined;
  readonly transit6: string | undefined;
}

const defaults = {
  vniStart: 4096,
  vniEnd: 12287,
  underlayPort: 4789,
  transitCidr: "100.64.0.0/10",
  ipv6TransitCidr: "fd73:646e:7472::/96",
  extraBits: 4,
};

/** The declarations of everything, after those of its hosts. */
export function ourDeclarations(
  { networks, peerings }: Found,
  hosts: ReadonlyMap<string, Declaration>,
  views: readonly HostView[],
): readonly Declaration[] {
  const fabrics = new Map<string, FoundNetwork[]>();
  for (const network of networks) {
    const key = JSON.stringify(settingsOf(network, peerings));
    fabrics.set(key, [...(fabrics.get(key) ?? []), network]);
  }
  const spaces = [...fabrics.values()].flatMap((members, index) => {
    const joining = peerings.filter(([first]) => first !== undefined && joins(first.intent, members));
    const fabric = fabricDeclaration(index === 0 ? "fabric" : `fabric-${index + 1}`, members, joining, hosts);
    return [fabric, ...members.flatMap((network) => networkDeclarations(network, fabric, hosts, views))];
  });
  return [...spaces, ...peerings.map((peering) => peeringDeclaration(peering, networks, spaces))];
}

function joins({ sides }: PeeringIntent, networks: readonly FoundNetwork[]): boolean {
  return sides.some(({ routerVni }) => networks.some(({ routers }) => routers[0]?.intent.vni === routerVni));
}

function peeringDeclaration(
  peering: readonly Placed<PeeringIntent>[],
  networks: readonly FoundNetwork[],
  declared: readonly Declaration[],
): Declaration {
  const [{ intent }] = peering as readonly [Placed<PeeringIntent>];
  const sides = intent.sides.map(({ routerVni, prefixes }) => {
    const router = networks.find(({ routers }) => routers[0]?.intent.vni === routerVni)?.routers[0]?.intent;
    const whole = [router?.cidr, router?.ipv6Cidr].filter((cidr) => cidr !== undefined);
    const network = declared.find(({ type, name }) => type === "VirtualNetwork" && name === router?.label);
    return { network, prefixes: whole.join() === prefixes.join() ? [] : prefixes };
  });
  const prefixes = sides.flatMap((side) => side.prefixes);
  return {
    type: "NetworkPeering",
    name: intent.label,
    properties: given({
      networks: sides.flatMap(({ network }) => (network === undefined ? [] : [new Reference(network)])),
      vni: intent.vni,
      prefixes: prefixes.length === 0 ? undefined : prefixes,
    }),
  };
}

function settingsOf({ routers, subnets }: FoundNetwork, peerings: Found["peerings"]): FabricSettings {
  const [{ intent }] = routers as readonly [Placed<RouterIntent>];
  // A network may have a link to its hosts on some of them alone.
  const linked = routers.find((router) => router.intent.egress !== undefined)?.intent ?? intent;
  const spanning = subnets.find(({ segments }) => segments.length === routers.length);
  return {
    hosts: (spanning?.segments ?? routers).map(({ host }) => host),
    mtu: intent.mtu,
    underlayPort: subnets[0]?.segments[0]?.intent.port ?? defaults.underlayPort,
    transit4: transitBase(linkOf(linked, peerings, "ipv4"), defaults.transitCidr),
    transit6: transitBase(linkOf(linked, peerings, "ipv6"), defaults.ipv6TransitCidr),
  };
}

/** The first address of a link that has its place from a VNI: the network's way out, or a peering of it. */
interface TransitLink {
  readonly first: string;
  readonly vni: number;
}

function linkOf(router: RouterIntent, peerings: Found["peerings"], family: "ipv4" | "ipv6"): TransitLink | undefined {
  const out = router.egress?.[family]?.host;
  if (out !== undefined) return { first: out, vni: router.vni };
  const peering = peerings
    .map((placed) => placed[0]?.intent)
    .find((intent) => intent !== undefined && isOf(router, intent));
  const first = peering?.sides[0][family];
  return peering === undefined || first === undefined ? undefined : { first, vni: peering.vni };
}

const isOf = (router: RouterIntent, { sides }: PeeringIntent): boolean =>
  sides.some(({ routerVni }) => routerVni === router.vni);

/** Where the transit space begins in which the link has its place; `undefined` for the usual one. */
function transitBase(link: TransitLink | undefined, usual: string): string | undefined {
  if (link === undefined) return undefined;
  const base = parseAddress(link.first, "transitCidr").value - BigInt(transitBlock) * BigInt(link.vni);
  return base === parseCidr(usual, "transitCidr").base ? undefined : String(base);
}

/** The smallest space from there that has a block of addresses for each VNI. */
function transitSpace(base: string | undefined, family: Family, lastVni: number): string | undefined {
  if (base === undefined) return undefined;
  const bits = Math.ceil(Math.log2(transitBlock * (lastVni + 1)));
  return formatCidr(enclosingCidr({ family, value: BigInt(base) }, familyBits(family) - bits));
}

function fabricDeclaration(
  name: string,
  networks: readonly FoundNetwork[],
  joining: Found["peerings"],
  hosts: ReadonlyMap<string, Declaration>,
): Declaration {
  const [first] = networks as readonly [FoundNetwork];
  const settings = settingsOf(first, joining);
  const numbered = networks.flatMap(({ routers, subnets }): readonly Placed<RouterIntent | SegmentIntent>[] => [
    ...routers,
    ...subnets.flatMap(({ segments }) => segments),
  ]);
  const vnis = [...numbered, ...joining.flat()].map(({ intent }) => intent.vni);
  const [start, end] = [Math.min(...vnis), Math.max(...vnis)];
  const usual = start >= defaults.vniStart && end <= defaults.vniEnd;
  const { underlayPort, transit4, transit6 } = settings;
  const lastVni = usual ? defaults.vniEnd : end;
  const properties = given({
    hosts: settings.hosts.map((host) => referenceTo(hosts, host)),
    mtu: settings.mtu,
    vniRange: usual ? undefined : { start, end },
    underlayPort: underlayPort === defaults.underlayPort ? undefined : underlayPort,
    transitCidr: transitSpace(transit4, 4, lastVni),
    ipv6TransitCidr: transitSpace(transit6, 6, lastVni),
  });
  return { type: "Fabric", name, properties };
}

function networkDeclarations(
  network: FoundNetwork,
  fabric: Declaration,
  hosts: ReadonlyMap<string, Declaration>,
  views: readonly HostView[],
): readonly Declaration[] {
  const [{ intent }] = network.routers as readonly [Placed<RouterIntent>];
  const { label, vni, cidr, ipv6Cidr } = intent;
  const mode = network.routers.map((router) => modeOf(router.intent)).find((one) => one !== "none");
  const declaration = {
    type: "VirtualNetwork",
    name: label,
    properties: given({
      fabric: new Reference(fabric),
      vni,
      cidr,
      ipv6Cidr,
      egress: mode,
      nat: natProperty(network.routers, vtepsOf(views)),
      ...routingProperties(network),
    }),
  };
  const order = settingsOf(network, []).hosts;
  const subnets = network.subnets.flatMap((subnet) => {
    const own = subnetDeclaration(subnet, declaration, order);
    const endpoints = subnet.ports.map((port) => endpointDeclaration(port, own, hosts));
    return [own, ...endpoints, ...reservations(subnet, own, hosts, views)];
  });
  return [declaration, ...subnets];
}

function vtepsOf(views: readonly HostView[]): ReadonlyMap<string, string> {
  const { segments } = fleetIntents(views);
  return new Map(
    views.map(({ name, snapshot }) => [
      name,
      segments.find(({ host }) => host === name)?.intent.underlay ?? snapshot?.facts?.underlayHint ?? "",
    ]),
  );
}

function subnetDeclaration(
  { segments }: FoundSubnet,
  network: Declaration,
  fabricHosts: readonly string[],
): Declaration {
  const [{ intent }] = segments as readonly [Placed<SegmentIntent>];
  const { label, vni, ipv4, ipv6 } = intent;
  const names = segments.map(({ host }) => host);
  const dockerName = segments.find((one) => one.intent.dockerNetwork !== undefined)?.intent.dockerNetwork;
  const usualName = `${network.name}-${label}`;
  return {
    type: "Subnet",
    name: label,
    properties: given({
      network: new Reference(network),
      vni,
      cidr: ipv4?.cidr,
      ipv6Cidr: ipv6?.cidr,
      hosts: names.join() === fabricHosts.join() ? undefined : names,
      ...rangeLengths(ipv4, ipv6),
      hostRanges: ranges(segments, "ipv4"),
      ipv6HostRanges: ranges(segments, "ipv6"),
      internal: intent.internal,
      docker: dockerName === undefined ? false : undefined,
      dockerNetworkName: dockerName === usualName ? undefined : dockerName,
    }),
  };
}

function rangeLengths(ipv4: SegmentAddressing | undefined, ipv6: SegmentAddressing | undefined): PropertyMap {
  const unusual = (family: SegmentAddressing | undefined): number | undefined => {
    if (family === undefined) return undefined;
    const length = parseCidr(family.range, "range").prefixLength;
    return length === parseCidr(family.cidr, "cidr").prefixLength + defaults.extraBits ? undefined : length;
  };
  return given({ hostRangePrefixLength: unusual(ipv4), ipv6HostRangePrefixLength: unusual(ipv6) });
}

function ranges(segments: readonly Placed<SegmentIntent>[], family: "ipv4" | "ipv6"): PropertyMap | undefined {
  const found = segments.flatMap(({ host, intent }) => {
    const range = intent[family]?.range;
    return range === undefined ? [] : [[host, range] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
