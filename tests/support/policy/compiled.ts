/** From policies to what a host's nftables would hold. */
import { replaceCommands, type NftCommand, type Program } from "../../../provider/src/compile/nft/program";
import { type FirewallPlan, firewallPlan, type PlanOptions } from "../../../provider/src/compile/firewall/plan";
import type { Flow } from "../../../provider/src/compile/firewall/flows";
import { firewallProgram } from "../../../provider/src/compile/firewall/program";
import type { Policy } from "../../../provider/src/policy/rule";
import type { World } from "../../../provider/src/policy/world";
import { now } from "./arbitraries";
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

/** What a transaction makes of nothing, read from the very text that is sent. */
export function load(commands: readonly NftCommand[]): Model {
  return applyCommands(new Map(), JSON.parse(JSON.stringify(commands)) as readonly Json[]);
}
