/** `getReachability` and the command's table, from what modelled hosts hold. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, unknown } from "../../../provider/src/rpc/value";
import { atOnce } from "../../support/at-once";
import { Engine } from "../../support/engine";
import { golden } from "../../support/golden";
import { GuardedFleet } from "../../support/guarded";
import { guardedShop, guardOf, ingress, webs } from "../../support/reach/guarded-shop";
import { FakeCall, urnOf } from "../../support/world";

let fleet: GuardedFleet;
beforeAll(async () => {
  jest.useFakeTimers();
  fleet = new GuardedFleet(2);
  const policies = {
    database: guardOf([ingress("postgres", webs, "5432"), ingress("audit", [{ cidr: "203.0.113.0/24" }], "5432")]),
    frontend: {
      priority: 2,
      appliesTo: [{ group: "$webs" }],
      rules: [
        {
          name: "mirror",
          direction: "egress",
          action: "allow",
          to: [{ dnsName: "mirror.example.com" }],
          services: [{ protocol: "tcp", ports: "443" }],
        },
        {
          name: "inside",
          direction: "egress",
          action: "allow",
          to: [{ subnet: "$web" }, { subnet: "$db" }],
        },
      ],
      defaults: { ingress: "continue", egress: "deny" },
    },
    machines: {
      priority: 3,
      appliesTo: [{ host: "$h1" }],
      rules: [ingress("ssh", [{ cidr: "192.0.2.0/24" }], "22")],
      defaults: { ingress: "deny", egress: "continue" },
    },
  };
  for (const [index, name] of [
    [0, "web1"],
    [1, "web2"],
    [1, "db1"],
    [0, "store1"],
  ] as const) {
    fleet.models[index]?.addNamespace(name);
  }
  await atOnce(new Engine(fleet.world.handlers).up(guardedShop(fleet, { policies, attached: true })));
  jest.useRealTimers();
});

const hosts = (): readonly ResourceReference[] =>
  fleet.world.hosts.map(({ name, uri }) => new ResourceReference(urnOf("sdn:index:Host", name), uri, ""));

async function outcome(args: ValueMap, call = new FakeCall()) {
  const make = fleet.world.handlers.functions.get("sdn:index:getReachability");
  if (make === undefined) throw new Error("no such function");
  return make().invoke(call, { hosts: hosts(), ...args });
}
async function reachability(args: ValueMap = {}): Promise<ValueMap> {
  const found = await outcome(args);
  if ("failures" in found) throw new Error(JSON.stringify(found.failures));
  return found.result;
}

test("all that passes, with the rules that decide, in one execution a host", async () => {
  fleet.world.takeExecutions();
  golden("reachability-shop.txt", (await reachability())["table"] as string);
  expect(fleet.world.takeExecutions()).toEqual([1, 1]);
});

test.each<[string, ValueMap, string, readonly string[]]>([
  [
    "an endpoint to another, allowed",
    { from: "web1", to: "db1", protocol: "tcp", ports: 5432 },
    "allowed",
    ["database/postgres", "frontend/inside"],
  ],
  [
    "the same on another port",
    { from: "web1", to: "db1", protocol: "tcp", ports: "22" },
    "denied",
    ["database/default"],
  ],
  [
    "some of the ports",
    { from: "web1", to: "db1", protocol: "tcp", ports: "5432-5433" },
    "partly",
    ["database/default", "database/postgres", "frontend/inside"],
  ],
  [
    "a block outside to an endpoint",
    { from: "203.0.113.0/24", to: "db1", protocol: "tcp", ports: 5432 },
    "allowed",
    ["database/audit"],
  ],
  [
    "a wider block",
    { from: "203.0.112.0/23", to: "db1", protocol: "tcp", ports: 5432 },
    "partly",
    ["database/audit", "database/default"],
  ],
  [
    "an endpoint to an address outside that a name may have",
    { from: "web1", to: "198.51.100.7", protocol: "tcp", ports: 443 },
    "depends",
    ["frontend/default", "frontend/mirror"],
  ],
  [
    "an endpoint to an address outside",
    { from: "web1", to: "198.51.100.7", protocol: "udp" },
    "denied",
    ["frontend/default"],
  ],
  ["into an internal subnet", { from: "db1", to: "store1" }, "unreachable", []],
  [
    "a subnet to another, where a part of it may not",
    { from: "web", to: "db", protocol: "tcp", ports: 5432 },
    "partly",
    ["database/default", "database/postgres", "frontend/inside"],
  ],
  [
    "a group to a subnet",
    { from: "webs", to: "db", protocol: "tcp", ports: 5432 },
    "allowed",
    ["database/postgres", "frontend/inside"],
  ],
  ["an operator to a host", { from: "192.0.2.7", to: "h1", protocol: "tcp", ports: 22 }, "allowed", ["machines/ssh"]],
  [
    "somebody else to a host",
    { from: "198.51.100.7", to: "h1", protocol: "tcp", ports: 22 },
    "denied",
    ["machines/default"],
  ],
])("%s", async (_name, args, answer, rules) => {
  const found = await reachability(args);
  const because = found["because"] as readonly ValueMap[];
  expect([found["answer"], [...new Set(because.flatMap((row) => row["rules"] as string[]))].sort()]).toEqual([
    answer,
    rules,
  ]);
});

test("the way of the packet is told, where one endpoint sends", async () => {
  const found = await reachability({ from: "web1", to: "db1", protocol: "tcp", ports: 5432 });
  golden("reachability-allowed.txt", found["table"] as string);
  expect((found["hops"] as readonly ValueMap[]).map(({ host }) => host)).toContain("h2");
  expect((await reachability({ from: "webs", to: "db1" }))["hops"]).toBeUndefined();
});

test("what is wrong is said at the argument, and what is unknown stays unknown", async () => {
  expect(await outcome({ from: "web1" })).toEqual({
    failures: [{ property: "to", reason: expect.stringMatching(/^is missing, and the other end is given/) }],
  });
  await expect(outcome({ from: "web1", to: "nobody-has-it" })).rejects.toThrow(
    'to: is no endpoint, container, subnet, network, group or host on these hosts, and no address (got "nobody-has-it")',
  );
  expect(await outcome({ from: "web1", to: unknown })).toEqual({ result: { flows: unknown, table: unknown } });
});
