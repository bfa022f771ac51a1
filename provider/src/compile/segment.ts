import { element, engineGatewayElement, gatewayElement } from "./guard";
import type { SegmentAddressing, SegmentIntent } from "./intent";
import {
  bridgeName,
  gatewayLinkName,
  gatewayMac,
  hostMac,
  markOf,
  routerLinkName,
  routerNamespace,
  routerPortName,
  vxlanName,
} from "./names";
import { routeSteps } from "./segment-routes";
import type { DockerPool, Step } from "./step";
import { zoneFor } from "./zones";

/** A subnet on a host: a bridge without an address, a VXLAN port, and a leg of the router with two addresses. */
export function segmentSteps(intent: SegmentIntent): readonly Step[] {
  const leg = intent.internal === true ? [] : [...routerLegSteps(intent), ...routeSteps(intent)];
  return [...switchSteps(intent), ...leg, ...dockerSteps(intent)];
}

function switchSteps(intent: SegmentIntent): readonly Step[] {
  const mark = markOf(intent);
  const { vni, mtu } = intent;
  const bridge = bridgeName(vni);
  const device = vxlanName(vni);
  const mac = hostMac("bridge", vni, intent.underlay);
  return [
    { kind: "nft-table", where: undefined, table: "host" },
    // Isolation first: the bridge is never up without it.
    { kind: "nft-element", family: "inet", set: "bridges", value: [bridge] },
    { kind: "nft-element", family: "inet", set: "pairs", value: [bridge, bridge] },
    { kind: "zone", bridge, zone: zoneFor(vni) },
    { kind: "bridge", name: bridge, mtu, mac, mark },
    { kind: "vxlan", name: device, vni, local: intent.underlay, port: intent.port, mtu, bridge, mark },
    { kind: "flood", device, peers: intent.peers },
    { kind: "forward-accept", in: bridge, out: bridge, mark },
  ];
}

function routerLegSteps(intent: SegmentIntent): readonly Step[] {
  const mark = markOf(intent);
  const { vni, mtu } = intent;
  const where = routerNamespace(intent.routerVni, intent.scope);
  const port = routerPortName(vni);
  const lower = routerLinkName(vni);
  const gateway = gatewayLinkName(vni);
  const families = [intent.ipv4, intent.ipv6].filter((family) => family !== undefined);
  const mac = hostMac("router", vni, intent.underlay);
  return [
    element("router_ports", port),
    element("gateway_macs", gatewayMac(vni)),
    ...families.map(({ gateway: address }) => gatewayElement(vxlanName(vni), address)),
    { kind: "veth", name: port, where, peer: lower, mtu, mac, bridge: bridgeName(vni), mark },
    { kind: "gateway-fdb", port, mac: gatewayMac(vni) },
    { kind: "macvlan", where, name: gateway, lower, mac: gatewayMac(vni), mtu, mark },
    // The router asks for neighbours with an address of its own: a question with the gateway's as its sender would
    // move the gateway, in every cache that it reaches, to this one host.
    { kind: "addresses", where, link: lower, addresses: families.map((family) => withPrefix(family.router, family)) },
    { kind: "addresses", where, link: gateway, addresses: families.map((family) => single(family.gateway)) },
    {
      kind: "service-path",
      bridge: bridgeName(vni),
      routerVni: intent.routerVni,
      where,
      mac: gatewayMac(vni),
      link: lower,
      families: families.map(({ cidr, gateway: address, router }) => ({ cidr, gateway: address, router })),
    },
  ];
}

function dockerSteps(intent: SegmentIntent): readonly Step[] {
  if (intent.dockerNetwork === undefined || intent.ipv4 === undefined) return [];
  const gateways = [intent.ipv4, intent.ipv6].flatMap((family) => (family === undefined ? [] : [family.gateway]));
  return [
    ...gateways.map(engineGatewayElement),
    {
      kind: "docker-network",
      name: intent.dockerNetwork,
      bridge: bridgeName(intent.vni),
      mtu: intent.mtu,
      mark: markOf(intent),
      ...(intent.internal === true ? { internal: true } : {}),
      ipv4: pool(intent.ipv4),
      ipv6: intent.ipv6 === undefined ? undefined : pool(intent.ipv6),
    },
  ];
}

const pool = (family: SegmentAddressing): DockerPool => ({
  subnet: family.pool ?? family.cidr,
  gateway: family.gateway,
  range: family.range,
  router: family.router,
});

const withPrefix = (address: string, family: SegmentAddressing): string =>
  `${address}/${family.cidr.slice(family.cidr.indexOf("/") + 1)}`;
const single = (address: string): string => `${address}/${address.includes(":") ? 128 : 32}`;
