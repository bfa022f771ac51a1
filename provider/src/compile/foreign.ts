import type { Snapshot, TableState } from "../model/snapshot";
import { intentsOf } from "./fleet-intents";
import type { Intent, RouterIntent } from "./intent";
import { resourceKey, routerNamespace, servicePathChain } from "./names";
import type { Family } from "./nft/json";
import type { TableNames } from "./nft/tables";
import { hostNames, routerNames } from "./nft/tables";
import { stepsOf } from "./plan";
import type { Where } from "./step";
import type { Words } from "./steps";
import { elementWord } from "./steps/filtering";
import { placeOf } from "./steps/meaning";

/** Something in one of our tables that no record of the host accounts for. */
export interface Foreign {
  readonly where: Where;
  readonly family: Family;
  readonly kind: "chain" | "set" | "map" | "element";
  /** Its name; of an element that of its set or map. */
  readonly name: string;
  readonly element?: string;
}

/**
 * What somebody put into our tables, as far as this resource is to say it: a router of its own namespace, and of the
 * host's tables the first router or segment of each owner, so that it is said once a stack.
 */
export function foreignOf(intent: Intent, snapshot: Snapshot): readonly Foreign[] {
  if (intent.kind !== "router" && intent.kind !== "segment") return [];
  const known = accounted(snapshot);
  if (known === undefined) return [];
  return [
    ...(intent.kind === "router" ? inRouter(intent, snapshot, known) : []),
    ...(known.speakers.get(intent.owner) === resourceKey(intent)
      ? hostNames.flatMap((names) => inTable(undefined, names, snapshot.host.tables.get(`${names.family} sdn`), known))
      : []),
  ];
}

function inRouter({ vni, scope }: RouterIntent, snapshot: Snapshot, known: Accounted): readonly Foreign[] {
  const where = routerNamespace(vni, scope);
  return inTable(where, routerNames, snapshot.namespaces.get(where)?.tables.get("inet sdn"), known);
}

interface Accounted {
  /** `WHERE CHAIN`. */
  readonly chains: ReadonlySet<string>;
  /** `FAMILY SET ELEMENT`. */
  readonly elements: ReadonlySet<string>;
  /** Whether there are elements about ports whose names an engine chooses. */
  readonly guardsContainers: boolean;
  /** Owner → the resource that speaks of the host's tables. */
  readonly speakers: ReadonlyMap<string, string>;
}

// Every resource of a host looks at one snapshot.
const cache = new WeakMap<Snapshot, Accounted | undefined>();

function accounted(snapshot: Snapshot): Accounted | undefined {
  if (!cache.has(snapshot))
    cache.set(snapshot, recordsAreWhole(snapshot) ? contentsOf(intentsOf(snapshot)) : undefined);
  return cache.get(snapshot);
}

/** A later version may have kinds that this one has no steps for. */
const kinds: Readonly<Record<Intent["kind"], true>> = {
  router: true,
  segment: true,
  port: true,
  peering: true,
  adopted: true,
  service: true,
};

/** Whether everything is known: a record that is missing or cannot be read may account for anything. */
function recordsAreWhole(snapshot: Snapshot): boolean {
  const { damaged, ledger, dockerNetworks } = snapshot;
  if (damaged.size > 0 || [...ledger.values()].some(({ restorable }) => !restorable)) return false;
  if (!intentsOf(snapshot).every(({ kind }) => Object.hasOwn(kinds, kind))) return false;
  const links = [snapshot.host, ...snapshot.namespaces.values()].flatMap((space) => [...space.links.values()]);
  return [...links.map(({ alias }) => alias), ...dockerNetworks.map(({ mark }) => mark)]
    .filter((mark) => mark.startsWith("sdn:"))
    .every((mark) => ledger.has(mark.slice(mark.lastIndexOf(":") + 1)));
}

function contentsOf(intents: readonly Intent[]): Accounted {
  const chains = new Set<string>();
  const elements = new Set<string>();
  let guardsContainers = false;
  for (const step of intents.flatMap(stepsOf)) {
    if (step.kind === "nft-chain") chains.add(`${step.where} ${step.chain.name}`);
    if (step.kind === "nft-element") elements.add(`${step.family} ${step.set} ${step.value.join(" . ")}`);
    if (step.kind === "nft-map") elements.add(`inet ${step.map} ${step.key.join(" . ")}`);
    if (step.kind === "zone") elements.add(`inet zones ${step.bridge}`);
    if (step.kind === "service-rules") {
      for (const { name } of step.chains) chains.add(`- ${name}`);
      for (const { map, key } of step.elements) elements.add(`inet ${map} ${key.join(" . ")}`);
    }
    // Only while the network has services, which does not matter here.
    if (step.kind === "service-path") {
      chains.add(`${step.where} ${servicePathChain(step.bridge)}`);
      elements.add(`inet networks ${step.bridge}`);
    }
    if (step.kind === "container-guard") guardsContainers = true;
  }
  const speaking = intents.filter(({ kind }) => kind === "router" || kind === "segment");
  const byOwner = Map.groupBy(speaking, ({ owner }) => owner);
  const speakers = new Map([...byOwner].map(([owner, all]) => [owner, all.map(resourceKey).sort()[0] ?? ""]));
  return { chains, elements, guardsContainers, speakers };
}

function inTable(where: Where, names: TableNames, table: TableState | undefined, known: Accounted): readonly Foreign[] {
  if (table === undefined) return [];
  const { family } = names;
  const chains = [...table.chains.keys()].filter(
    (name) => !names.chains.has(name) && !known.chains.has(`${where ?? "-"} ${name}`),
  );
  const contents = [...table.sets, ...[...table.maps].map(([name, map]) => [name, new Set(map.keys())] as const)];
  return [
    ...chains.map((name): Foreign => ({ where, family, kind: "chain", name })),
    ...contents.flatMap(([name, elements]): readonly Foreign[] => {
      if (!names.sets.has(name)) return [{ where, family, kind: table.maps.has(name) ? "map" : "set", name }];
      return [...elements]
        .filter((element) => !known.elements.has(`${family} ${name} ${element}`))
        .filter((element) => !(known.guardsContainers && isOfEngine(element)))
        .map((element) => ({ where, family, kind: "element", name, element }));
    }),
  ];
}

const isOfEngine = (element: string): boolean => /^veth[^ ]*( |$)/.test(element);

/** How many elements of one set a sentence names. */
const named = 4;

/** One sentence a chain, set or map; elements of one set are said together. */
export function foreignSentences(all: readonly Foreign[]): readonly string[] {
  const places = Map.groupBy(
    all,
    ({ where, family, kind, name }) =>
      `${kind === "element" ? "of nftables set" : `nftables ${kind}`} ${family} sdn ${name}${placeOf(where)}`,
  );
  return [...places].map(([place, found]) => {
    const elements = found.flatMap(({ element }) => (element === undefined ? [] : [element]));
    if (elements.length === 0) return `${place} is not ours`;
    const more = elements.length > named ? ` and ${elements.length - named} more` : "";
    const [noun, verb] = elements.length === 1 ? ["element", "is"] : ["elements", "are"];
    return `${noun} ${elements.slice(0, named).join(", ")}${more} ${place} ${verb} not ours`;
  });
}

/** What takes them away. The host looks once more whether a record accounts for it by then. */
export function foreignWords(all: readonly Foreign[]): readonly Words[] {
  return all.map(({ where, family, kind, name, element }) => [
    "remove_foreign",
    where ?? "-",
    family,
    kind,
    name,
    ...(element === undefined ? [] : [elementWord(element.split(" . "))]),
  ]);
}
