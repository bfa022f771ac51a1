/** The operations on services. */
import type { Operation, Step } from "./operations";
import { ensureSysctl } from "./settings";
import { space } from "./places";
import { Refusal } from "./refusal";
import type { ModelState } from "./state";
import { transact } from "./filtering";

/** Whether a service of the network with a virtual address is on the host, besides the one that is being changed. */
const hasServices = ({ state, key }: Step, router: string): boolean =>
  [...state.ledger].some(
    ([one, { words }]) => one !== key && words.some((line) => line.startsWith(`service_network ${router} `)),
  );

function layPath({ state }: Step, words: readonly string[]): void {
  const [bridge = "", router = ""] = words;
  state.servicePaths.set(bridge, words.join(" "));
  space(state, "-").tables.get("inet sdn")?.maps.get("networks")?.set(bridge, { value: router, mark: "" });
}

function takeUpPath(state: ModelState, bridge: string): void {
  state.servicePaths.delete(bridge);
  state.namespaces.get("-")?.tables.get("inet sdn")?.maps.get("networks")?.delete(bridge);
}

/** The paths of a network's segments, out of their records. */
function pathsOf(state: ModelState, router: string): readonly (readonly string[])[] {
  const lines = [...state.ledger].flatMap(([key, { words }]) => (key.startsWith("segment-") ? words : []));
  return lines
    .filter((line) => line.startsWith("service_path "))
    .map((line) => line.split(" ").slice(1))
    .filter(([, network]) => network === router);
}

const listed = (word: string): readonly string[] => (word === "-" || word === "" ? [] : word.split(","));

function dropRules(state: ModelState, chains: readonly string[], elements: readonly string[]): void {
  const table = state.namespaces.get("-")?.tables.get("inet sdn");
  for (const chain of chains) table?.chains.delete(chain);
  for (const element of elements) {
    const [map = "", key = ""] = element.split("=");
    table?.maps.get(map)?.delete(key.replaceAll("/", " . "));
  }
}

function ensureRules(step: Step, ...words: readonly string[]): void {
  const [key = "", chains = "", elements = "", json = ""] = words;
  const maps = step.state.namespaces.get("-")?.tables.get("inet sdn")?.maps;
  for (const element of listed(elements)) {
    const [map = "", name = ""] = element.split("=");
    const held = maps?.get(map)?.get(name.replaceAll("/", " . "))?.value;
    if (held !== undefined && !listed(chains).includes(held)) {
      throw new Refusal("remote-failure", `nft refuses the rules: ${element} leads to ${held} already`);
    }
  }
  if (json !== "-") transact(step, "-", json);
  const before = step.state.ledger.get(step.key)?.words.find((line) => line.startsWith(`service_rules ${key} `));
  const [, , oldChains = "-", oldElements = "-"] = before?.split(" ") ?? [];
  dropRules(
    step.state,
    listed(oldChains).filter((one) => !listed(chains).includes(one)),
    listed(oldElements).filter((one) => !listed(elements).includes(one)),
  );
}

export const serviceOperations: Readonly<Record<string, Operation>> = {
  bridged_packets: (step, ...keys) => {
    for (const key of keys) ensureSysctl(step, "-", key, "1");
  },
  service_path: (step, ...words) => {
    if (hasServices(step, words[1] ?? "")) layPath(step, words);
  },
  remove_service_path: ({ state }, bridge = "") => {
    takeUpPath(state, bridge);
  },
  service_network: (step, router = "", _where = "", ...pools) => {
    step.state.servicePools.set(router, pools.join(" "));
    for (const words of pathsOf(step.state, router)) layPath(step, words);
  },
  remove_service_network: (step, router = "") => {
    if (hasServices(step, router)) return;
    step.state.servicePools.delete(router);
    for (const [bridge = ""] of pathsOf(step.state, router)) takeUpPath(step.state, bridge);
  },
  service_rules: ensureRules,
  remove_service_rules: ({ state }, _key = "", chains = "", elements = "") => {
    dropRules(state, listed(chains), listed(elements));
  },
};

export function servicePathLines(state: ModelState, router: string, where: string, pools: string): readonly string[] {
  const lacks = pathsOf(state, router).filter((words) => state.servicePaths.get(words[0] ?? "") !== words.join(" "));
  return [
    ...(state.servicePools.get(router) === pools ? [] : [`service-path ${router} ${where} pools`]),
    ...lacks.map(([bridge = ""]) => `service-path ${router} ${bridge} rules4`),
  ];
}
