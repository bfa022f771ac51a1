/** `getFirewallHits` on modelled hosts with the policies of a program. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, unknown } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import type { Program } from "../../support/engine";
import { golden } from "../../support/golden";
import { shop, subnetOf } from "../../support/programs";
import { FakeCall, urnOf, World } from "../../support/world";
import type { WorldHost } from "../../support/world";

const tcp = (port: number): ValueMap => ({ services: [{ protocol: "tcp", ports: port }] });
const ingress = (name: string, action: string, more: ValueMap = {}): ValueMap => ({
  name,
  direction: "ingress",
  action,
  from: [{ any: true }],
  ...more,
});

const refused: readonly ValueMap[] = [ingress("refused", "reject", tcp(22))];

/** `more`: rules of the database besides. */
const program =
  (world: World, more = refused): Program =>
  async (run) => {
    const made = await shop(run, world, { network: { vni: 5000 } });
    const db = await subnetOf(run, made, "db", { cidr: "10.20.2.0/24", vni: 5001 });
    const common = { fabric: made.fabric, appliesTo: [{ subnet: db }] };
    await run.add("sdn:index:FirewallPolicy", "database", {
      ...common,
      priority: 10,
      rules: [
        ingress("postgres", "allow", tcp(5432)),
        ingress("logged", "allow", { ...tcp(5433), log: "5/minute" }),
        ...more,
        ingress("next-tier", "pass", tcp(443)),
        ingress("off", "allow", { ...tcp(80), enabled: false }),
      ],
      defaults: { ingress: "deny", egress: "continue" },
    });
    await run.add("sdn:index:FirewallPolicy", "trial", {
      ...common,
      priority: 20,
      tier: "baseline",
      rules: [ingress("known", "allow", tcp(8080)), ingress("telnet", "deny", tcp(23))],
      defaults: { ingress: "continue", egress: "isolate" },
      enforcement: "watch",
    });
  };

async function converged(): Promise<World> {
  const world = new World([{}, {}]);
  await new Engine(world.handlers).up(program(world));
  return world;
}

/** What packets leave: the host's counters are its own business here. */
function count(host: WorldHost | undefined, name: string, packets: number, last: number): void {
  host?.model.change(({ firewall }) => {
    const hits = firewall.hits.get(name);
    if (hits === undefined) throw new Error(`the table has nothing named ${name}`);
    Object.assign(hits, { packets, bytes: packets * 60, last });
  });
}

const references = ({ hosts }: World): readonly ResourceReference[] =>
  hosts.map(({ name, uri }) => new ResourceReference(urnOf("sdn:index:Host", name), uri, ""));
async function outcome(world: World, args: ValueMap, call = new FakeCall()) {
  const make = world.handlers.functions.get("sdn:index:getFirewallHits");
  if (make === undefined) throw new Error("no such function");
  return make().invoke(call, { hosts: references(world), ...args });
}
async function hits(world: World, args: ValueMap = {}, call = new FakeCall()): Promise<ValueMap> {
  const found = await outcome(world, args, call);
  if ("failures" in found) throw new Error(JSON.stringify(found.failures));
  return found.result;
}
const listOf = (value: unknown): readonly ValueMap[] => value as readonly ValueMap[];
const texts = (value: unknown, ...names: readonly string[]): readonly string[] =>
  listOf(value).map((one) => names.map((name) => one[name] as string | number).join(" "));

test("has every rule that can count something on every host, in its order, also those that counted nothing", async () => {
  const world = await converged();
  world.takeExecutions();
  const { rules, drops, neverMatched } = await hits(world);
  expect(world.takeExecutions()).toEqual([1, 1]);
  const ofOne = [
    "database postgres",
    "database logged",
    "database refused",
    "database default",
    "trial telnet",
    "trial default",
  ];
  expect(texts(rules, "host", "policy", "rule")).toEqual(
    ["h1", "h2"].flatMap((host) => ofOne.map((ref) => `${host} ${ref}`)),
  );
  expect(listOf(rules)[0]).toEqual({
    host: "h1",
    policy: "database",
    owner: "shop/dev",
    rule: "postgres",
    packets: 0,
    bytes: 0,
    since: "2026-01-01T00:00:00Z",
  });
  expect(texts(drops, "host", "reason", "packets")).toEqual(
    ["h1", "h2"].flatMap((host) => ["held 0", "invalid 0", "link-local 0", "not-syn 0"].map((one) => `${host} ${one}`)),
  );
  // Asked after a policy that denies all the rest, so nothing can match it.
  expect(listOf(rules).filter(({ since }) => since === undefined)).toMatchObject([
    { rule: "telnet" },
    { rule: "telnet" },
  ]);
  expect(neverMatched).toEqual(ofOne.map((ref) => ref.replace(" ", "/")));
});

test("tells how many and when, host by host, what a watching policy would drop, and what no policy decided", async () => {
  const world = await converged();
  const [h1, h2] = world.hosts;
  count(h1, "database/postgres", 12, 1_767_229_200);
  count(h2, "database/postgres", 1, 1_767_232_800);
  count(h2, "database/refused", 3, 1_767_232_801);
  count(h1, "trial/default watch", 4, 1_767_229_260);
  count(h1, "not-syn", 2, 1_767_229_261);
  const { rules, drops, neverMatched, table } = await hits(world);
  expect(listOf(rules).filter(({ rule }) => rule === "postgres")).toMatchObject([
    { host: "h1", packets: 12, bytes: 720, lastHit: "2026-01-01T01:00:00Z" },
    { host: "h2", packets: 1, bytes: 60, lastHit: "2026-01-01T02:00:00Z" },
  ]);
  expect(
    listOf(rules)
      .filter(({ policy }) => policy === "trial")
      .map(({ packets, wouldDrop }) => [packets, wouldDrop]),
  ).toEqual([
    [0, 0],
    [0, 4],
    [0, 0],
    [0, 0],
  ]);
  expect(listOf(drops).find(({ packets }) => packets !== 0)).toMatchObject({
    host: "h1",
    reason: "not-syn",
    packets: 2,
  });
  expect(neverMatched).toEqual(["database/logged", "database/default", "trial/telnet"]);
  golden("firewall-hits.txt", table as string);
});

test.each([
  ["its name", "trial"],
  ["itself", new ResourceReference(urnOf("sdn:index:FirewallPolicy", "trial"), "", "")],
])("tells of one policy alone that is given by %s", async (_how, policy) => {
  const { rules, drops } = await hits(await converged(), { policy });
  expect(listOf(rules).map(({ rule }) => rule)).toEqual(["telnet", "default", "telnet", "default"]);
  expect(drops).toEqual([]);
});

test("what was counted goes on over a change of the policy; a rule that goes is forgotten", async () => {
  const world = new World([{}, {}]);
  const engine = new Engine(world.handlers);
  await engine.up(program(world));
  count(world.hosts[0], "database/postgres", 12, 1_767_229_200);
  count(world.hosts[0], "database/refused", 3, 1_767_229_200);
  await engine.up(program(world, []));
  await engine.up(program(world));
  const [postgres, , refused] = listOf((await hits(world, { policy: "database" }))["rules"]);
  expect(postgres).toMatchObject({ rule: "postgres", packets: 12, lastHit: "2026-01-01T01:00:00Z" });
  expect(refused).toMatchObject({ rule: "refused", packets: 0 });
});

test("of a host that cannot be read it warns, and tells of the others", async () => {
  const world = await converged();
  world.hosts[0]?.target.failBefore(world.hosts[0].target.executions + 1);
  const call = new FakeCall();
  const { rules } = await hits(world, {}, call);
  expect(new Set(listOf(rules).map(({ host }) => host))).toEqual(new Set(["h2"]));
  expect(call.warnings).toEqual([expect.stringMatching(/^host h1 was not read, so its hits are missing: /)]);
});

test("of hosts without a firewall says so", async () => {
  expect(await hits(new World([{}]))).toEqual({ rules: [], drops: [], neverMatched: [], table: "no rules\n" });
});

test("while an argument is not known, nothing is", async () => {
  const result = { rules: unknown, drops: unknown, neverMatched: unknown, table: unknown };
  expect(await outcome(new World(), { policy: unknown })).toEqual({ result });
});

test("says of each argument what is wrong with it", async () => {
  const found = await outcome(new World(), { hosts: ["h1"], policy: 5, wrong: 1 });
  expect("failures" in found ? found.failures.map(({ property }) => property) : []).toEqual([
    "hosts[0]",
    "policy",
    "wrong",
  ]);
});
