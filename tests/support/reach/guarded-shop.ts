/** A shop with policies on modelled hosts: web servers, a database, somebody who is nobody's member, an internal store. */
import type { ResourceReference, ValueMap } from "../../../provider/src/rpc/value";
import { unknown } from "../../../provider/src/rpc/value";
import type { Program, Run } from "../engine";
import type { GuardedFleet } from "../guarded";
import { endpointOn, shop, subnetOf } from "../programs";

export interface GuardedShop {
  readonly policies: Readonly<Record<string, ValueMap>>;
  /** Labels of `web1`; the other endpoints keep theirs. */
  readonly web1?: Readonly<Record<string, string>>;
  /** Whether the endpoints are attached namespaces; else they are labels and addresses alone. */
  readonly attached?: boolean;
  /** What comes after the policies. */
  readonly then?: (run: Run, known: Readonly<Record<string, ResourceReference>>) => Promise<void>;
}

/**
 * `web1` on h1 and `web2` on h2 in subnet `web`, `db1` on h2 in `db`, `store1` on h1 in the internal `store`; the group
 * `webs` goes by labels, `nobody` is empty. In a policy `$db` stands for that resource.
 */
export const guardedShop =
  (fleet: GuardedFleet, { policies, web1 = { app: "web" }, attached = false, then }: GuardedShop): Program =>
  async (run) => {
    const made = await shop(run, fleet.world, { network: { egress: "nat" } });
    const [h1, h2] = made.hosts;
    const web = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", vni: 5001, docker: false });
    const db = await subnetOf(run, made, "db", { cidr: "10.20.2.0/24", vni: 5002, docker: false });
    const store = await subnetOf(run, made, "store", {
      cidr: "10.20.3.0/24",
      vni: 5003,
      docker: false,
      internal: true,
    });
    const attach = (
      on: ResourceReference | undefined,
      name: string,
      subnet: ResourceReference,
      ipv4Address: string,
      labels: Readonly<Record<string, string>>,
    ): Promise<ResourceReference> =>
      endpointOn(run, on, name, { subnet, ipv4Address, labels, ...(attached ? { namespace: { name } } : {}) });
    const endpoints = {
      web1: await attach(h1, "web1", web, "10.20.1.11", web1),
      web2: await attach(h2, "web2", web, "10.20.1.12", { app: "web" }),
      db1: await attach(h2, "db1", db, "10.20.2.11", { app: "db" }),
      store1: await attach(h1, "store1", store, "10.20.3.11", { app: "store" }),
    };
    const group = (name: string, app: string): Promise<ResourceReference> =>
      run.add("sdn:index:SecurityGroup", name, { members: [{ labels: { matchLabels: { app } } }] });
    const groups = { webs: await group("webs", "web"), nobody: await group("nobody", "none") };
    const hosts = Object.fromEntries(made.hosts.map((host, index) => [`h${index + 1}`, host]));
    const known = { fabric: made.fabric, shop: made.network, web, db, store, ...endpoints, ...groups, ...hosts };
    for (const [name, policy] of Object.entries(policies)) {
      const inputs = { fabric: made.fabric, priority: 1, ...(named(policy, known) as ValueMap) };
      await run.add("sdn:index:FirewallPolicy", name, inputs);
    }
    await then?.(run, known);
  };

/** `$db` stands for the resource. */
export function named(value: unknown, known: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === "string" && value.startsWith("$")) return known[value.slice(1)];
  if (Array.isArray(value)) return value.map((one) => named(one, known));
  if (typeof value !== "object" || value === null || value === unknown) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, named(one, known)]));
}

/** An ingress rule for TCP. */
export const ingress = (name: string, from: unknown, ports: string | undefined, action = "allow"): ValueMap => ({
  name,
  direction: "ingress",
  action,
  ...(from === undefined ? {} : { from: from as ValueMap[] }),
  ...(ports === undefined ? {} : { services: [{ protocol: "tcp", ports }] }),
});

/** A policy of the database's subnet that denies the rest. */
export const guardOf = (rules: readonly ValueMap[], more: ValueMap = {}): ValueMap => ({
  appliesTo: [{ subnet: "$db" }],
  rules,
  defaults: { ingress: "deny", egress: "continue" },
  ...more,
});

export const webs: readonly ValueMap[] = [{ group: "$webs" }];
