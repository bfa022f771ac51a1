/** Who reaches whom, from what hosts hold: what `getReachability` and the command line tell. */
import type { HostView } from "../compile/fleet-intents";
import { intentsOf } from "../compile/fleet-intents";
import { traceRoute } from "../compile/route-trace";
import type { RouteTrace } from "../compile/route-trail";
import { topologyOf } from "../compile/topology";
import type { Family } from "../model/address";
import { formatAddress } from "../model/address";
import { SdnError } from "../model/error";
import type { IntervalSet } from "../policy/intervals";
import { type ServiceText, parseService } from "../policy/service";
import { anyTransport, transportOf } from "../policy/transport";
import type { EndClass } from "../reach/classes";
import { marksNamed } from "../reach/end-names";
import { allowedRows, type FlowRow, rowsOf } from "../reach/flow-table";
import { type Holding, pictureOf } from "../reach/picture";
import { ask } from "../reach/question";
import { type Answer, verdictOf } from "../reach/verdict";
import { documentOf } from "../resources/firewall/host-plan";

export interface Question {
  readonly from: string;
  readonly to: string;
  /** `undefined`: all. */
  readonly service: ServiceText | undefined;
}

export interface Reachability {
  /** All that passes. */
  readonly flows: readonly FlowRow[];
  /** `undefined`: nothing was asked. */
  readonly answer: Answer | undefined;
  /** Why, pair by pair. */
  readonly because: readonly FlowRow[];
  /** Of one packet, where the sender is a single endpoint. */
  readonly path: RouteTrace | undefined;
}

/** @param now seconds since 1970 */
export function reachabilityOf(views: readonly HostView[], question: Question | undefined, now: number): Reachability {
  const topology = topologyOf(views);
  const holdings = views.flatMap(({ uri, name, snapshot }): readonly Holding[] =>
    snapshot === undefined
      ? []
      : [{ uri, name, document: documentOf(snapshot.firewall), intents: intentsOf(snapshot) }],
  );
  const keys: Record<"from" | "to", readonly string[]> = { from: [], to: [] };
  const { reach, naming } = pictureOf([holdings], now, (last) => {
    if (question === undefined) return [];
    const [from, to] = (["from", "to"] as const).map((end) => marksNamed(question[end], end, topology, last));
    keys.from = from?.map(({ mark }) => mark.key) ?? [];
    keys.to = to?.map(({ mark }) => mark.key) ?? [];
    return [...(from ?? []), ...(to ?? [])];
  });
  const flows = allowedRows(reach, naming, 0);
  if (question === undefined) return { flows, answer: undefined, because: [], path: undefined };
  const traffic = { ...keys, transport: transportsOf(question.service) };
  const { answer, facts } = verdictOf(ask(reach, 0, traffic), isStrict(question.from) && isStrict(question.to));
  const sender = reach.classes.find(
    ({ sets, place }) => keys.from.some((key) => sets.has(key)) && place.kind === "segment",
  );
  const receiver = reach.classes.find(
    ({ sets, family }) => keys.to.some((key) => sets.has(key)) && family === sender?.family,
  );
  const path = pathOf(topology, sender, receiver, question);
  return { flows, answer, because: rowsOf(reach, naming, facts), path };
}

export function transportsOf(service: ServiceText | undefined): (family: Family) => IntervalSet<number> {
  if (service === undefined) return () => anyTransport;
  const services = parseService(service, "service");
  return (family) => transportOf(services, family);
}

/** Blocks of addresses may be anywhere. */
const isStrict = (text: string): boolean => text !== "any" && !/[/:]|^\d+\./.test(text);

function pathOf(
  topology: ReturnType<typeof topologyOf>,
  sender: EndClass | undefined,
  receiver: EndClass | undefined,
  { from, to }: Question,
): RouteTrace | undefined {
  const [first, more] = sender?.members ?? [];
  const [target] = receiver?.members ?? [];
  if (first === undefined || more !== undefined || sender === undefined || target === undefined) return undefined;
  if (topology.endpoints.every(({ name }) => name !== from)) return undefined;
  const named = topology.endpoints.some(({ name }) => name === to);
  try {
    return traceRoute(topology, {
      from,
      to: named ? to : formatAddress({ family: sender.family, value: target.first }),
      network: undefined,
      host: undefined,
    });
  } catch (thrown) {
    // Two endpoints of one name: the answer speaks of both, and no single way is theirs.
    if (thrown instanceof SdnError && thrown.code === "invalid-input") return undefined;
    throw thrown;
  }
}
