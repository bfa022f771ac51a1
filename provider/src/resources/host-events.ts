import type { HostEvent, Persistence } from "../model/snapshot";
import type { Value, ValueMap } from "../rpc/value";

/** What a host did by itself, as outputs. */
export const eventsValue = (events: readonly HostEvent[]): readonly ValueMap[] =>
  events.map(({ time, kind, resource, detail }) => ({ time, kind, resource, detail }));

/** Those that the state does not know yet. */
export function newEvents(events: readonly HostEvent[], state: ValueMap | undefined): readonly HostEvent[] {
  const known = state?.["events"];
  const seen = new Set((Array.isArray(known) ? (known as readonly Value[]) : []).map(identity));
  return events.filter((event) => !seen.has(identity({ ...event })));
}

/** Properties come back from the state in another order. */
function identity(event: Value): string {
  const { time, kind, resource, detail } = event as ValueMap;
  return JSON.stringify([time, kind, resource, detail]);
}

/** As a person is told. */
export function eventSentence({ time, kind, resource, detail }: HostEvent): string {
  switch (kind) {
    case "restored":
      return `was started; sdn-restore made ${detail} ${detail === "1" ? "resource" : "resources"} again before Docker, at ${time}.`;
    case "repaired":
      return `sdn-assert repaired ${resource} at ${time}: ${detail}.`;
    case "rolled-back":
      return `put the ${resource} of before back at ${time}: ${detail}. \`pulumi up\` after this refresh tries again.`;
    case "failed":
      return `${resource} could not be made again at ${time}: ${detail}.`;
    case "damaged":
      return `${resource} was not made again at ${time}: ${detail}. \`pulumi up\` after this refresh writes it anew.`;
  }
}

/** What is wrong with the host's own means; `undefined` where nothing is, or where there are none to be had. */
export function persistenceProblem(persistence: Persistence): string | undefined {
  switch (persistence) {
    case "systemd":
    case "none":
      return undefined;
    case "read-only":
      return "/etc/systemd/system is read-only: networks are not restored when the host starts. `pulumi up --refresh` makes them again then.";
    case "damaged":
      return "what restores the networks when the host starts (units and program of sdn) is damaged, missing or stopped. `pulumi up` repairs it.";
  }
}
