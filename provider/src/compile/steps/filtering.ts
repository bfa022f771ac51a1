import { hostTables, routerTables, ruleCounts } from "../nft/tables";
import { nftWord } from "../nft/json";
import type { StepMeaning } from "./meaning";
import { namespaceOf, placeOf } from "./meaning";

export const nftTable: StepMeaning<"nft-table"> = {
  identity: (step) => `${step.where ?? "-"} ${step.table}`,
  ensure: (step) => ["nft_table", step.where ?? "-", nftWord(step.table === "host" ? hostTables : routerTables)],
  // The router's goes with its namespace, the host's when the last resource goes.
  remove: () => undefined,
  differences: (step, snapshot) => {
    const state = namespaceOf(snapshot, step.where);
    if (state === undefined) return [];
    const wanted = ruleCounts(step.table === "host" ? hostTables : routerTables);
    return [...wanted].flatMap(([chain, rules]) => {
      const [table = "", name = ""] = chain.split("/");
      const found = state.tables.get(table)?.chains.get(name);
      const place = `nftables chain ${table} ${name}${placeOf(step.where)}`;
      if (found === undefined) return [`${place} is missing`];
      return found === rules ? [] : [`${place} has ${found} rules, should have ${rules}`];
    });
  },
};

export const nftElement: StepMeaning<"nft-element"> = {
  identity: (step) => `${step.family} ${step.set} ${step.value.join(" . ")}`,
  ensure: (step) => ["nft_element", step.family, step.set, step.value.join("/")],
  remove: (step) => ["remove_nft_element", step.family, step.set, step.value.join("/")],
  differences: (step, snapshot) => {
    const elements = snapshot.host.tables.get(`${step.family} sdn`)?.sets.get(step.set);
    const value = step.value.join(" . ");
    return elements?.has(value) === true ? [] : [`nftables set ${step.set} lacks ${value}`];
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
