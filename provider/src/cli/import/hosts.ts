import type { HostView, Placed } from "../../compile/fleet-intents";
import { fleetIntents } from "../../compile/fleet-intents";
import type { SegmentIntent } from "../../compile/intent";
import type { GivenHost } from "../arguments";
import type { Declaration, PropertyMap } from "./program";
import { given } from "./program";

/** A `Host` for each, by name: reached as the import reached it. Keys are named by their file, never copied. */
export function hostDeclarations(
  views: readonly HostView[],
  givenHosts: readonly GivenHost[],
): ReadonlyMap<string, Declaration> {
  const { segments } = fleetIntents(views);
  return new Map(
    views.map((view, index) => {
      const properties = given({ ...reached(givenHosts[index]), underlayAddress: underlayOf(view, segments) });
      return [view.name, { type: "Host", name: view.name, properties }];
    }),
  );
}

function reached(host: GivenHost | undefined): PropertyMap {
  const connection = host?.connection;
  switch (connection?.kind) {
    case undefined:
      return {};
    case "local":
      return { local: true };
    case "namespace":
      return { namespace: connection.name };
    case "ssh":
      return {
        ssh: given({
          address: connection.address,
          port: connection.port === 22 ? undefined : connection.port,
          user: connection.user === "root" ? undefined : connection.user,
          privateKeyPath: host?.privateKeyPath,
          knownHosts: host?.knownHosts,
        }),
      };
  }
}

/** The VTEP that is in use, where it is not the one that a `Host` would find by itself. */
function underlayOf(view: HostView, segments: readonly Placed<SegmentIntent>[]): string | undefined {
  const used = segments.find(({ host }) => host === view.name)?.intent.underlay;
  return used === view.snapshot?.facts?.underlayHint ? undefined : used;
}
