import type { Snapshot } from "../model/snapshot";
import type { Intent } from "./intent";
import { adoptedSteps } from "./adopted";
import { peeringSteps } from "./peering";
import { resourceKey } from "./names";
import { portSteps } from "./port";
import { routerSteps } from "./router";
import { segmentSteps } from "./segment";
import { serviceSteps } from "./service/steps";
import type { Step } from "./step";
import { differencesOf, ensureWords, identityOf, queryWords, removeWords } from "./steps";
import type { Words } from "./steps";

/** Intent → what must be true on the host. */
export function stepsOf(intent: Intent): readonly Step[] {
  switch (intent.kind) {
    case "router":
      return routerSteps(intent);
    case "segment":
      return segmentSteps(intent);
    case "port":
      return portSteps(intent);
    case "peering":
      return peeringSteps(intent);
    case "adopted":
      return adoptedSteps(intent);
    case "service":
      return serviceSteps(intent);
  }
}

/** From one intent (or nothing) to another: what is no longer wanted goes first, then all that is wanted is ensured. */
export function applyWords(from: Intent | undefined, to: Intent): readonly Words[] {
  const wanted = stepsOf(to);
  const kept = new Set(wanted.map(identityOf));
  const gone = from === undefined ? [] : stepsOf(from).filter((step) => !kept.has(identityOf(step)));
  return [...removals(gone), ...gathered(wanted.map(ensureWords))];
}

/** What the program does to several things at once: set elements in one transaction, settings in one process. */
const manyAtOnce: ReadonlySet<unknown> = new Set(["nft_elements", "sysctl"]);

/** Such instructions that follow each other and are for the same place, family or namespace, are one. */
function gathered(words: readonly Words[]): readonly Words[] {
  const all: Words[] = [];
  for (const one of words) {
    const before = all.at(-1);
    const [operation, place, ...things] = one;
    if (before !== undefined && before[0] === operation && before[1] === place && manyAtOnce.has(operation)) {
      all.splice(-1, 1, [...before, ...things]);
    } else all.push(one);
  }
  return all;
}

/** What takes away all that only `previous` had, when a host turns out to have had that and not `known`. */
export function leftoverWords(previous: Intent, ...known: readonly (Intent | undefined)[]): readonly Words[] {
  const handled = new Set(known.flatMap((one) => (one === undefined ? [] : stepsOf(one).map(identityOf))));
  return removals(stepsOf(previous).filter((step) => !handled.has(identityOf(step))));
}

/** What takes everything of an intent away, last made first. */
export function removeAllWords(intent: Intent): readonly Words[] {
  return removals(stepsOf(intent));
}

function removals(steps: readonly Step[]): readonly Words[] {
  return [...steps].reverse().flatMap((step) => {
    const words = removeWords(step);
    return words === undefined ? [] : [words];
  });
}

/** What is left on a host that nobody asks any more, in words. */
export function leavings(intent: Intent): string {
  const things = stepsOf(intent).flatMap((step) => {
    switch (step.kind) {
      case "bridge":
      case "vxlan":
      case "veth":
        return [`interface ${step.name}`];
      case "namespace":
        return [`namespace ${step.name}`];
      case "docker-network":
        return [`Docker network ${step.name}`];
      case "docker-connection":
        return [`the connection of container ${step.container}`];
      case "master":
        return [`interface ${step.link} as a port of ${step.bridge}`];
      default:
        return [];
    }
  });
  return [...things, `the record ${resourceKey(intent)} in /var/lib/sdn`].join(", ");
}

/** What a read must ask for so that `driftOf` can compare everything. */
export function queriesOf(intent: Intent): readonly Words[] {
  return stepsOf(intent).flatMap((step) => {
    const words = queryWords(step);
    const own = words === undefined ? [] : [words];
    // A namespace that is not ours is reported only where one of our links is in it.
    if (step.kind === "veth" && step.where !== undefined && !step.where.startsWith("sdn-r-")) {
      return [...own, ["query_namespace", step.where, step.peer]];
    }
    return own;
  });
}

/** How the host differs from the intent, as sentences. Empty when it does not. */
export function driftOf(intent: Intent, snapshot: Snapshot): readonly string[] {
  return [...new Set(stepsOf(intent).flatMap((step) => differencesOf(step, snapshot)))];
}
