/** What the model fills into run-time maps: addresses of names. It has no containers that could have labels. */
import type { ModelFirewall, ModelState } from "./state";
import type { NftCommand } from "./firewall-table";

/** Of the word, decoded; and whether the unit runs now. */
export function setDynamics({ firewall }: ModelState, word: string): void {
  firewall.dynamics = word === "-" ? "" : atob(word);
  firewall.following = firewall.dynamics !== "" && firewall.canFollow;
}

export function followLine({ firewall, ledger }: ModelState): string {
  const recorded = ledger.get("firewall")?.words.find((line) => line.startsWith("firewall_dynamics "));
  if (!firewall.canFollow || recorded === undefined || recorded === "firewall_dynamics -")
    return "firewall-follow none";
  return `firewall-follow ${firewall.following ? "active" : "inactive"}`;
}

/** Emptied and filled. */
export function fillCommands({ dynamics, names }: ModelFirewall, table: string): readonly NftCommand[] {
  const lines = dynamics.split("\n").map((line) => line.split(" "));
  const of = (kind: string): (readonly string[])[] => lines.filter(([first]) => first === kind);
  const addresses = new Map(of("name").map(([, number = "", name = ""]) => [number, names.get(name) ?? []]));
  const lists = new Map(of("list").map(([, number = "", ...sources]) => [number, sources]));
  return of("peer").flatMap(([, name = "", family = "", , listNumbers = "", chains = ""]) => {
    const at = { family: "inet", table, name };
    const bits = new Map<string, number>();
    listNumbers.split(",").forEach((number, bit) => {
      const known = new Set((lists.get(number) ?? []).flatMap((source) => addresses.get(source) ?? []));
      for (const one of known) {
        if (one.includes(":") === (family === "6")) bits.set(one, (bits.get(one) ?? 0) + (1 << bit));
      }
    });
    const elem = [...bits].map(([address, sum]) => [address, { goto: { target: chains.split(",")[sum - 1] } }]);
    return [{ flush: { map: { ...at } } }, ...(elem.length === 0 ? [] : [{ add: { element: { ...at, elem } } }])];
  });
}
