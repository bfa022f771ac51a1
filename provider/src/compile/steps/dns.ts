import type { DnsServerState } from "../../model/snapshot";
import { textWord } from "../nft/json";
import type { StepOf } from "../step";
import type { StepMeaning } from "./meaning";
import { listWord } from "./meaning";

export const dnsEntry: StepMeaning<"dns-entry"> = {
  identity: (step) => `${step.where} ${step.entry}`,
  ensure: (step) => ["dns_entry", step.where, step.entry, textWord(step.records)],
  remove: (step) => ["remove_dns_entry", step.where, step.entry],
  query: (step) => ["query_dns_entries", step.where],
  differences: (step, snapshot) => {
    const entries = snapshot.dnsEntries.get(step.where);
    if (entries === undefined) return [];
    const found = entries.get(step.entry);
    const place = `names of ${step.entry} in ${step.where}`;
    if (found === undefined) return [`${place} are missing`];
    const lost = step.records.filter((record) => !found.includes(record)).map(withoutKind);
    const foreign = found.filter((record) => !step.records.includes(record)).map(withoutKind);
    return [
      ...(lost.length === 0 ? [] : [`${place} lack ${lost.join(", ")}`]),
      ...(foreign.length === 0 ? [] : [`${place} have ${foreign.join(", ")}, which is not ours`]),
    ];
  },
};

/** `data web.shop. 5 A 10.20.1.5` → `web.shop. 5 A 10.20.1.5`. */
function withoutKind(record: string): string {
  const [kind = "", ...words] = record.split(" ");
  return kind === "alias" ? [...words.slice(0, 2), "CNAME", ...words.slice(2)].join(" ") : words.join(" ");
}

export const dnsServer: StepMeaning<"dns-server"> = {
  identity: (step) => step.where,
  ensure: (step) => ["dns_server", step.where, step.zone, upstreamsWord(step)],
  remove: (step) => ["remove_dns_server", step.where],
  query: (step) => ["query_dns_server", step.where, step.zone, upstreamsWord(step)],
  differences: (step, snapshot) => {
    const state = snapshot.dnsServers.get(step.where);
    return state === undefined ? [] : serverDifferences[state].map((text) => text.replace("%", step.where));
  },
};

const upstreamsWord = ({ upstreams }: StepOf<"dns-server">): string =>
  upstreams === "host" ? "host" : listWord(upstreams);

const serverDifferences: { readonly [S in DnsServerState]: readonly string[] } = {
  serving: [],
  outdated: ["the DNS server of % answers with other settings or names than were written"],
  changed: ["the configuration of the DNS server of % was changed"],
  stopped: ["the DNS server of % does not run"],
  missing: ["the DNS server of % is missing, or has another zone or other upstreams"],
};
