/** The program in docs/firewall.md is one that runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { ResourceReference, Value, ValueMap } from "../../../provider/src/rpc/value";
import { isValueMap } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import { shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

interface Example {
  readonly resources: Readonly<Record<string, { readonly type: string; readonly properties: ValueMap }>>;
}

const text = readFileSync(join(__dirname, "..", "..", "..", "docs", "firewall.md"), "utf8");
const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(text) ?? [];

/** With `${name}` replaced by the resource of that name. */
function resolved(value: Value, named: ReadonlyMap<string, ResourceReference>): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map((one) => resolved(one, named));
  if (isValueMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one, named)]));
  }
  const [, name] = (typeof value === "string" ? /^\$\{(\w+)\}$/.exec(value) : null) ?? [];
  if (name === undefined) return value;
  const found = named.get(name);
  if (found === undefined) throw new Error(`the example speaks of ${name}, which it does not have`);
  return found;
}

test("the YAML example makes the policy that it speaks of", async () => {
  const world = new World([{}, {}]);
  const engine = new Engine(world.handlers);
  await engine.up(async (run) => {
    const made = await shop(run, world);
    const db = await subnetOf(run, made, "db", { cidr: "10.20.2.0/24" });
    const named = new Map([
      ["fabric", made.fabric],
      ["db", db],
    ]);
    for (const [name, { type, properties }] of Object.entries((parse(yaml) as Example).resources)) {
      const inputs = resolved(properties, named) as ValueMap;
      named.set(name, await run.add(type.replace("sdn:", "sdn:index:"), name, inputs));
    }
  });
  const policy = [...engine.state.values()].find(({ type }) => type === "sdn:firewall:Policy");
  expect(policy?.inputs["spec"]).toMatchObject({
    name: "database",
    appliesTo: [{ kind: "subnet", name: "db" }],
    rules: [
      { name: "postgres", peers: [{ kind: "group", name: "webs" }], services: [{ protocol: "tcp", ports: "5432" }] },
      { name: "audit", peers: [{ kind: "cidr", except: ["203.0.113.64/26"] }], expires: "2027-03-01T18:00:00Z" },
    ],
    defaults: { ingress: "deny", egress: "continue" },
  });
});
