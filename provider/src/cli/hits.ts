import { hitQueries, hitsOf, hitsValue } from "../functions/get-firewall-hits";
import { hitsTable } from "../render/hits-table";
import { givenHosts, hostOptions, parsed, UsageError } from "./arguments";
import type { Command } from "./command";
import { readHosts } from "./reading";

/** `pulumi-sdn hits`: fails where a host could not be read, after showing the others. */
export const hitsCommand: Command = async (args, { out, say }) => {
  const { values, positionals } = parsed(args, {
    ...hostOptions,
    policy: { type: "string" },
    json: { type: "boolean" },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  const views = await readHosts(givenHosts(values), { withDrift: false, queries: hitQueries });
  for (const { name, problem } of views) if (problem !== undefined) say(`host ${name} was not read: ${problem}`);
  const hits = hitsOf(views, values.policy);
  out(values.json === true ? `${JSON.stringify(hitsValue(hits), undefined, 2)}\n` : hitsTable(hits));
  return views.every(({ problem }) => problem === undefined) ? 0 : 1;
};
