import { hostSets, hostTables, routerTables, wantedRules } from "../nft/tables";
import { chainCommands, fingerprints, nftWord, textWord } from "../nft/json";
import type { Branch } from "../nft/json";
import type { Where } from "../step";
import { zonesOf } from "../zones";
import type { StepMeaning } from "./meaning";
import { namespaceOf, placeOf, unequal } from "./meaning";

export const nftTable: StepMeaning<"nft-table"> = {
  identity: (step) => `${step.where ?? "-"} ${step.table}`,
  ensure: (step) =>
    step.table === "host"
      ? ["nft_table", step.where ?? "-", nftWord(hostTables), textWord(hostSets)]
      : ["nft_table", step.where ?? "-", nftWord(routerTables), "-"],
  // The router's goes with its namespace, the host's when the last resource goes.
  remove: () => undefined,
  differences: (step, snapshot) => {
    const state = namespaceOf(snapshot, step.where);
    if (state === undefined) return [];
    const wanted = wantedRules(step.table === "host" ? hostTables : routerTables);
    return [...wanted].flatMap(([table, chains]) => {
      const found = state.tables.get(table);
      if (found === undefined) return [tableMissing(table, step.where)];
      return [...chains].flatMap(([chain, rules]) =>
        chainDifferences(`nftables chain ${table} ${chain}${placeOf(step.where)}`, found.comments.get(chain), rules),
      );
    });
  },
};

const tableMissing = (table: string, where: Where): string => `nftables table ${table}${placeOf(where)} is missing`;

/** Rules are told apart by their fingerprints; one that somebody wrote has none. */
export function chainDifferences(
  place: string,
  found: readonly string[] | undefined,
  chain: Branch | readonly string[],
): readonly string[] {
  const wanted = "rules" in chain ? fingerprints(chain) : chain;
  if (found === undefined) return [`${place} is missing`];
  const missing = wanted.filter((one) => !found.includes(one)).length;
  const foreign = found.filter((one) => !wanted.includes(one)).length;
  const lacks = missing === 0 ? [] : [`${place} lacks ${missing} of its ${counted(wanted.length, "rule")}`];
  const more =
    foreign === 0 ? [] : [`${place} has ${counted(foreign, "rule")} that ${foreign === 1 ? "is" : "are"} not ours`];
  if (missing + foreign > 0) return [...lacks, ...more];
  return found.join() === wanted.join() ? [] : [`${place} has its rules in another order`];
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The parts with "/" between them; a prefix length stands behind "+". */
export const elementWord = (value: readonly string[]): string => value.map((part) => part.replace("/", "+")).join("/");

export const nftElement: StepMeaning<"nft-element"> = {
  identity: (step) => `${step.family} ${step.set} ${step.value.join(" . ")}`,
  ensure: (step) => ["nft_elements", step.family, `${step.set}=${elementWord(step.value)}`],
  remove: (step) => ["remove_nft_element", step.family, step.set, elementWord(step.value)],
  differences: (step, snapshot) => {
    const table = snapshot.host.tables.get(`${step.family} sdn`);
    if (table === undefined) return [tableMissing(`${step.family} sdn`, undefined)];
    const value = step.value.join(" . ");
    return table.sets.get(step.set)?.has(value) === true ? [] : [`nftables set ${step.set} lacks ${value}`];
  },
};

export const nftChain: StepMeaning<"nft-chain"> = {
  identity: (step) => `${step.where} ${step.chain.name}`,
  ensure: (step) => ["nft_chain", step.where, step.chain.name, nftWord(chainCommands(step.chain))],
  remove: (step) => ["remove_nft_chain", step.where, step.chain.name],
  differences: (step, snapshot) => {
    const state = snapshot.namespaces.get(step.where);
    if (state === undefined) return [];
    const found = state.tables.get("inet sdn")?.comments.get(step.chain.name);
    const place = `nftables chain inet sdn ${step.chain.name} in ${step.where}`;
    return chainDifferences(place, found, step.chain);
  },
};

export const nftMap: StepMeaning<"nft-map"> = {
  identity: (step) => `${step.map} ${step.key.join(" . ")}`,
  ensure: (step) => ["nft_map", step.map, step.key.join("/"), step.value, step.mark],
  remove: (step) => ["remove_nft_map", step.map, step.key.join("/"), step.mark],
  differences: (step, snapshot) => {
    const key = step.key.join(" . ");
    const value = snapshot.host.tables.get("inet sdn")?.maps.get(step.map)?.get(key);
    if (value === undefined) return [`nftables map ${step.map} lacks ${key}`];
    return unequal(`nftables map ${step.map}, ${key},`, value, step.value);
  },
};

export const zone: StepMeaning<"zone"> = {
  identity: (step) => step.bridge,
  ensure: (step) => ["zone", step.bridge, step.zone],
  remove: (step) => ["remove_zone", step.bridge],
  differences: (step, snapshot) => {
    const zones = zonesOf(snapshot);
    const found = zones.get(step.bridge);
    if (found === undefined) return [`conntrack zone of ${step.bridge} is missing`];
    const others = [...zones].flatMap(([bridge, one]) => (bridge === step.bridge ? [] : [one]));
    const isNext = others.includes(step.zone) && !others.includes(found);
    return isNext ? [] : unequal(`conntrack zone of ${step.bridge}`, found, step.zone);
  },
};

export const forwardAccept: StepMeaning<"forward-accept"> = {
  identity: (step) => `${step.in} ${step.out}`,
  ensure: (step) => ["forward_accept", step.in, step.out, step.mark],
  remove: (step) => ["remove_forward_accept", step.in, step.out, step.mark],
  query: (step) => ["query_forward", step.in, step.out, step.mark],
  differences: (step, snapshot) =>
    ["iptables", "ip6tables"]
      .filter((tool) => snapshot.forwards.get(`${tool} ${step.in} ${step.out}`) === "no")
      .map((tool) => `Docker's DOCKER-USER chain (${tool}) lacks our accept from ${step.in} to ${step.out}`),
};
