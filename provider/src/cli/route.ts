import { traceRoute } from "../compile/route-trace";
import { topologyOf } from "../compile/topology";
import { routeValue } from "../functions/get-route";
import { routePicture } from "../render/route-picture";
import { givenHosts, hostOptions, parsed, UsageError } from "./arguments";
import type { Command } from "./command";
import { readHosts } from "./reading";

/** `pulumi-sdn route FROM TO`: succeeds where the packet arrives, leaves, or is with a next hop. */
export const routeCommand: Command = async (args, { out, say }) => {
  const { values, positionals } = parsed(args, {
    ...hostOptions,
    json: { type: "boolean" },
    network: { type: "string" },
    on: { type: "string" },
  });
  const [from, to, more] = positionals;
  if (from === undefined || to === undefined || more !== undefined) throw new UsageError("give FROM and TO");
  const views = await readHosts(givenHosts(values), { withDrift: false });
  for (const { name, problem } of views) if (problem !== undefined) say(`host ${name} was not read: ${problem}`);
  const trace = traceRoute(topologyOf(views), { from, to, network: values.network, host: values.on });
  out(values.json === true ? `${JSON.stringify(routeValue(trace), undefined, 2)}\n` : routePicture(trace));
  return trace.outcome === "dropped" || trace.outcome === "unknown" ? 1 : 0;
};
