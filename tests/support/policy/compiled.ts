/** From policies to what a host's nftables would hold. */
import { replaceCommands, type NftCommand, type Program } from "../../../provider/src/compile/nft/program";
import { type FirewallPlan, firewallPlan, type PlanOptions } from "../../../provider/src/compile/firewall/plan";
import { dynamicCommands, dynamicElements } from "../../../provider/src/compile/firewall/dynamics";
import type { Flow } from "../../../provider/src/compile/firewall/flows";
import { firewallProgram } from "../../../provider/src/compile/firewall/program";
import type { Policy } from "../../../provider/src/policy/rule";
import type { World } from "../../../provider/src/policy/world";
import { type Found, now, worldOn } from "./arbitraries";
import { applyCommands, type Json, type Model } from "./nft-model";

export interface Compiled {
  readonly plan: FirewallPlan;
  readonly program: Program;
  readonly model: Model;
}

interface More extends Omit<PlanOptions, "host" | "now"> {
  readonly cuts?: readonly Flow[];
}

export function compile(policies: readonly Policy[], world: World, host: string, more: More = {}): Compiled {
  const { cuts = [], ...options } = more;
  const plan = firewallPlan(policies, world, { host, now, ...options });
  const program = firewallProgram(plan, cuts);
  return { plan, program, model: load(replaceCommands(program)) };
}

/** With what the host has found out filled in. */
export function filled({ model, plan, program }: Compiled, world: World, found: Found, host: string): Model {
  const bridges = new Map(world.segments.map(({ name, bridge }) => [name, bridge]));
  const members = worldOn(world, found, host).dynamic!;
  const elements = dynamicElements(plan.dynamics, members, (segment) => bridges.get(segment));
  return applyCommands(model, dynamicCommands(program.table, elements));
}

/** What a transaction makes of nothing, read from the very text that is sent. */
export function load(commands: readonly NftCommand[]): Model {
  return applyCommands(new Map(), JSON.parse(JSON.stringify(commands)) as readonly Json[]);
}
