/** What a refresh says of a policy's hits, and what it leaves of them in the state. */
import type { RuleTotal } from "../../../provider/src/compile/firewall/hits";
import { hitsValue, unusedSentence } from "../../../provider/src/resources/firewall/hits-value";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import { shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const day = 86_400;
const start = 1_767_225_600;
const rule = (name: string, more: Partial<RuleTotal> = {}): RuleTotal => ({
  rule: name,
  packets: 0,
  since: start,
  last: undefined,
  wouldDrop: undefined,
  ...more,
});

describe("in the state", () => {
  test("is each rule over all hosts", () => {
    const rules = [rule("ssh", { packets: 3, last: start + 60 }), rule("web"), rule("telnet", { wouldDrop: 2 })];
    expect(hitsValue(rules)).toEqual([
      { rule: "ssh", packets: 3, lastHit: "2026-01-01T00:01:00Z" },
      { rule: "web", packets: 0 },
      { rule: "telnet", packets: 0, wouldDrop: 2 },
    ]);
  });

  test("are all rules together where there are more than fifty", () => {
    const rules = Array.from({ length: 51 }, (_, n) => rule(`r${n}`, { packets: 2, last: start + n }));
    expect(hitsValue(rules.slice(1))).toHaveLength(50);
    expect(hitsValue(rules)).toEqual([{ packets: 102, lastHit: "2026-01-01T00:00:50Z" }]);
  });

  test("are they after a refresh, and they are no difference", async () => {
    const world = new World([{}, {}]);
    const engine = new Engine(world.handlers);
    const ssh = { name: "ssh", direction: "ingress", action: "allow", services: [{ protocol: "tcp", ports: 22 }] };
    const program = async (run: Parameters<Parameters<Engine["up"]>[0]>[0]): Promise<void> => {
      const made = await shop(run, world, { network: { vni: 5000 } });
      const db = await subnetOf(run, made, "db", { cidr: "10.20.2.0/24", vni: 5001 });
      await run.add("sdn:index:FirewallPolicy", "database", {
        fabric: made.fabric,
        priority: 10,
        appliesTo: [{ subnet: db }],
        rules: [ssh],
        defaults: { ingress: "deny", egress: "continue" },
      });
    };
    await engine.up(program);
    for (const [index, { model }] of world.hosts.entries()) {
      model.change(({ firewall }) => {
        Object.assign(firewall.hits.get("database/ssh") ?? {}, { packets: index + 1, last: start + index });
      });
    }
    await engine.refresh();
    const policy = (): ValueMap | undefined =>
      [...engine.state.values()].find(({ type }) => type === "sdn:firewall:Policy")?.outputs;
    expect(policy()?.["hits"]).toEqual([
      { rule: "ssh", packets: 3, lastHit: "2026-01-01T00:00:01Z" },
      { rule: "default", packets: 0 },
    ]);
    expect((await engine.up(program)).done).toEqual([]);
    expect(policy()?.["hits"]).toHaveLength(2);
  });
});

test.each<[string, readonly RuleTotal[], number, string | undefined]>([
  ["too new to tell", [rule("web")], start + 29 * day, undefined],
  ["old and never matched", [rule("web")], start + 30 * day, "matched on no host since 2026-01-01T00:00:00Z: web"],
  [
    "several, since the youngest is there",
    [rule("web"), rule("ssh", { since: start + day })],
    start + 40 * day,
    "matched on no host since 2026-01-02T00:00:00Z: web, ssh",
  ],
  ["matched", [rule("web", { packets: 1 }), rule("dns", { wouldDrop: 1 })], start + 90 * day, undefined],
  ["on no host's table", [rule("web", { since: undefined })], start + 90 * day, undefined],
])("what never matched is told of after a month: %s", (_case, rules, now, expected) => {
  expect(unusedSentence(rules, now)).toBe(expected);
});
