/** Who reaches whom, from what hosts hold: what `getReachability` and the command line tell. */
import type { HostView } from "../compile/fleet-intents";
import { intentsOf } from "../compile/fleet-intents";
import type { RouteTrace } from "../compile/route-trail";
import { topologyOf } from "../compile/topology";
import type { ServiceText } from "../policy/service";
import { isStrict, marksNamed } from "../reach/end-names";
import { allowedRows, type FlowRow, rowsOf } from "../reach/flow-table";
import { type Holding, pictureOf } from "../reach/picture";
import { pathBetween } from "../reach/path";
import { ask, transportsOf } from "../reach/question";
import { type Answer, verdictOf } from "../reach/verdict";
import { documentOf } from "../resources/firewall/host-plan";

export interface Question {
  readonly from: string;
  readonly to: string;
  /** `undefined`: all. */
  readonly service: ServiceText | undefined;
}

export interface Reachability {
  /** All that passes; nothing where something was asked. */
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
  if (question === undefined) {
    return { flows: allowedRows(reach, naming, 0), answer: undefined, because: [], path: undefined };
  }
  const traffic = { ...keys, transport: transportsOf(question.service) };
  const { answer, facts } = verdictOf(ask(reach, 0, traffic), isStrict(question.from) && isStrict(question.to));
  const sender = reach.classes.find(
    ({ sets, place }) => keys.from.some((key) => sets.has(key)) && place.kind === "segment",
  );
  const receiver = reach.classes.find(
    ({ sets, family }) => keys.to.some((key) => sets.has(key)) && family === sender?.family,
  );
  const isNamed = topology.endpoints.some(({ name }) => name === question.from);
  const path = isNamed && sender?.members.length === 1 ? pathBetween(topology, sender, receiver) : undefined;
  return { flows: [], answer, because: rowsOf(reach, naming, facts), path };
}
