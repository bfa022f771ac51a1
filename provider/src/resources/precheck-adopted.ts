import type { AdoptedIntent, Intent } from "../compile/intent";
import { markOf } from "../compile/names";
import type { Snapshot } from "../model/snapshot";
import type { Say } from "./precheck";

const remedy = "what was adopted is not made anew: bring it back, or remove it from the program";

/** What is adopted must be there, and be nobody else's. */
export function adoptedFits(intent: AdoptedIntent, snapshot: Snapshot, others: readonly Intent[], say: Say): void {
  const { bridge, vxlans, dockerNetwork } = intent;
  const mark = markOf(intent);
  const links = [
    ...(bridge === undefined ? [] : [{ ...bridge, kind: "bridge" }]),
    ...vxlans.map((one) => ({ ...one, kind: "vxlan" })),
  ];
  for (const { name, kind } of links) {
    const link = snapshot.host.links.get(name);
    if (link === undefined) say({ code: "not-found", value: name, cause: "there is no such interface", remedy });
    else if (link.kind !== kind)
      say({
        code: "conflict",
        value: name,
        cause: `is no ${kind}: it is ${link.kind === "" ? "a device" : link.kind}`,
      });
    else if (link.alias !== "" && link.alias !== mark) {
      const cause = `carries the alias ${link.alias}, which is somebody's`;
      say({ code: "conflict", value: name, cause, remedy: "clear the alias if nobody needs it, or leave it out" });
    }
  }
  if (dockerNetwork === undefined) return;
  const { name, networkId } = dockerNetwork;
  const found = snapshot.dockerNetworks.find((one) => one.name === name);
  const holder = others.find((other) => other.kind === "adopted" && other.dockerNetwork?.networkId === networkId);
  if (found === undefined) say({ code: "not-found", value: name, cause: "there is no such Docker network", remedy });
  else if (found.id !== networkId)
    say({ code: "conflict", value: name, cause: `is another Docker network now: its ID is ${found.id}` });
  else if (found.mark !== "") say({ code: "conflict", value: name, cause: `belongs to ${found.mark}` });
  else if (holder !== undefined)
    say({ code: "conflict", value: name, cause: `is adopted by ${holder.label} of ${holder.owner} already` });
}
