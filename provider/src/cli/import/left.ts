/** What hosts have of ours and the program that is written does not say. */
import type { HostView } from "../../compile/fleet-intents";
import { fleetIntents } from "../../compile/fleet-intents";

/** A line for each service entry of the owner: it goes on as it is until somebody declares it. */
export function servicesLeft(views: readonly HostView[], owner: string): readonly string[] {
  const own = fleetIntents(views).services.filter(({ intent }) => intent.owner === owner);
  const entries = new Map(own.map(({ intent }) => [`service-${intent.routerVni}-${intent.name}`, intent]));
  return [...entries].map(([id, intent]) => {
    const vips = [intent.ipv4, intent.ipv6].filter((vip) => vip !== undefined);
    const address = vips.length === 0 ? "headless" : vips.join(", ");
    return (
      `service entry ${intent.label} (${address}) is not in the program and stays as it is: declare it with the same ` +
      `addresses, and import each host's by its id, HOST#${id}`
    );
  });
}
