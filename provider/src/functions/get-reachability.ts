import { InputReader } from "../inputs/input-reader";
import { SdnError } from "../model/error";
import { reachabilityTable } from "../render/reachability-table";
import type { Hosts } from "../resources/hosts";
import type { CallContext, FunctionHandler } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { readFleet } from "./fleet";
import { readMembers } from "../resources/fleet-members";
import { nameOrText } from "../inputs/name-or-text";
import type { Outcome } from "./outcome";
import { unknownResult } from "./outcome";
import { plain } from "./plain";
import { type Question, type Reachability, reachabilityOf } from "./reachability";

/** Who reaches whom, and why, as the hosts hold it. */
export class GetReachability implements FunctionHandler {
  readonly token = "sdn:index:getReachability";

  constructor(
    private readonly hosts: Hosts,
    private readonly now: () => number = Date.now,
  ) {}

  async invoke(context: CallContext, args: ValueMap): Promise<Outcome> {
    const reader = InputReader.of(args);
    const members = readMembers(reader, this.hosts);
    const question = readQuestion(reader);
    reader.finish();
    if (!reader.problems.empty) return { failures: reader.problems.list };
    if (reader.unknowns.size > 0) return unknownResult("flows", "table");
    const views = await readFleet(this.hosts, members, context.signal, readingOptions);
    for (const { name, problem } of views) {
      if (problem !== undefined)
        context.log("warning", `host ${name} was not read, so what is on it is missing: ${problem}`);
    }
    return { result: reachabilityValue(reachabilityOf(views, question, this.now() / 1000)) };
  }
}

/** What a host has to be asked for. */
export const readingOptions = { withDrift: false, queries: [["query_firewall"]] } as const;

function readQuestion(reader: InputReader): Question | undefined {
  const [from, to] = [nameOrText(reader, "from"), nameOrText(reader, "to")];
  const protocol = reader.text("protocol");
  const ports = reader.parsedDigits("ports", (text) => text);
  if ((from === undefined) !== (to === undefined) && reader.unknowns.size === 0) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: from === undefined ? "from" : "to",
        cause: "is missing, and the other end is given",
        remedy: "give both ends, or neither of them",
      }),
    );
  }
  if (ports !== undefined && protocol === undefined && reader.unknowns.size === 0) {
    reader.problems.add(
      new SdnError({ code: "invalid-input", property: "protocol", cause: "is missing, and ports are given" }),
    );
  }
  if (from === undefined || to === undefined) return undefined;
  return { from, to, service: protocol === undefined ? undefined : { protocol, ports } };
}

/** As the schema has it. */
export function reachabilityValue(found: Reachability): ValueMap {
  const { flows, answer, because, path } = found;
  return plain({
    answer,
    flows: flows.map((row) => ({ ...row })),
    because: because.map((row) => ({ ...row })),
    hops: path?.hops.map((hop) => ({ ...hop })),
    table: reachabilityTable(found),
  });
}
