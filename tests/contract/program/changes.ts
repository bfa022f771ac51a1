/** Changes of a host that the tests of the program disturb, with what is there before. */
import type {
  Intent,
  PeeringIntent,
  PortIntent,
  RouterIntent,
  SegmentIntent,
} from "../../../provider/src/compile/intent";
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { parseReport } from "../../../provider/src/render/report";
import {
  addressing,
  dualStackService,
  egressDual,
  nat,
  peeringIntent,
  peerRouter,
  portAddress6,
  portIntent,
  routerIntent,
  routes,
  segmentIntent,
} from "../../support/intents";
import { applyFragment, requestOf } from "../../support/requests";
import type { ProgramHost } from "./bench";

export interface Change {
  readonly name: string;
  /** What is there already. */
  readonly given: readonly Intent[];
  readonly from?: Intent;
  readonly to: Intent;
}

/** `box` is the namespace that ports are put into. */
export function changesOf(scope: string, box: string): ReadonlyMap<string, Omit<Change, "name">> {
  const router: RouterIntent = { ...routerIntent({ ipv6Cidr: "fd00:20::/48" }), scope };
  const gateway: RouterIntent = { ...router, egress: egressDual };
  const segment: SegmentIntent = { ...segmentIntent({ ...addressing }), scope };
  const attachment = { kind: "namespace", namespace: box, interface: "eth0" } as const;
  const port: PortIntent = { ...portIntent("namespace", { ipv6: portAddress6, attachment }), scope };
  const interfaceOf = { kind: "interface", interface: "nic0" } as const;
  const network = [router, segment];
  const service: ServiceIntent = { ...dualStackService(), scope };
  const second = { name: "api", label: "api", ipv4: "198.18.0.11", ipv6: "fd73:646e:7376::11" };
  const peering: PeeringIntent = { ...peeringIntent(), scope };
  const peers = [router, { ...peerRouter(), scope }];
  const [left, right] = peering.sides;
  return new Map<string, Omit<Change, "name">>([
    ["a router without egress is made", { given: [], to: router }],
    ["a router gets egress", { given: [router], from: router, to: gateway }],
    ["a router loses its egress", { given: [gateway], from: gateway, to: router }],
    ["a router gets translations", { given: [gateway], from: gateway, to: { ...gateway, nat } }],
    [
      "a router's translations change",
      {
        given: [{ ...gateway, nat }],
        from: { ...gateway, nat },
        to: {
          ...gateway,
          nat: {
            source: [{ from: "10.20.6.0/24", address: "none" }],
            destination: nat.destination.slice(0, 1).map((one) => ({ ...one, toPort: 8081 })),
          },
        },
      },
    ],
    [
      "a router stops to translate what leaves",
      { given: [gateway], from: gateway, to: { ...gateway, egress: { ...egressDual, mode: "routed" } } },
    ],
    [
      "a router's space, MTU and link change",
      {
        given: [gateway],
        from: gateway,
        to: {
          ...gateway,
          mtu: 1400,
          cidr: "10.32.0.0/12",
          ipv6Cidr: undefined,
          egress: { ipv4: { host: "100.64.0.2", router: "100.64.0.3" }, ipv6: egressDual.ipv6 },
        },
      },
    ],
    ["a dual-stack segment is made", { given: [router], to: segment }],
    [
      "a segment's peers and MTU change",
      { given: network, from: segment, to: { ...segment, mtu: 1400, peers: ["192.0.2.13", "192.0.2.14"] } },
    ],
    [
      "a segment's port and local address change",
      { given: network, from: segment, to: { ...segment, port: 4790, underlay: "192.0.2.15", peers: ["192.0.2.14"] } },
    ],
    [
      "a segment's gateway moves and its IPv6 goes",
      {
        given: network,
        from: segment,
        to: {
          ...segment,
          ipv4: { ...addressing.ipv4, gateway: "10.20.1.2", router: "10.20.1.80", range: "10.20.1.80/28" },
          ipv6: undefined,
        },
      },
    ],
    ["a segment gets routes", { given: network, from: segment, to: { ...segment, ...routes } }],
    [
      "a segment's routes change",
      {
        given: [router, { ...segment, ...routes }],
        from: { ...segment, ...routes },
        to: {
          ...segment,
          routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.1.10" }],
          policyRoutes: [{ priority: 10, from: "10.20.2.0/24", to: "203.0.113.0/24", nextHop: "10.20.1.10" }],
        },
      },
    ],
    ["a network gets its first service", { given: network, to: service }],
    ["a network gets another service", { given: [...network, service], to: { ...service, ...second } }],
    [
      "a service's backends, ports and way of balancing change",
      {
        given: [...network, service],
        from: service,
        to: {
          ...service,
          balancing: "source-hash",
          backends: service.backends.slice(1),
          ports: [{ name: undefined, protocol: "tcp", port: 443, targetPort: 8443 }],
        },
      },
    ],
    [
      "a service loses its IPv6",
      { given: [...network, service], from: service, to: { ...service, ipv6: undefined, pools: ["198.18.0.0/15"] } },
    ],
    ["two networks become peers", { given: peers, to: peering }],
    [
      "a peering's prefixes, MTU and family change",
      {
        given: [...peers, peering],
        from: peering,
        to: {
          ...peering,
          mtu: 1400,
          sides: [
            { ...left, ipv6: undefined, prefixes: ["10.20.1.0/24", "10.20.2.0/24"] },
            { ...right, ipv6: undefined, prefixes: ["10.30.0.0/16"] },
          ],
        },
      },
    ],
    [
      "a segment grows",
      {
        given: network,
        from: segment,
        to: {
          ...segment,
          ipv4: { ...addressing.ipv4, cidr: "10.20.0.0/23", pool: "10.20.1.0/24" },
          ipv6: { ...addressing.ipv6, cidr: "fd00:20::/47", pool: "fd00:20:1::/64" },
        },
      },
    ],
    ["a namespace's port is made", { given: network, to: port }],
    [
      "a port's addresses, MAC, MTU and gateway change",
      {
        given: [...network, port],
        from: port,
        to: {
          ...port,
          mtu: 1400,
          mac: "02:42:0a:14:01:06",
          ipv4: { address: "10.20.1.6/24", gateway: "10.20.1.2" },
          ipv6: { address: "fd00:20:1::6/64", gateway: "fd00:20:1::2" },
        },
      },
    ],
    [
      "what a port may say changes",
      {
        given: [...network, port],
        from: port,
        to: {
          ...port,
          guard: {
            bindMac: true,
            pairs: [
              { cidr: "10.20.7.0/24", mac: undefined },
              { cidr: "10.20.1.9/32", mac: "00:00:5e:00:01:01" },
              { cidr: "fd00:20:7::/64", mac: undefined },
            ],
          },
        },
      },
    ],
    ["a port is not guarded any more", { given: [...network, port], from: port, to: { ...port, guard: undefined } }],
    [
      "an interface of the host becomes a port",
      {
        given: network,
        to: {
          ...port,
          name: "nic",
          ipv6: undefined,
          attachment: interfaceOf,
          guard: { bindMac: false, pairs: [] },
        },
      },
    ],
  ]);
}

/** The change, by name, on a host that has just what is before it. */
export async function before(host: ProgramHost, box: string, name: string): Promise<Change> {
  const change = changesOf(host.name, box).get(name);
  if (change === undefined) throw new Error(`no change is called ${name}`);
  host.reset();
  // Docker's chain, so that the rules in it are part of the changes.
  host.in("ip link add nic0 type veth peer name nic1; for t in iptables ip6tables; do $t -N DOCKER-USER; done");
  if (change.given.length > 0)
    await applied(
      host,
      requestOf(
        host.name,
        change.given.map((one) => applyFragment(one)),
      ),
    );
  return { name, ...change };
}

/** Runs the request undisturbed; everything in it must succeed. */
export async function applied(host: ProgramHost, input: string): Promise<ReturnType<typeof parseReport>> {
  const report = parseReport((await host.run(input)).stdout);
  for (const [key, result] of report.results) expect([key, result]).toMatchObject([key, { ok: true }]);
  return report;
}

export const changeNames: readonly string[] = [...changesOf("", "").keys()];
