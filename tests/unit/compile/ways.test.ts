/** Who has a way to whom, for classes of endpoints, is what the route of a packet says for each of them. */
import { fleetIntents, intentsOf, type HostView } from "../../../provider/src/compile/fleet-intents";
import { traceRoute } from "../../../provider/src/compile/route-trace";
import { topologyOf } from "../../../provider/src/compile/topology";
import { parseAddress } from "../../../provider/src/model/address";
import type { Intent } from "../../../provider/src/compile/intent";
import { type WayEnd, type Ways, waysOf } from "../../../provider/src/reach/ways";
import { viewsOf } from "../../support/fleet-views";
import { shopWorld } from "../../support/shop-world";

let views: readonly HostView[];
let ways: Ways;
beforeAll(async () => {
  views = await viewsOf((await shopWorld()).world);
  ways = waysOf(
    new Map(views.map(({ uri, snapshot }): [string, readonly Intent[]] => [uri, snapshot ? intentsOf(snapshot) : []])),
  );
});

/** Endpoints by name, as ends of ways; what is no endpoint is an address outside. */
function endOf(name: string): WayEnd & { readonly network: string | undefined } {
  const port = fleetIntents(views).ports.find(({ intent }) => intent.name === name);
  if (port === undefined)
    return { group: undefined, shape: "", address: parseAddress(name, "test"), network: undefined };
  const { uri } = views.find((view) => view.name === port.host)!;
  const segment = String(port.intent.vni);
  const address = parseAddress(port.intent.ipv4!.address.replace(/\/.*/, ""), "test");
  const network = topologyOf(views).networks.find(({ vni }) => vni === port.intent.routerVni)?.name;
  return { group: ways.group(segment), shape: ways.shape(uri, segment), address, network };
}

const names = ["web1", "web2", "db1", "probe", "desk1", "198.51.100.7"];
const pairs = names.flatMap((from) => names.flatMap((to) => (from === to || from.includes(".") ? [] : [[from, to]])));

test.each(pairs)("%s → %s", (from = "", to = "") => {
  const [one, other] = [endOf(from), endOf(to)];
  const { outcome } = traceRoute(topologyOf(views), { from, to, network: one.network, host: undefined });
  // The packet's address may be another tenant's, too: it arrives at somebody, but not at that one.
  const isTenant = other.network !== undefined && other.network !== one.network && !peered(one.network, other.network);
  expect([from, to, ways.leads(one, other)]).toEqual([from, to, !isTenant && /^(delivered|outside)$/.test(outcome)]);
});

const peered = (one: string | undefined, other: string | undefined): boolean =>
  [one, other].sort().join() === ["office", "shop"].join();

test("prefixes of a peering decide: the database's subnet is not among them", () => {
  expect(ways.leads(endOf("desk1"), endOf("web1"))).toBe(true);
  expect(ways.leads(endOf("desk1"), endOf("db1"))).toBe(false);
});

test("hosts with the same routers are alike, and a subnet that is not everywhere is a group of its own", () => {
  expect(endOf("web1").group).not.toBe(endOf("db1").group);
  expect(endOf("web1").shape).toBe(endOf("web2").shape);
});
