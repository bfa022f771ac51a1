/** Reading many hosts at once: what `getTopology`, `getRoute` and the command line look at. */
import type { HostView } from "../compile/fleet-intents";
import { intentsOf } from "../compile/fleet-intents";
import { queriesOf } from "../compile/plan";
import type { Words } from "../compile/steps";
import { connectionUri } from "../model/connection";
import { SdnError } from "../model/error";
import type { Snapshot } from "../model/snapshot";
import type { FleetMember } from "../resources/fleet-members";
import type { Hosts } from "../resources/hosts";

export type { FleetMember };

export interface ReadingOptions {
  /** Default true: with a second execution, everything is comparable with what was asked for. */
  readonly withDrift?: boolean;
  /** What to ask for besides. */
  readonly queries?: readonly Words[];
}

/** Every host as it is now, in the order given; one that cannot be read says why. */
export async function readFleet(
  hosts: Hosts,
  members: readonly FleetMember[],
  signal: AbortSignal,
  options: ReadingOptions = {},
): Promise<readonly HostView[]> {
  const views = await Promise.all(members.map((member) => readMember(hosts, member, signal, options)));
  return uniquelyNamed(views);
}

async function readMember(
  hosts: Hosts,
  { name, connection }: FleetMember,
  signal: AbortSignal,
  { withDrift = true, queries: always = [] }: ReadingOptions,
): Promise<HostView> {
  const uri = connectionUri(connection);
  try {
    const session = hosts.session(connection);
    let snapshot: Snapshot = await session.read(always, signal);
    // What has to be asked for follows from what the host remembers: only then is everything comparable.
    const queries = withDrift ? intentsOf(snapshot).flatMap(queriesOf) : [];
    if (queries.length > 0) snapshot = await session.read([...always, ...queries], signal);
    return { name: name ?? snapshot.facts?.hostname ?? uri, uri, snapshot, problem: undefined };
  } catch (thrown) {
    if (!(thrown instanceof SdnError) || thrown.code === "internal" || thrown.code === "cancelled") throw thrown;
    return { name: name ?? uri, uri, snapshot: undefined, problem: thrown.message };
  }
}

/** Machines made from one image may have one name: the later ones get a number. */
function uniquelyNamed(views: readonly HostView[]): readonly HostView[] {
  const taken = new Set<string>();
  return views.map((view) => {
    let name = view.name;
    for (let number = 2; taken.has(name); number += 1) name = `${view.name}-${number}`;
    taken.add(name);
    return { ...view, name };
  });
}
