/** The way of a packet through routers with routes, next hops, blackholes and internal subnets. */
import { traceRoute } from "../../../provider/src/compile/route-trace";
import type { RouteTrace } from "../../../provider/src/compile/route-trail";
import { topologyOf } from "../../../provider/src/compile/topology";
import type { Topology } from "../../../provider/src/compile/topology";
import { picture } from "../../../provider/src/render/picture";
import { routePicture } from "../../../provider/src/render/route-picture";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import type { Program } from "../../support/engine";
import { viewsOf } from "../../support/fleet-views";
import { golden } from "../../support/golden";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

/** `fw` in subnet `edge` is a firewall; `edge` is not on h3. Nobody has 10.20.9.6. */
const routing: ValueMap = {
  routes: [
    { destination: "172.31.0.0/16", nextHop: "10.20.9.5" },
    { destination: "172.31.7.0/24", nextHop: "blackhole" },
    { destination: "10.20.128.0/17", nextHop: "10.20.9.5" },
    { destination: "198.51.100.0/24", nextHop: "10.20.9.6" },
    { destination: "fd00:99::/64", nextHop: "fd00:20:0:9::5" },
  ],
  policyRoutes: [
    { priority: 5, from: "10.20.1.11/32", to: "203.0.113.77/32", nextHop: "10.20.9.6" },
    { priority: 10, from: "10.20.1.11/32", nextHop: "10.20.9.5" },
    { priority: 20, from: "10.20.1.0/24", to: "10.20.2.0/24", nextHop: "10.20.9.5" },
  ],
};

const subnets: Readonly<Record<string, ValueMap>> = {
  web: { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:0:1::/64" },
  db: { cidr: "10.20.2.0/24" },
  store: { cidr: "10.20.3.0/24", internal: true },
  edge: { cidr: "10.20.9.0/24", ipv6Cidr: "fd00:20:0:9::/64", hosts: ["h1", "h2"] },
};

/** Endpoint → host and address; its subnet is the one whose addresses those are. */
const endpoints: Readonly<Record<string, readonly [number, string, string, string?]>> = {
  web1: [0, "web", "10.20.1.11", "fd00:20:0:1::11"],
  web2: [1, "web", "10.20.1.12"],
  web3: [2, "web", "10.20.1.13"],
  db1: [1, "db", "10.20.2.11"],
  store1: [0, "store", "10.20.3.11"],
  store2: [1, "store", "10.20.3.12"],
  fw: [1, "edge", "10.20.9.5", "fd00:20:0:9::5"],
};

const program =
  (world: World): Program =>
  async (run) => {
    const made = await shop(run, world, { network: { egress: "nat", ipv6Cidr: "fd00:20::/48", ...routing } });
    const office = await run.add("sdn:index:VirtualNetwork", "office", { fabric: made.fabric, cidr: "10.30.0.0/16" });
    const desks = await run.add("sdn:index:Subnet", "desks", { network: office, cidr: "10.30.1.0/24", docker: false });
    await run.add("sdn:index:NetworkPeering", "orders", { networks: [office, made.network] });
    await endpointOn(run, made.hosts[1], "desk1", {
      subnet: desks,
      ipv4Address: "10.30.1.11",
      namespace: { name: "desk1" },
    });
    for (const [name, args] of Object.entries(subnets)) {
      const subnet = await subnetOf(run, made, name, { docker: false, ...args });
      for (const [endpoint, [host, own, ipv4Address, ipv6Address]] of Object.entries(endpoints)) {
        if (own !== name) continue;
        const addresses = { ipv4Address, ...(ipv6Address === undefined ? {} : { ipv6Address }) };
        await endpointOn(run, made.hosts[host], endpoint, { subnet, ...addresses, namespace: { name: endpoint } });
      }
    }
  };

let topology: Topology;
beforeAll(async () => {
  const world = new World([{}, {}, {}]);
  for (const [name, [host]] of Object.entries({ ...endpoints, desk1: [1] as const })) {
    world.hosts[host]?.model.addNamespace(name);
  }
  await new Engine(world.handlers).up(program(world));
  topology = topologyOf(await viewsOf(world));
});

const trace = (from: string, to: string, host?: string): RouteTrace =>
  traceRoute(topology, { from, to, network: undefined, host });

/** What the routers on the way say. */
const routers = ({ hops }: RouteTrace): readonly string[] =>
  hops.filter(({ device }) => device.startsWith("sdn-r-")).map(({ host, action }) => `${host} ${action}`);

test.each<[string, string, string, RouteTrace["outcome"], readonly string[]]>([
  [
    "outside, by the source's own route: to the next hop",
    "web1",
    "203.0.113.9",
    "forwarded",
    ["h1 sends it to next hop 10.20.9.5 in subnet edge, by policy route 10 (from 10.20.1.11/32)"],
  ],
  [
    "outside, from a source that no route names: by the way out",
    "web2",
    "203.0.113.9",
    "outside",
    ["h2 leaves by the uplink, with the router's address as its source"],
  ],
  [
    "where two routes by source match: the lower priority",
    "web1",
    "203.0.113.77",
    "unknown",
    ["h1 sends it to next hop 10.20.9.6 in subnet edge, by policy route 5 (from 10.20.1.11/32 to 203.0.113.77/32)"],
  ],
  [
    "to a subnet that a route by source names: to the next hop",
    "web2",
    "db1",
    "forwarded",
    ["h2 sends it to next hop 10.20.9.5 in subnet edge, by policy route 20 (from 10.20.1.0/24 to 10.20.2.0/24)"],
  ],
  ["back from there: directly, since no route names it", "db1", "web2", "delivered", ["h2 routes it to subnet web"]],
  ["from the next hop on: to the subnet", "fw", "db1", "delivered", ["h2 routes it to subnet db"]],
  [
    "from the next hop on: outside",
    "fw",
    "203.0.113.9",
    "outside",
    ["h2 leaves by the uplink, with the router's address as its source"],
  ],
  [
    "to a peer: not by the source's route, which is for what would take the default route",
    "web1",
    "desk1",
    "delivered",
    [expect.stringMatching(/^h1 sends it over peering orders/), "h1 routes it to subnet desks"],
  ],
  [
    "to what a static route names: to its next hop, and not to the source's",
    "web1",
    "172.31.1.1",
    "forwarded",
    ["h1 sends it to next hop 10.20.9.5 in subnet edge, by the route to 172.31.0.0/16"],
  ],
  [
    "into a blackhole inside of that: the longest prefix",
    "web1",
    "172.31.7.1",
    "dropped",
    ["h1 drops it, by the route to 172.31.7.0/24"],
  ],
  [
    "to a part of the network's own space that has a route",
    "web2",
    "10.20.130.1",
    "forwarded",
    ["h2 sends it to next hop 10.20.9.5 in subnet edge, by the route to 10.20.128.0/17"],
  ],
  [
    "to the rest of it",
    "web2",
    "10.20.99.1",
    "dropped",
    ["h2 10.20.99.1 belongs to network shop, and to none of its subnets"],
  ],
  [
    "to a next hop that nobody has",
    "web2",
    "198.51.100.7",
    "unknown",
    ["h2 sends it to next hop 10.20.9.6 in subnet edge, by the route to 198.51.100.0/24"],
  ],
  [
    "by an IPv6 route",
    "fd00:20:0:1::11",
    "fd00:99::1",
    "forwarded",
    ["h1 sends it to next hop fd00:20:0:9::5 in subnet edge, by the route to fd00:99::/64"],
  ],
  ["into an internal subnet", "web1", "store1", "dropped", ["h1 has no leg in subnet store"]],
  ["out of an internal subnet", "store1", "web1", "dropped", []],
  ["within an internal subnet, across hosts", "store1", "store2", "delivered", []],
  ["to where an internal subnet's gateway would be", "store1", "10.20.3.1", "unknown", []],
  [
    "to a gateway of another subnet: the router's own",
    "web1",
    "10.20.2.1",
    "delivered",
    ["h1 answers: the address is its own, in subnet db"],
  ],
  [
    "on a host without the next hop's subnet: as if the route were not there",
    "web3",
    "db1",
    "delivered",
    ["h3 routes it to subnet db"],
  ],
])("%s", (_case, from, to, outcome, said) => {
  const found = trace(from, to);
  expect({ outcome: found.outcome, said: routers(found) }).toEqual({ outcome, said });
});

test.each([
  [
    "fw (10.20.9.5) on host h2 is the next hop to 172.31.1.1; what it does is its own: ask from there",
    "web1",
    "172.31.1.1",
  ],
  ["network shop has a blackhole at 172.31.7.0/24", "web1", "172.31.7.1"],
  ["subnet store is internal: no router leads into it", "web1", "store1"],
  ["subnet store is internal: it has no gateway", "store1", "web1"],
  ["no endpoint, container or host range has 10.20.9.6", "web2", "198.51.100.7"],
  [
    "172.31.1.1 is outside of network shop; what becomes of it is not ours; its route to 172.31.0.0/16 by 10.20.9.5 is not here, since subnet edge is not",
    "web3",
    "172.31.1.1",
  ],
])("says why: %s", (reason, from, to) => {
  expect(trace(from, to).reason).toBe(reason);
});

test("draws the way by a next hop, and the routes of the network", () => {
  golden("route-next-hop.txt", routePicture(trace("web1", "203.0.113.9")));
  golden("topology-routes.txt", picture(topology));
});
