/** What a router's kernel decides, table by table. */
import { decide } from "../../../provider/src/compile/router-table";
import type { RouterPolicy, RouterRoute, RouterTable } from "../../../provider/src/compile/router-table";
import type { TopologySubnet } from "../../../provider/src/compile/topology";

const subnet = (name: string, vni: number, cidr: string): TopologySubnet => ({
  name,
  owner: "shop/dev",
  vni,
  networkVni: 5000,
  cidr,
  gateway: undefined,
  ipv6Cidr: undefined,
  ipv6Gateway: undefined,
  mtu: 1450,
  internal: false,
  segments: [],
});
const web = subnet("web", 5001, "10.20.1.0/24");
const edge = subnet("edge", 5002, "10.20.9.0/24");

const toWeb: RouterRoute = { kind: "subnet", destination: "10.20.1.0/24", subnet: web };
const out: RouterRoute = { kind: "uplink", destination: "0.0.0.0/0" };
const hole: RouterRoute = { kind: "blackhole", destination: "10.20.0.0/16", own: true };
const policy = (priority: number, more: Partial<RouterPolicy> = {}): RouterPolicy => {
  return { priority, from: "10.20.1.0/24", nextHop: "10.20.9.5", subnet: edge, ...more };
};
const table = (routes: readonly RouterRoute[], ...policies: readonly RouterPolicy[]): RouterTable => ({
  legs: [{ subnet: web, addresses: ["10.20.1.1"] }],
  routes,
  policies,
});

test.each<[string, RouterTable, { to: string; arriving?: number; from?: string }, string]>([
  ["no route at all", table([toWeb]), { to: "203.0.113.9" }, "none"],
  ["the default route", table([toWeb, out]), { to: "203.0.113.9" }, "uplink 0.0.0.0/0"],
  ["the longest prefix, wherever it stands", table([out, hole, toWeb]), { to: "10.20.1.9" }, "subnet 10.20.1.0/24"],
  ["a hole around", table([out, hole, toWeb]), { to: "10.20.7.9" }, "blackhole 10.20.0.0/16"],
  [
    "a subnet as large as the hole around it",
    table([{ ...toWeb, destination: "10.20.0.0/16" }, hole]),
    { to: "10.20.7.9" },
    "subnet 10.20.0.0/16",
  ],
  ["a policy route, before the default route", table([out], policy(10)), { to: "203.0.113.9" }, "policy 10"],
  ["a policy route, where there is no default route", table([], policy(10)), { to: "203.0.113.9" }, "policy 10"],
  [
    "a policy route without a destination, after other routes",
    table([hole], policy(10)),
    { to: "10.20.7.9" },
    "blackhole 10.20.0.0/16",
  ],
  [
    "a policy route with one, before them",
    table([toWeb], policy(10, { to: "10.20.0.0/16" })),
    { to: "10.20.1.9" },
    "policy 10",
  ],
  [
    "another destination than the policy route's",
    table([out], policy(10, { to: "10.20.0.0/16" })),
    { to: "203.0.113.9" },
    "uplink 0.0.0.0/0",
  ],
  [
    "another source than the policy route's",
    table([out], policy(10)),
    { from: "10.20.2.5", to: "203.0.113.9" },
    "uplink 0.0.0.0/0",
  ],
  [
    "what arrives from the next hop's own subnet",
    table([out], policy(10)),
    { to: "203.0.113.9", arriving: 5002 },
    "uplink 0.0.0.0/0",
  ],
  [
    "the same, where the main table has nothing for it",
    table([], policy(10)),
    { to: "203.0.113.9", arriving: 5002 },
    "policy 10",
  ],
  [
    "the router's own address, before policy routes",
    table([toWeb], policy(10, { to: "10.20.0.0/16" })),
    { to: "10.20.1.1" },
    "local web",
  ],
  [
    "a policy route of the other family",
    table([out], policy(10, { from: "fd00::/64" })),
    { to: "203.0.113.9" },
    "uplink 0.0.0.0/0",
  ],
])("%s", (_case, given, { from = "10.20.1.5", to, arriving = 5001 }, expected) => {
  const found = decide(given, { from, to, arriving });
  const shown = ((): string => {
    if (found === undefined) return "none";
    if (found.kind === "policy") return `policy ${found.policy.priority}`;
    return found.kind === "local" ? `local ${found.subnet.name}` : `${found.kind} ${found.destination}`;
  })();
  expect(shown).toBe(expected);
});
