/** What a host is sent for policies, as text to read in a review. `UPDATE_GOLDEN=1` writes the files anew. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { firewallPlan } from "../../../provider/src/compile/firewall/plan";
import { firewallProgram } from "../../../provider/src/compile/firewall/program";
import { changeCommands, replaceCommands, type Program } from "../../../provider/src/compile/nft/program";
import type { Policy, Rule } from "../../../provider/src/policy/rule";
import { policy, rule } from "../../support/policy/policies";
import { cidr, ip, shop } from "../../support/policy/shop";
import { showCommands } from "../../support/policy/shown";

const folder = join(__dirname, "golden");
const program = (policies: readonly Policy[], host = "h1"): Program =>
  firewallProgram(firewallPlan(policies, shop, { host, now: 1_800_000_000 }));
const whole = (policies: readonly Policy[], host?: string): string =>
  showCommands(replaceCommands(program(policies, host)));
const change = (from: readonly Policy[], to: readonly Policy[]): string =>
  showCommands(changeCommands(program(from), program(to)));

const tcp = (first: number, last = first) => [{ kind: "ports", protocol: 6, ports: [{ first, last }] }] as const;
const postgres = rule("postgres", { peers: [{ kind: "group", name: "web" }], services: tcp(5432) });
const database = (...rules: readonly Rule[]): Policy =>
  policy("database", {
    appliesTo: [{ kind: "group", name: "db" }],
    defaults: { ingress: "deny", egress: "continue" },
    rules,
  });
const everything = database(
  rule("blocked", { action: "deny", peers: [{ kind: "cidr", cidr: cidr("198.51.100.0/24"), except: [] }] }),
  postgres,
  rule("admin", {
    peers: [{ kind: "group", name: "office" }],
    services: tcp(22),
    log: { rate: 5, per: "minute", burst: 5 },
    expires: 1_900_000_000,
  }),
  rule("ping", { services: [{ kind: "icmp", family: 4, types: [{ type: 8 }] }] }),
  rule("web-ui", { action: "reject", services: tcp(8000, 8010) }),
);
const trial = policy("trial", {
  tier: "baseline",
  appliesTo: [{ kind: "subnet", name: "web" }],
  enforcement: { mode: "watch", until: 1_900_000_000 },
  defaults: { ingress: "deny", egress: "isolate" },
  rules: [rule("http", { services: tcp(80) })],
});
const host = policy("host", {
  appliesTo: [{ kind: "host", name: "h1" }],
  defaults: { ingress: "deny", egress: "continue" },
  rules: [rule("published", { peers: [{ kind: "group", name: "office" }], services: tcp(8080) })],
});

const files: Readonly<Record<string, () => string>> = {
  nothing: () => whole([]),
  database: () => whole([database(postgres)]),
  "database-elsewhere": () => whole([database(postgres)], "h2"),
  everything: () => whole([everything]),
  watch: () => whole([trial]),
  host: () =>
    showCommands(
      replaceCommands(
        firewallProgram(
          firewallPlan([host], shop, {
            host: "h1",
            now: 1_800_000_000,
            failsafe: [{ client: cidr("203.0.113.9/32"), server: ip("192.0.2.1"), port: 22 }],
            underlayPorts: [4789],
          }),
        ),
      ),
    ),
  dynamic: () => whole([database({ ...postgres, peers: [{ kind: "name", name: "partner.example" }] })]),
  "change-port": () => change([database(postgres)], [database({ ...postgres, services: tcp(5433) })]),
  "change-rule-added": () => change([database(postgres)], [everything]),
  "change-cut": () =>
    showCommands(
      changeCommands(
        program([database(postgres)]),
        firewallProgram(firewallPlan([database()], shop, { host: "h1", now: 1_800_000_000 }), [
          {
            zone: 2,
            source: ip("10.20.1.2"),
            destination: ip("10.20.2.2"),
            protocol: 6,
            sourcePort: 40_000,
            port: 5432,
          },
        ]),
      ),
    ),
  "change-policy-removed": () => change([database(postgres), trial], [trial]),
};

test.each(Object.entries(files))("%s", (name, render) => {
  const path = join(folder, `${name}.txt`);
  const actual = render();
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, actual);
  }
  expect(actual).toBe(readFileSync(path, "utf8"));
});

test("every golden file belongs to a test", () => {
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(files)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});
