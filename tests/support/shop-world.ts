/** A small shop on three modelled hosts, made by a whole `up`: for what looks at networks that are there. */
import type { ResourceReference } from "../../provider/src/rpc/value";
import { Engine } from "./engine";
import type { Program } from "./engine";
import { endpointOn, shop, subnetOf } from "./programs";
import { World } from "./world";

/** Every address and VNI is given, so that pictures and routes can be read in a test. */
export const shopProgram =
  (world: World): Program =>
  async (run) => {
    const made = await shop(run, world, { network: { egress: "nat", ipv6Cidr: "fd00:20::/48" } });
    const [h1, h2] = made.hosts;
    const web = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:0:1::/64" });
    const db = await subnetOf(run, made, "db", { cidr: "10.20.2.0/24", docker: false, hosts: ["h1", "h2"] });
    const closed = await run.add("sdn:index:VirtualNetwork", "closed", { fabric: made.fabric, cidr: "10.20.0.0/16" });
    const lab = await run.add("sdn:index:Subnet", "lab", { network: closed, cidr: "10.20.1.0/24", docker: false });
    const office = await run.add("sdn:index:VirtualNetwork", "office", { fabric: made.fabric, cidr: "10.30.0.0/16" });
    const desks = await run.add("sdn:index:Subnet", "desks", { network: office, cidr: "10.30.1.0/24", docker: false });
    await run.add("sdn:index:NetworkPeering", "orders", {
      networks: [office, made.network],
      prefixes: ["10.20.1.0/24"],
    });
    const attach = (on: ResourceReference | undefined, name: string, subnet: ResourceReference, ipv4Address: string) =>
      endpointOn(run, on, name, { subnet, ipv4Address, namespace: { name } });
    await attach(h1, "web1", web, "10.20.1.11");
    await attach(h2, "web2", web, "10.20.1.12");
    await attach(h2, "db1", db, "10.20.2.11");
    await attach(h1, "probe", lab, "10.20.1.13");
    await attach(h2, "desk1", desks, "10.30.1.11");
  };

export interface ShopWorld {
  readonly world: World;
  readonly engine: Engine;
}

export async function shopWorld(): Promise<ShopWorld> {
  const world = new World([{}, {}, {}]);
  for (const [index, name] of [
    [0, "web1"],
    [1, "web2"],
    [1, "db1"],
    [0, "probe"],
    [1, "desk1"],
  ] as const) {
    world.hosts[index]?.model.addNamespace(name);
  }
  const engine = new Engine(world.handlers);
  await engine.up(shopProgram(world));
  world.takeExecutions();
  return { world, engine };
}
