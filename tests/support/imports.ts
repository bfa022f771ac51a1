/** What `pulumi-sdn import` reads and writes, on modelled hosts, and a run of what it wrote. */
import type { HostView } from "../../provider/src/compile/fleet-intents";
import { foundOf } from "../../provider/src/cli/import/agreement";
import { foreignDeclarations } from "../../provider/src/cli/import/foreign";
import { hostDeclarations } from "../../provider/src/cli/import/hosts";
import { servicesLeft } from "../../provider/src/cli/import/left";
import { ourDeclarations } from "../../provider/src/cli/import/ours";
import type { Declaration, Program as Written, Property } from "../../provider/src/cli/import/program";
import { Reference } from "../../provider/src/cli/import/program";
import { readFleet } from "../../provider/src/functions/fleet";
import { Hosts } from "../../provider/src/resources/hosts";
import type { ResourceReference, Value, ValueMap } from "../../provider/src/rpc/value";
import type { Program } from "./engine";
import type { World } from "./world";

export function viewsOf(world: World, count = world.hosts.length): Promise<readonly HostView[]> {
  const hosts = new Hosts((connection) => world.targetOf(connection));
  const members = world.hosts.slice(0, count).map(({ connection }) => ({ name: undefined, connection }));
  return readFleet(hosts, members, new AbortController().signal, { withDrift: false });
}

export interface Imported {
  readonly written: Written;
  readonly obstacles: readonly string[];
  readonly notes: readonly string[];
}

export async function importOf(world: World, owner = "shop/dev", count = world.hosts.length): Promise<Imported> {
  const views = await viewsOf(world, count);
  const given = world.hosts.map(({ connection }) => {
    return { name: undefined, connection, privateKeyPath: undefined, knownHosts: undefined };
  });
  const found = foundOf(views, owner);
  const hosts = hostDeclarations(views, given);
  const foreign = foreignDeclarations(views, hosts, owner);
  const declarations = [...hosts.values(), ...ourDeclarations(found, hosts, views), ...foreign.declarations];
  const notes = [...foreign.notes, ...servicesLeft(views, owner)];
  const [project = "", stack = ""] = owner.split("/");
  return { written: { project, stack, declarations }, obstacles: found.obstacles, notes };
}

/** The written program as the engine runs it. */
export const runnable =
  ({ declarations }: Written): Program =>
  async (run) => {
    const made = new Map<Declaration, ResourceReference>();
    for (const declaration of declarations) {
      const inputs = valueOf(declaration.properties, made) as ValueMap;
      made.set(declaration, await run.add(`sdn:index:${declaration.type}`, declaration.name, inputs));
    }
  };

function valueOf(property: Property, made: ReadonlyMap<Declaration, ResourceReference>): Value {
  if (property instanceof Reference) {
    const reference = made.get(property.declaration);
    if (reference === undefined) throw new Error(`${property.declaration.name} comes after what refers to it`);
    return reference;
  }
  if (typeof property !== "object") return property;
  if (Array.isArray(property)) return (property as readonly Property[]).map((one) => valueOf(one, made));
  return Object.fromEntries(Object.entries(property).map(([name, one]) => [name, valueOf(one, made)]));
}
