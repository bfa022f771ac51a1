import { addressPlan } from "../compile/address-plan";
import { holdingsOnHosts } from "../compile/holdings-on-hosts";
import { addressPlanValue } from "../functions/get-address-plan";
import { addressTable } from "../render/address-table";
import { givenHosts, hostOptions, parsed, UsageError } from "./arguments";
import type { Command } from "./command";
import { readHosts } from "./reading";

/** `pulumi-sdn addresses`: from the hosts alone; fails where one could not be read, after showing the others. */
export const addressesCommand: Command = async (args, { out, say }) => {
  const { values, positionals } = parsed(args, { ...hostOptions, json: { type: "boolean" } });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  const views = await readHosts(givenHosts(values), { withDrift: false });
  for (const { name, problem } of views) if (problem !== undefined) say(`host ${name} was not read: ${problem}`);
  const plan = addressPlan(holdingsOnHosts(views));
  out(values.json === true ? `${JSON.stringify(addressPlanValue(plan), undefined, 2)}\n` : addressTable(plan));
  return views.every(({ problem }) => problem === undefined) ? 0 : 1;
};
