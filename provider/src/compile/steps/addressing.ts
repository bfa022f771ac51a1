import type { StepMeaning } from "./meaning";
import { listWord, namespaceOf, placeOf, unequal } from "./meaning";

export const addresses: StepMeaning<"addresses"> = {
  identity: (step) => `${step.where ?? "-"} ${step.link}`,
  ensure: (step) => ["addresses", step.where ?? "-", step.link, listWord(step.addresses)],
  // Addresses go with their link.
  remove: () => undefined,
  differences: (step, snapshot) => {
    const link = namespaceOf(snapshot, step.where)?.links.get(step.link);
    // A missing link is said by the step that makes it.
    if (link === undefined) return [];
    const wanted = new Set(step.addresses);
    const present = new Set(link.addresses);
    const place = `${step.link}${placeOf(step.where)}`;
    return [
      ...step.addresses.filter((one) => !present.has(one)).map((one) => `address ${one} of ${place} is missing`),
      ...link.addresses.filter((one) => !wanted.has(one)).map((one) => `address ${one} of ${place} is not ours`),
    ];
  },
};

export const route: StepMeaning<"route"> = {
  identity: (step) => `${step.where ?? "-"} ${step.destination} ${step.device}`,
  ensure: (step) => ["route", step.where ?? "-", step.destination, step.device, step.via ?? "-"],
  remove: (step) => ["remove_route", step.where ?? "-", step.destination, step.device],
  differences: (step, snapshot) => {
    const state = namespaceOf(snapshot, step.where);
    if (state === undefined) return [];
    const place = `${step.destination}${placeOf(step.where)}`;
    const routes = state.routes.filter((one) => one.table === undefined && one.destination === step.destination);
    const found = routes.find(({ device }) => device === step.device) ?? routes[0];
    if (found === undefined) return [`route to ${place} by ${step.device} is missing`];
    if (step.device === "blackhole" && found.device === "blackhole" && found.metric === 0) {
      return [`route to ${place} by blackhole is asked before that of a subnet of the same block`];
    }
    return unequal(`route to ${place}`, routeText(found), routeText(step));
  },
};

const routeText = ({ device, via }: { readonly device: string; readonly via: string | undefined }): string =>
  via === undefined ? `by ${device}` : `via ${via} by ${device}`;

export const neighbour: StepMeaning<"neighbour"> = {
  identity: (step) => `${step.where ?? "-"} ${step.device} ${step.address}`,
  ensure: (step) => ["neighbour", step.where ?? "-", step.device, step.address, step.mac],
  remove: (step) => ["remove_neighbour", step.where ?? "-", step.device, step.address],
  // Of the host's own nothing stands in every report: they are as many as others made there.
  query: (step) => (step.where === undefined ? ["query_neighbours", step.device] : undefined),
  differences: (step, snapshot) => {
    const state = namespaceOf(snapshot, step.where);
    if (state === undefined) return [];
    const found = state.neighbours.find((one) => one.device === step.device && one.address === step.address);
    const place = `${step.address}${step.where === undefined ? ` on ${step.device}` : ` in ${step.where}`}`;
    if (found === undefined) return [`neighbour entry for ${place} is missing`];
    return found.mac === step.mac ? [] : [`neighbour entry for ${place} says ${found.mac}, should be ${step.mac}`];
  },
};
