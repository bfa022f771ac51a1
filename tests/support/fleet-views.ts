/** What the hosts of a world show, as functions and the command line read them. */
import type { HostView } from "../../provider/src/compile/fleet-intents";
import { readFleet } from "../../provider/src/functions/fleet";
import { Hosts } from "../../provider/src/resources/hosts";
import type { World } from "./world";

export const viewsOf = (world: World): Promise<readonly HostView[]> =>
  readFleet(new Hosts((connection) => world.targetOf(connection)), world.hosts, new AbortController().signal);
