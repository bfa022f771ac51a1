import { readingOptions, reachabilityValue } from "../functions/get-reachability";
import { type Question, reachabilityOf } from "../functions/reachability";
import { reachabilityTable } from "../render/reachability-table";
import { givenHosts, hostOptions, parsed, UsageError } from "./arguments";
import type { Command } from "./command";
import { readHosts } from "./reading";

/**
 * `pulumi-sdn reachability`: all that is allowed; with two ends the answer, and success where it is allowed. Fails where
 * a host could not be read, after showing the others.
 */
export const reachabilityCommand: Command = async (args, { out, say }) => {
  const { values, positionals } = parsed(args, { ...hostOptions, json: { type: "boolean" } });
  const question = questionOf(positionals);
  const views = await readHosts(givenHosts(values), readingOptions);
  for (const { name, problem } of views) if (problem !== undefined) say(`host ${name} was not read: ${problem}`);
  const found = reachabilityOf(views, question, Date.now() / 1000);
  out(values.json === true ? `${JSON.stringify(reachabilityValue(found), undefined, 2)}\n` : reachabilityTable(found));
  if (views.some(({ problem }) => problem !== undefined)) return 1;
  return found.answer === undefined || found.answer === "allowed" ? 0 : 1;
};

/** `FROM TO [PROTOCOL[/PORTS]]` */
function questionOf(positionals: readonly string[]): Question | undefined {
  const [from, to, service, more] = positionals;
  if (from === undefined) return undefined;
  if (to === undefined || more !== undefined) throw new UsageError("give FROM and TO, and PROTOCOL/PORTS where wanted");
  if (service === undefined) return { from, to, service: undefined };
  const [protocol = "", ports] = service.split("/");
  const isIcmp = protocol.startsWith("icmp");
  return {
    from,
    to,
    service: { protocol, ...(ports === undefined ? {} : isIcmp ? { icmpTypes: [ports] } : { ports }) },
  };
}
