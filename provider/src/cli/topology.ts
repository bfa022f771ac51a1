import { topologyOf } from "../compile/topology";
import { topologyValue } from "../functions/get-topology";
import { picture } from "../render/picture";
import { givenHosts, hostOptions, parsed, UsageError } from "./arguments";
import type { Command } from "./command";
import { readHosts } from "./reading";

/** `pulumi-sdn topology`: fails where a host could not be read, after showing the others. */
export const topologyCommand: Command = async (args, { out }) => {
  const { values, positionals } = parsed(args, { ...hostOptions, json: { type: "boolean" } });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  const topology = topologyOf(await readHosts(givenHosts(values), { withDrift: true }));
  out(values.json === true ? `${JSON.stringify(topologyValue(topology), undefined, 2)}\n` : picture(topology));
  return topology.hosts.every(({ problem }) => problem === undefined) ? 0 : 1;
};
