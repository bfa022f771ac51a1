/** Programs as users write them, for the engine of `engine.ts`. */
import type { ResourceReference, Value, ValueMap } from "../../provider/src/rpc/value";
import type { Run } from "./engine";
import type { World } from "./world";

export interface Shop {
  readonly hosts: readonly ResourceReference[];
  readonly fabric: ResourceReference;
  readonly network: ResourceReference;
}

export interface ShopArgs {
  readonly fabric?: ValueMap;
  readonly network?: ValueMap;
  readonly host?: ValueMap;
}

/** Hosts, a fabric of them and a virtual network. */
export async function shop(run: Run, world: Pick<World, "hosts">, args: ShopArgs = {}): Promise<Shop> {
  const hosts = await Promise.all(
    world.hosts.map(({ name, connection: { address } }) =>
      run.add("sdn:index:Host", name, { ssh: { address }, ...args.host }),
    ),
  );
  const fabric = await run.add("sdn:index:Fabric", "dc", { hosts, ...args.fabric });
  const space = { cidr: "10.20.0.0/16" };
  const network = await run.add("sdn:index:VirtualNetwork", "shop", { fabric, ...space, ...args.network });
  return { hosts, fabric, network };
}

export const subnetOf = (run: Run, { network }: Shop, name: string, args: ValueMap): Promise<ResourceReference> =>
  run.add("sdn:index:Subnet", name, { network, ...args });

export const endpointOn = (
  run: Run,
  host: Value | undefined,
  name: string,
  args: ValueMap,
): Promise<ResourceReference> => run.add("sdn:index:Endpoint", name, { host: host ?? null, ...args });
