import { traceRoute } from "../compile/route-trace";
import type { RouteTrace } from "../compile/route-trail";
import { topologyOf } from "../compile/topology";
import { InputReader } from "../inputs/input-reader";
import { routePicture } from "../render/route-picture";
import type { Hosts } from "../resources/hosts";
import type { CallContext, FunctionHandler } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { readFleet } from "./fleet";
import { readMembers } from "../resources/fleet-members";
import { nameOrText } from "../inputs/name-or-text";
import type { Outcome } from "./outcome";
import { unknownResult } from "./outcome";
import { plain } from "./plain";

/** What becomes of a packet, hop by hop, as the hosts are now. */
export class GetRoute implements FunctionHandler {
  readonly token = "sdn:index:getRoute";

  constructor(private readonly hosts: Hosts) {}

  async invoke(context: CallContext, args: ValueMap): Promise<Outcome> {
    const reader = InputReader.of(args);
    const members = readMembers(reader, this.hosts);
    const end = (name: "from" | "to"): string | undefined =>
      reader.require(name, nameOrText(reader, name), "the name of an endpoint, or an address");
    const question = {
      from: end("from"),
      to: end("to"),
      network: nameOrText(reader, "network"),
      host: nameOrText(reader, "host"),
    };
    reader.finish();
    const { from, to } = question;
    if (!reader.problems.empty) return { failures: reader.problems.list };
    if (from === undefined || to === undefined || reader.unknowns.size > 0) {
      return unknownResult("outcome", "reason", "mtu", "hops", "picture");
    }
    const views = await readFleet(this.hosts, members, context.signal, { withDrift: false });
    for (const { name, problem } of views) {
      if (problem !== undefined)
        context.log("warning", `host ${name} was not read, so the way may be another: ${problem}`);
    }
    return { result: routeValue(traceRoute(topologyOf(views), { ...question, from, to })) };
  }
}

export const routeValue = (trace: RouteTrace): ValueMap =>
  plain({ ...trace, hops: trace.hops.map((hop) => ({ ...hop })), picture: routePicture(trace) });
